package handbook

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/child"
)

// shell is a bash that types one command after the other, so that folders, variables and jobs stay.
type shell struct {
	t       *testing.T
	dir     string
	in      io.Writer
	done    chan int // exit statuses
	n       int
	process *exec.Cmd
}

// patience is how long a command may take on a busy machine.
const patience = 5 * time.Minute

// serves begins the commands that stay in the foreground until they are stopped.
var serves = []string{"tradefront serve", "tradefront relay serve", "tradefront core-sim --"}

func newShell(t *testing.T, dir string, env ...string) *shell {
	t.Helper()
	cmd := exec.Command("bash", "--norc")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "LC_ALL=C.UTF-8")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	running, theirs := pipe(t) // the shell has the other end, and so has all that it starts
	cmd.ExtraFiles = []*os.File{theirs}
	if err := child.Start(cmd); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	s := &shell{t: t, dir: dir, in: in, done: make(chan int, 1), process: cmd}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if status, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "ended ")); err == nil {
				s.done <- status
			}
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the shell, and what it started in the background
		<-read
		_ = cmd.Wait()
		awaitEnd(t, running)
	})
	endsWithTests(t, cmd.Process.Pid)
	return s
}

// endPatience bounds how long killed processes may take to end.
const endPatience = time.Minute

// awaitEnd waits until no process has the pipe's other end: a server that has been killed still writes into the test's folder
// until it has ended, and then the folder cannot be removed.
func awaitEnd(t *testing.T, running *os.File) {
	t.Helper()
	_ = running.SetReadDeadline(time.Now().Add(endPatience))
	if _, err := io.Copy(io.Discard, running); err != nil {
		t.Errorf("what the shell started does not end: %v", err)
	}
}

// endsWithTests has another process kill the shell and its servers once the tests are gone, however they end: the kernel ties the
// shell to the tests, but not what the shell starts.
func endsWithTests(t *testing.T, group int) {
	t.Helper()
	theirs, ours := pipe(t) // which ends with the tests
	guard := exec.Command("bash", "--norc", "-c", `read; kill -KILL -- "-$1"`, "guard", strconv.Itoa(group))
	guard.Stdin = theirs
	guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what ends the tests, and their group with them, does not end it
	if err := guard.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	t.Cleanup(func() {
		_ = guard.Process.Kill() // before the group's number can be another's
		_ = guard.Wait()
		_ = ours.Close()
	})
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// run types a command, and returns its exit status, its output and what it wrote to standard error.
func (s *shell) run(text string) (status int, out, errOut string) {
	s.t.Helper()
	s.n++
	base := filepath.Join(s.dir, fmt.Sprintf(".typed-%d", s.n))
	for _, server := range serves {
		if strings.HasPrefix(text, server) {
			ready := "for i in $(seq 3000); do grep -q 'accepts ' %[2]s.out %[2]s.err && break; kill -0 $! 2>/dev/null || break; sleep 0.1; done; servers=\"$servers $!\"; kill -0 $!"
			text = fmt.Sprintf("%s >%[2]s.out 2>%[2]s.err &\n"+ready, text, base)
			fmt.Fprintf(s.in, "%s\necho ended $?\n", text)
			return s.wait(text, base)
		}
	}
	fmt.Fprintf(s.in, "{ %s\n} >%[2]s.out 2>%[2]s.err </dev/null\necho ended $?\n", text, base)
	return s.wait(text, base)
}

func (s *shell) wait(text, base string) (status int, out, errOut string) {
	s.t.Helper()
	read := func(suffix string) string {
		b, err := os.ReadFile(base + suffix)
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	select {
	case status = <-s.done:
	case <-time.After(patience):
		s.t.Fatalf("did not end within %v: %s\n%s%s", patience, text, read(".out"), read(".err"))
	}
	return status, read(".out"), read(".err")
}

// stop ends the servers that were started.
func (s *shell) stop() { s.must("kill $servers && wait; servers=") }

// must runs what the page does not show but needs.
func (s *shell) must(text string) string {
	s.t.Helper()
	status, out, errOut := s.run(text)
	if status != 0 {
		s.t.Fatalf("preparing: status %d: %s\n%s%s", status, text, out, errOut)
	}
	return strings.TrimSpace(out)
}
