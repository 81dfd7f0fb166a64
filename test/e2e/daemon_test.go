package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
)

// daemon is a running `tradefront serve`, or `tradefront relay serve`.
type daemon struct {
	s       *site
	cmd     *exec.Cmd
	address string   // of the first listener
	all     []string // of each listener
	admin   string
	log     syncBuffer
	exited  chan error
}

var banner = regexp.MustCompile(`accepts connections on ([^;]+); admin http://(\S+);`)

// serve starts the daemon and returns once its banner is there: it accepts connections.
func (s *site) serve() *daemon {
	s.t.Helper()
	return s.start("serve")
}

func (s *site) start(command ...string) *daemon {
	s.t.Helper()
	return s.startWith(nil, command...)
}

// startWith is start with more variables in the environment.
func (s *site) startWith(environ []string, command ...string) *daemon {
	s.t.Helper()
	d := &daemon{s: s, cmd: exec.Command(binary, append(command, "--config", s.config)...), exited: make(chan error, 1)}
	d.cmd.Stderr = &d.log
	d.cmd.Env = append(os.Environ(), environ...)
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { d.exited <- d.cmd.Wait() }()
	found := banner.FindStringSubmatch(line)
	if found == nil {
		_ = d.cmd.Process.Kill()
		s.t.Fatalf("serve: no banner (%v) in %q\n%s", err, line, d.log.String())
	}
	d.all, d.admin = strings.Split(found[1], ", "), found[2]
	d.address = d.all[0]
	s.t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		if strings.Contains(d.log.String(), "DATA RACE") {
			s.t.Errorf("the daemon had a data race:\n%s", d.log.String())
		}
		if s.t.Failed() {
			s.t.Logf("the daemon's log:\n%s", d.log.String())
		}
	})
	return d
}

// stop sends SIGTERM and wants exit status 0.
func (d *daemon) stop() {
	d.s.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.s.t.Fatal(err)
	}
	if err := <-d.exited; err != nil {
		d.s.t.Errorf("after SIGTERM: %v\n%s", err, d.log.String())
	}
}

// kill is kill -9.
func (d *daemon) kill() {
	d.s.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.s.t.Fatal(err)
	}
	var status *exec.ExitError
	if err := <-d.exited; !errors.As(err, &status) {
		d.s.t.Errorf("after kill -9: %v", err)
	}
}

// firm is what demo's terminals need to know.
func (d *daemon) firm() *demo.Firm {
	return &demo.Firm{
		Address: d.address, BrokerID: "9999", KeyVersion: "1.0", Key: d.s.key, Apps: d.s.apps, Accounts: d.s.users,
	}
}

func (d *daemon) get(t testing.TB, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + d.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// syncBuffer takes a process's output while a test looks at it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
