package cppcore

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
)

// accounts are those of the tests, one for each that changes its account.
const accounts = `# USER PASSWORD TYPE SESSIONS STATE
10000001 Example-1 1 2 ok
10000002 Example-2 1 1 ok
10000003 Example-3 1 1 first
10000004 Example-4 1 1 locked
10000005 Example-5 1 1 weak
10000006 Example-6 1 9 ok
10000007 Example-7 2 9 ok
`

// exampleCore is a running example core.
type exampleCore struct {
	t       testing.TB
	cmd     *exec.Cmd
	control io.WriteCloser
	stderr  strings.Builder

	mu    sync.Mutex
	lines []string
}

// start runs the example with args behind those that each run has. It ends, without a sanitizer's report, before the test does.
func start(t *testing.T, args ...string) *exampleCore {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accounts.txt")
	if err := os.WriteFile(file, []byte(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &exampleCore{t: t, cmd: exec.Command(example.binary(t), append([]string{"--accounts", file, "--trading-day", tradingDay}, args...)...)}
	c.cmd.Stderr = &c.stderr
	var err error
	if c.control, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(c.cmd); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.mu.Lock()
			c.lines = append(c.lines, s.Text())
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		<-read
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("the core ended with %v\n%s", err, &c.stderr)
		}
	})
	return c
}

// said reports whether a line that begins with prefix came, and gives the rest of the first.
func (c *exampleCore) said(prefix string) (rest string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range c.lines {
		if rest, ok = strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// times is how many lines are that.
func (c *exampleCore) times(line string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lines {
		if l == line {
			n++
		}
	}
	return n
}

// wantTimes waits until a line was said so often; more often is a fault. What the core says is read behind what it answers.
func (c *exampleCore) wantTimes(line string, want int) {
	c.t.Helper()
	await.True(c.t, fmt.Sprintf("the core says %q %d times", line, want), func() bool { return c.times(line) >= want })
	if n := c.times(line); n != want {
		c.t.Errorf("the core says %q %d times, want %d", line, n, want)
	}
}

// wait waits for a line that begins with prefix and gives its rest.
func (c *exampleCore) wait(prefix string) (rest string) {
	c.t.Helper()
	await.True(c.t, "the core says "+prefix, func() (ok bool) {
		rest, ok = c.said(prefix)
		return ok
	})
	return rest
}

// do types a line into the core's standard input.
func (c *exampleCore) do(line string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.control, line); err != nil {
		c.t.Fatal(err)
	}
}

// TestItSaysThatItIsNoTradingCore: the first line of the example.
func TestItSaysThatItIsNoTradingCore(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	if line := c.wait("tradefront example core"); !strings.Contains(line, "no trading core") {
		t.Errorf("it says %q", line)
	}
}

// TestStartsThatAreRefused: passwords in clear on a net, an account file that is not one, a day that is none.
func TestStartsThatAreRefused(t *testing.T) {
	t.Parallel()
	good := filepath.Join(root, "examples/core-cpp/accounts.txt")
	bad := filepath.Join(t.TempDir(), "bad.txt")
	if err := os.WriteFile(bad, []byte("10000001 without-the-rest\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"clear on a net": {[]string{"--accounts", good, "--trading-day", tradingDay, "--listen", "0.0.0.0:0"}, "only on loopback"},
		"accounts":       {[]string{"--accounts", bad, "--trading-day", tradingDay, "--listen", "127.0.0.1:0"}, "accounts cannot be read"},
		"no accounts":    {[]string{"--trading-day", tradingDay, "--listen", "127.0.0.1:0"}, "accounts cannot be read"},
		"no day":         {[]string{"--accounts", good, "--listen", "127.0.0.1:0"}, "trading day"},
		"no address":     {[]string{"--accounts", good, "--trading-day", tradingDay}, "address"},
		"no TLS":         {[]string{"--accounts", good, "--trading-day", tradingDay, "--tls", "127.0.0.1:0"}, "without TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(plain.binary(t), test.args...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("got %v, want a refusal with %q:\n%s", err, test.want, out)
			}
		})
	}
}
