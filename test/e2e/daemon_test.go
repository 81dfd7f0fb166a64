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
	"time"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/test/child"
)

// daemon is a running `tradefront serve`, or `tradefront relay serve`.
type daemon struct {
	s       *site
	cmd     *exec.Cmd
	address string   // of the first listener
	all     []string // of each listener
	admin   string
	log     syncBuffer
	exited  *ending
}

// ending is the end of a process, for all that wait for it.
type ending struct {
	done   chan struct{}
	status error
}

// endingOf is the end that wait, of an exec.Cmd, returns.
func endingOf(wait func() error) *ending {
	e := &ending{done: make(chan struct{})}
	go func() {
		e.status = wait()
		close(e.done)
	}()
	return e
}

// wait returns at the end, with what the process ended with.
func (e *ending) wait() error {
	<-e.done
	return e.status
}

// endPatience bounds how long a killed process may take to end.
const endPatience = time.Minute

// killed is for a cleanup: it ends the process, and its goroutines with it. A process that it has started may have its standard
// error: then that process has to be killed before.
func (e *ending) killed(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Process.Kill()
	select {
	case <-e.done:
	case <-time.After(endPatience):
		t.Errorf("%v after kill -9 of %s, the process, or one that has its output, is there", endPatience, cmd)
	}
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
	d := &daemon{s: s, cmd: exec.Command(binary, append(command, "--config", s.config)...)}
	d.cmd.Stderr = &d.log
	d.cmd.Env = append(os.Environ(), environ...)
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := child.Start(d.cmd); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	d.exited = endingOf(d.cmd.Wait)
	d.endsWithTest()
	found := banner.FindStringSubmatch(line)
	if found == nil {
		s.t.Fatalf("serve: no banner (%v) in %q", err, line)
	}
	d.all, d.admin = strings.Split(found[1], ", "), found[2]
	d.address = d.all[0]
	return d
}

// endsWithTest has the test kill the daemon when it ends, and look at its log.
func (d *daemon) endsWithTest() {
	s := d.s
	s.t.Cleanup(func() {
		d.exited.killed(s.t, d.cmd)
		if strings.Contains(d.log.String(), "DATA RACE") {
			s.t.Errorf("the daemon had a data race:\n%s", d.log.String())
		}
		if s.t.Failed() {
			s.t.Logf("the daemon's log:\n%s", d.log.String())
		}
	})
}

// startInto starts `tradefront serve` whose banner and log go to that file. It does not wait for the banner.
func (s *site) startInto(out *os.File) *daemon {
	s.t.Helper()
	d := &daemon{s: s, cmd: exec.Command(binary, "serve", "--config", s.config)}
	d.cmd.Stdout, d.cmd.Stderr = out, out
	if err := child.Start(d.cmd); err != nil {
		s.t.Fatal(err)
	}
	d.exited = endingOf(d.cmd.Wait)
	d.endsWithTest()
	return d
}

// stop sends SIGTERM and wants exit status 0.
func (d *daemon) stop() {
	d.s.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.s.t.Fatal(err)
	}
	if err := d.exited.wait(); err != nil {
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
	if err := d.exited.wait(); !errors.As(err, &status) {
		d.s.t.Errorf("after kill -9: %v", err)
	}
}

// firm is what demo's terminals need to know.
func (d *daemon) firm() *demo.Firm {
	return &demo.Firm{
		Address: d.address, BrokerID: "9999", KeyVersion: "1.0", Key: d.s.sealed, Apps: d.s.apps, Accounts: d.s.users,
	}
}

func (d *daemon) get(t testing.TB, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+d.admin+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // tests look often, and compressing a page takes as long as making it
	resp, err := http.DefaultClient.Do(req)
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
