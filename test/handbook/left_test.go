package handbook

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leftIn is the variable by which this test binary runs TestShellIsLeft: the folder of the shell.
const leftIn = "TRADEFRONT_TEST_LEFT_IN"

// leftFD is open in all processes below TestShellEndsWithTests. Below it are those that os/exec gives the shell itself.
const leftFD = 9

const left = "the shell and its server run"

// TestShellIsLeft is the half of TestShellEndsWithTests that is killed: a shell with a server in the background and a command that
// does not end.
func TestShellIsLeft(t *testing.T) {
	dir := os.Getenv(leftIn)
	if dir == "" {
		t.Skip("TestShellEndsWithTests runs it")
	}
	s := newShell(t, dir)
	s.must("sleep 1000 & kill -0 $!")
	fmt.Println(left)
	s.must("sleep 1000")
}

// TestShellEndsWithTests: when the tests are killed, the shell ends, and so do what it runs and what it has in the background.
func TestShellEndsWithTests(t *testing.T) {
	t.Parallel()
	running, theirs := pipe(t)
	tests := exec.Command(os.Args[0], "-test.run=^TestShellIsLeft$")
	tests.Env = append(os.Environ(), leftIn+"="+t.TempDir())
	tests.ExtraFiles = make([]*os.File, leftFD-2)
	tests.ExtraFiles[leftFD-3] = theirs
	tests.Stderr = os.Stderr
	tests.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := tests.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	lines := bufio.NewScanner(said)
	there := false
	for !there && lines.Scan() {
		there = strings.Contains(lines.Text(), left)
	}
	_ = syscall.Kill(-tests.Process.Pid, syscall.SIGKILL) // their whole group, as a terminal or a supervisor does
	_ = tests.Wait()
	if !there {
		t.Fatal("the shell was not started")
	}
	if err := running.SetReadDeadline(time.Now().Add(endPatience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, running); err != nil {
		t.Errorf("a process is left: %v", err)
	}
}
