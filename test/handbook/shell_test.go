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
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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
	})
	return s
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
