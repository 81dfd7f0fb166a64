package fronts

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/ports"
)

// TestReloadOfAFrontThatEnded: a process that has ended is an upgrade only if another one tells that it took over.
func TestReloadOfAFrontThatEnded(t *testing.T) {
	t.Parallel()
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	answers := func(status string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, status) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	closed := ports.Address(t)
	for _, test := range []struct{ what, at, wrong string }{
		{"one took over", answers(`{"state": "serving", "last_signal": {"number": 1}}`), ""},
		{"systemd started it anew", answers(`{"state": "serving"}`), "was started without its sessions"},
		{"none answers", closed, "no other has answered"},
		{"one that does not come so far", answers(`{"state": "starting"}`), "no other has answered"},
	} {
		r := reload{pid: ended.Process.Pid, admin: &adminListeners{addresses: []string{test.at}}, patience: time.Minute, successor: 200 * time.Millisecond}
		if test.wrong != "no other has answered" {
			r.successor = time.Minute
		}
		if _, err := r.await(t.Context(), 0, true); (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// TestUntoldUpgrade: without the admin listener, as after the configuration got another address, which the front refuses to take over, the
// outcome of a live upgrade is told by who holds the local store. The processes here are a shell: one leaves SIGUSR2 alone, one ends by it.
func TestUntoldUpgrade(t *testing.T) {
	t.Parallel()
	closed := ports.Address(t)
	for _, test := range []struct {
		what, does string
		held       bool // the local store, after the signal too
		wrong      string
	}{
		{"the front refuses", "trap '' USR2", true, "has not handed over within 200ms"},
		{"another process has the store", ":", true, ""},
		{"no process has the store", ":", false, "no other has taken its place"},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			program := startReplaced(t, test.does)
			cfg := config.Default()
			cfg.Store.Path = filepath.Join(t.TempDir(), "front.db")
			if test.held {
				lock, err := assemble.SoleFront(cfg.Store.Path) // this process is the other one
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Close()
			}
			r := reload{pid: program, admin: &adminListeners{cfg: &cfg, addresses: []string{closed}}, patience: 200 * time.Millisecond}
			if test.wrong != "has not handed over within 200ms" {
				r.patience = time.Minute
			}
			done, err := r.run(t.Context())
			if (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%v, want %q", err, test.wrong)
			}
			if !done.Upgrade || !done.Known {
				t.Errorf("%+v", done)
			}
		})
	}
}

// startReplaced runs a shell whose program's file was replaced since, as dpkg does it, until the test ends. It has done what does says.
func startReplaced(t *testing.T, does string) (pid int) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{program, program + ".new"} {
		if err := child.WriteProgram(path, shell); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(program, "-c", does+"; echo it runs; read line")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("it runs"))); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- c.Wait() }() // at once: one that has ended and was not waited for has a number still
	t.Cleanup(func() { _ = in.Close(); <-ended })
	if err := os.Rename(program+".new", program); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

// TestReloadOfAReplacedProgram: a package that replaced the program makes a reload a live upgrade.
func TestReloadOfAReplacedProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	cat, err := os.ReadFile("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path string) {
		t.Helper()
		if err := child.WriteProgram(path, cat); err != nil {
			t.Fatal(err)
		}
	}
	put(program)
	runs := exec.Command(program)
	in, err := runs.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := runs.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := runs.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close(); _ = runs.Wait() }()
	fmt.Fprintln(in, "it runs") // and is not the test's program any more
	if _, err := io.ReadFull(out, make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	if is, err := programReplaced(runs.Process.Pid); is || err != nil {
		t.Errorf("as it was started: %t, %v", is, err)
	}
	put(program + ".new")
	if err := os.Rename(program+".new", program); err != nil {
		t.Fatal(err)
	}
	if is, err := programReplaced(runs.Process.Pid); !is || err != nil {
		t.Errorf("after dpkg: %t, %v", is, err)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if _, err := programReplaced(runs.Process.Pid); err == nil || !strings.Contains(err.Error(), "install it again") {
		t.Errorf("without the program: %v", err)
	}
}
