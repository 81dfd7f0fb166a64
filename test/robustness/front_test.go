package robustness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/site"
)

const (
	// restartPause is what systemd waits before it starts a daemon again; RestartSec=1 in our
	// unit, shorter here.
	restartPause = 200 * time.Millisecond
	// stopPatience bounds a SIGTERM: drain, forwarding, closing. systemd would wait 90 s.
	stopPatience = 60 * time.Second
)

// front is a daemon and its supervisor, which starts it again when it ends, as systemd does.
type front struct {
	t       *testing.T
	command []string // of the program
	log     string   // file that all processes append to

	mu       sync.Mutex
	binary   string
	env      []string
	cmd      *exec.Cmd
	stopping bool
	ended    chan struct{} // closed when the supervisor has ended
	status   error         // of the last process

	killed   int // processes that a fault ended
	byItself int // processes that ended without a signal of ours
}

func newFront(t *testing.T, s *site.Site) *front {
	return newDaemon(t, s.Dir, "serve", "--config", s.Config)
}

// newDaemon is a command of the program that serves until it is stopped, and writes its log into dir.
func newDaemon(t *testing.T, dir string, command ...string) *front {
	return &front{t: t, command: command, log: filepath.Join(dir, "front.log"), binary: built.normal}
}

// start begins the supervision.
func (f *front) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopping, f.ended = false, make(chan struct{})
	go f.supervise(f.ended)
}

func (f *front) supervise(ended chan struct{}) {
	defer close(ended)
	for f.runOnce() {
		time.Sleep(restartPause)
	}
}

// runOnce is one process, from start to end; false when it was the last.
func (f *front) runOnce() bool {
	cmd, err := f.launch()
	if cmd != nil {
		err = cmd.Wait()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cmd, f.status = nil, err
	if !f.stopping && !wasKilled(err) {
		f.byItself++
	}
	return !f.stopping
}

// launch starts a process, or none if the front is to stop.
func (f *front) launch() (*exec.Cmd, error) {
	log, err := os.OpenFile(f.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own copy
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return nil, nil
	}
	cmd := exec.Command(f.binary, f.command...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), f.env...)
	if err := child.Start(cmd); err != nil {
		return nil, err
	}
	f.cmd = cmd
	return cmd, nil
}

func wasKilled(err error) bool {
	var status *exec.ExitError
	if !errors.As(err, &status) {
		return false
	}
	wait, ok := status.Sys().(syscall.WaitStatus)
	return ok && wait.Signaled() && wait.Signal() == syscall.SIGKILL
}

// kill is kill -9 of the process that runs now; false if none does.
func (f *front) kill() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cmd == nil || f.cmd.Process.Kill() != nil {
		return false
	}
	f.killed++
	return true
}

// stop is SIGTERM; the daemon must end with status 0 in time, and is not started again.
// It must serve: one that has just been started takes no signals yet.
func (f *front) stop() {
	f.t.Helper()
	f.mu.Lock()
	f.stopping = true
	ended := f.ended
	f.mu.Unlock()
	f.signal(syscall.SIGTERM)
	select {
	case <-ended:
		if f.status != nil {
			f.t.Errorf("after SIGTERM: %v\n%s", f.status, f.tail())
		}
	case <-time.After(stopPatience):
		f.signal(syscall.SIGQUIT)
		<-ended
		f.t.Fatalf("the front did not stop within %v of SIGTERM\n%s", stopPatience, f.tail())
	}
}

func (f *front) signal(sig syscall.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cmd != nil {
		_ = f.cmd.Process.Signal(sig)
	}
}

// useBinary changes the binary and its environment for the next process.
func (f *front) useBinary(binary string, env ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.binary, f.env = binary, env
}

// descriptors limits what the process that runs now may open, to n more than it has; n < 0
// lifts the limit. It returns false if there is no process.
func (f *front) descriptors(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cmd == nil {
		return false
	}
	pid := f.cmd.Process.Pid
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &limit); err != nil {
		return false
	}
	limit.Cur = limit.Max
	if n >= 0 {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			return false
		}
		limit.Cur = uint64(len(open) + n)
	}
	return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &limit, nil) == nil
}

// logged is the log's length in bytes now, for logHas.
func (f *front) logged() int64 {
	info, err := os.Stat(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	return info.Size()
}

// logHas reports whether the log has the words behind its first since bytes.
func (f *front) logHas(since int64, words string) bool {
	text, err := os.ReadFile(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	return bytes.Contains(text[since:], []byte(words))
}

// tail is the end of the log.
func (f *front) tail() string { return lastOf(f.text(), 8000) }

// text is the whole log, or why it cannot be read.
func (f *front) text() string {
	text, err := os.ReadFile(f.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// checkLog wants no panic and no data race in any process.
func (f *front) checkLog() {
	f.t.Helper()
	text, err := os.ReadFile(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, word := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if i := bytes.Index(text, []byte(word)); i >= 0 {
			f.t.Errorf("the front's log has %s:\n%s", word, strings.ToValidUTF8(string(text[i:min(len(text), i+3000)]), "?"))
		}
	}
}

// abandon kills the process and ends the supervision; for a test that has failed.
func (f *front) abandon() {
	f.mu.Lock()
	f.stopping = true
	ended := f.ended
	f.mu.Unlock()
	f.signal(syscall.SIGKILL)
	<-ended
}
