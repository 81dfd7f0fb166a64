//go:build linux

package loginbench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/test/child"
)

// worker is a process of this test binary in one of the roles. It ends when the test does.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	log bytes.Buffer
	mu  sync.Mutex // one question at a time
}

// startChild starts this binary in that role, with that configuration as the first line of its standard input.
func startChild(t testing.TB, role string, config any) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &worker{cmd: exec.Command(self)}
	c.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	c.cmd.Stderr = &c.log
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := child.Start(c.cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.in.Close()
		if err := c.cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", role, err, c.log.String())
		}
	})
	if err := json.NewEncoder(c.in).Encode(config); err != nil {
		t.Fatalf("%s: %v\n%s", role, err, c.log.String())
	}
	return c
}

// ask sends a line of JSON and takes one in return.
func (c *worker) ask(question, answer any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := json.NewEncoder(c.in).Encode(question); err != nil {
		return err
	}
	return c.answer(answer)
}

// answer takes a line of JSON.
func (c *worker) answer(answer any) error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the process ended: %w", err)
	}
	return json.Unmarshal(line, answer)
}

// The child's half.

// listens is the first line that a server prints.
type listens struct{ Address string }

// heapOf is a server's answer to any line but the first: its heap after a collection.
type heapOf struct{ Live uint64 }

// say prints a line of JSON.
func say(what any) error { return json.NewEncoder(os.Stdout).Encode(what) }
