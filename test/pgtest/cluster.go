package pgtest

import (
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

	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/ports"
	"github.com/tradefront/tradefront/test/testmain"
)

// startPatience bounds how long a cluster may take to accept connections, recovery
// included, or to stop.
const startPatience = 60 * time.Second

// maxConnections of a cluster.
const maxConnections = 100

// Mode is how PostgreSQL is stopped, by the signal that its server takes for it.
type Mode syscall.Signal

const (
	// Fast rolls back what runs, writes a checkpoint and ends.
	Fast = Mode(syscall.SIGINT)
	// Immediate ends without a checkpoint: the next start recovers from the log.
	Immediate = Mode(syscall.SIGQUIT)
)

// Cluster is a private PostgreSQL. Its methods fail the test that owns it; they are not
// for concurrent use.
type Cluster struct {
	t      testing.TB
	server *server
}

// Start makes a cluster for this test alone and removes it at its end. It is in memory where
// there is room: a test stops processes, not the machine, and the memory outlives those.
func Start(t testing.TB) *Cluster {
	t.Helper()
	return StartIn(t, testmain.Memory())
}

// StartIn is Start with the cluster in a folder of its own below dir, which may be a small
// disk; "" is the folder for temporary files, where a benchmark finds a real disk.
func StartIn(t testing.TB, dir string) *Cluster {
	t.Helper()
	s, err := newServer(dir)
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	return started(t, s)
}

// started starts s and sees to its end.
func started(t testing.TB, s *server) *Cluster {
	t.Helper()
	t.Cleanup(s.remove)
	c := &Cluster{t, s}
	c.Start()
	return c
}

// Remove ends the cluster and deletes its folder now, not at the end of the test.
func (c *Cluster) Remove() { c.server.remove() }

// URL is the cluster's database "postgres", over TCP, as a superuser.
func (c *Cluster) URL() string { return c.server.url("postgres") }

// Start starts a stopped cluster on the same port and waits until it takes connections.
func (c *Cluster) Start() {
	c.t.Helper()
	if err := c.server.start(); err != nil {
		c.t.Fatal("pgtest: ", err)
	}
}

// Stop stops the cluster and returns when its server has ended.
func (c *Cluster) Stop(mode Mode) {
	c.t.Helper()
	if err := c.server.stop(mode); err != nil {
		c.t.Fatal("pgtest: ", err)
	}
}

// Freeze stops every process of the cluster at once (SIGSTOP): connections stay
// open and nothing answers, which is how a hung host or a stalled disk looks.
func (c *Cluster) Freeze() {
	c.t.Helper()
	if err := c.server.signalAll(syscall.SIGSTOP); err != nil {
		c.t.Fatal("pgtest: freeze: ", err)
	}
}

// Thaw lets a frozen cluster go on.
func (c *Cluster) Thaw() {
	c.t.Helper()
	if err := c.server.signalAll(syscall.SIGCONT); err != nil {
		c.t.Fatal("pgtest: thaw: ", err)
	}
}

// server is one PostgreSQL server and its folder.
type server struct {
	bin  string // folder of the programs
	root string // temporary folder; data and log are below it
	port int
	user *syscall.Credential // who runs it; nil for ourselves

	mu     sync.Mutex // guards cmd, which the end of the process clears
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process of cmd has ended
}

// newServer makes a cluster, not yet running, below parent.
func newServer(parent string) (*server, error) {
	return makeServer(parent, func(s *server) error {
		if err := s.initialize(); err != nil {
			return err
		}
		return s.configure(fmt.Sprintf("listen_addresses = '127.0.0.1'\nmax_connections = %d\nshared_buffers = '32MB'\n", maxConnections))
	})
}

// makeServer makes a folder and a port for a server, and has fill fill its data.
func makeServer(parent string, fill func(*server) error) (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	root, err := testmain.MkdirTemp(parent, folders)
	if err != nil {
		return nil, err
	}
	s := &server{bin: bin, root: root}
	if err := s.own(); err != nil {
		s.remove()
		return nil, err
	}
	if err := fill(s); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// own gives the folder to the user that runs the server, and finds a port.
func (s *server) own() (err error) {
	if s.user, err = unprivileged(); err != nil {
		return err
	}
	if s.user != nil {
		if err := os.Chown(s.root, int(s.user.Uid), int(s.user.Gid)); err != nil {
			return err
		}
	}
	s.port, err = ports.Take()
	return err
}

// configure adds settings, of which the last counts, and where this server listens.
func (s *server) configure(settings string) error {
	settings += fmt.Sprintf("unix_socket_directories = ''\nport = %d\n", s.port) // a path may have 107 bytes
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(settings)
	return firstError(err, f.Close())
}

func (s *server) data() string { return filepath.Join(s.root, "data") }

func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// run runs one of PostgreSQL's programs to its end.
func (s *server) run(program string, args ...string) ([]byte, error) {
	return s.runAny(filepath.Join(s.bin, program), args...)
}

// runAny runs any program as the user that runs the server.
func (s *server) runAny(program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.root
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd.CombinedOutput()
}

// start runs the server and waits until it takes connections.
func (s *server) start() error {
	log, err := os.OpenFile(filepath.Join(s.root, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own copy
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data())
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	exited := make(chan struct{})
	if err := startWith(cmd, exited); err != nil {
		return err
	}
	s.mu.Lock()
	s.cmd, s.exited = cmd, exited
	s.mu.Unlock()
	return s.awaitReady(exited)
}

// startWith starts cmd so that the kernel ends it, as Immediate does, with this process, and closes exited at its end.
func startWith(cmd *exec.Cmd, exited chan<- struct{}) error {
	if err := child.StartEnding(cmd, syscall.SIGQUIT); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(exited)
	}()
	return nil
}

// awaitReady waits for the word "ready" in the server's own status file, as pg_ctl does.
func (s *server) awaitReady(exited <-chan struct{}) error {
	deadline := time.After(startPatience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		status, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		lines := strings.Split(string(status), "\n")
		if len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("PostgreSQL ended at its start:\n%s", s.log())
		case <-deadline:
			return fmt.Errorf("PostgreSQL is not ready after %v:\n%s", startPatience, s.log())
		case <-poll.C:
		}
	}
}

// stop signals the server and waits for its end. A stopped server is no error.
func (s *server) stop(mode Mode) error {
	s.mu.Lock()
	cmd, exited := s.cmd, s.exited
	s.cmd = nil
	s.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(syscall.Signal(mode)); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-time.After(startPatience):
		return fmt.Errorf("PostgreSQL did not stop within %v:\n%s", startPatience, s.log())
	}
}

// signalAll signals the server and the processes it started, the server first, so that
// none is born meanwhile.
func (s *server) signalAll(sig syscall.Signal) error {
	s.mu.Lock()
	cmd := s.cmd
	s.mu.Unlock()
	if cmd == nil {
		return fmt.Errorf("the cluster is stopped")
	}
	if err := cmd.Process.Signal(sig); err != nil {
		return err
	}
	pids, err := children(cmd.Process.Pid)
	for _, pid := range pids {
		// One that ended meanwhile needs no signal.
		if kill := syscall.Kill(pid, sig); kill != nil && kill != syscall.ESRCH {
			err = firstError(err, kill)
		}
	}
	return err
}

// remove ends the server, frozen or not, and deletes its folder.
func (s *server) remove() {
	_ = s.signalAll(syscall.SIGCONT)
	_ = s.stop(Immediate)
	_ = os.RemoveAll(s.root)
}

// log is the end of the server's log.
func (s *server) log() string {
	b, err := os.ReadFile(filepath.Join(s.root, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
