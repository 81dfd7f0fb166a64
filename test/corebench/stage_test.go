package corebench

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	appID    = "client_bench_1.0"
	password = "s3cret@pass"
)

var program string // the built tradefront

func TestMain(m *testing.M) {
	if core := os.Getenv(copyTo); core != "" {
		fmt.Fprintln(os.Stderr, copyBytes(core))
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "tradefront-corebench-")
	if err == nil {
		program = filepath.Join(dir, "tradefront")
		err = site.Build(program)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := testmain.Run(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// stage is a front with a core behind it.
type stage struct {
	core      string // host:port
	front     string
	relays    string // the front's listener for relays
	admin     string // http://host:port
	daemon    int    // the front's process
	authCode  string // of terminals
	relayCode string
}

// Lines by which the programs say where they listen.
var (
	adminListens = regexp.MustCompile(`admin (http://[^;]+)`)
	coreListens  = regexp.MustCompile(`accepts fronts on ([^;,\s]+)`)
	frontListens = regexp.MustCompile(`accepts connections on ([^;,]+)[;,]`)
	takesRelays  = regexp.MustCompile(`accepts connections on [^;,]+, ([^;,]+) \(relays\)`)
)

// user is the account of that number; core-sim has as many as the stage was asked for.
func user(i int) string { return fmt.Sprintf("8%07d", i) }

// newStage starts both programs, with a link in clear between them.
func newStage(t testing.TB, users int) *stage {
	t.Helper()
	return newStageOver(t, users, t.TempDir(), nil, "insecure_loopback: true")
}

// newTLSStage is newStage with TLS on the link, and returns what a party needs that opens a link itself.
func newTLSStage(t testing.TB, users int) (*stage, *tls.Config) {
	t.Helper()
	dir, authority := t.TempDir(), certificates.New(t)
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	ends := time.Now().Add(time.Hour)
	front := authority.Issue(t, "front", ends)
	coreCert, coreKey := authority.Issue(t, "core", ends).Write(t, dir, "core")
	frontCert, frontKey := front.Write(t, dir, "front")
	s := newStageOver(t, users, dir, []string{"--cert", coreCert, "--key", coreKey, "--client-ca", ca},
		fmt.Sprintf("ca_file: %q, cert_file: %q, key_file: %q", ca, frontCert, frontKey))
	return s, &tls.Config{
		RootCAs: authority.Pool(), Certificates: []tls.Certificate{front.TLS(t)}, ServerName: "core",
		MinVersion: tls.VersionTLS13, NextProtos: []string{link.ALPN},
	}
}

// newStageOver starts core-sim with more flags, and a front with these keys of core.link beside endpoints.
func newStageOver(t testing.TB, users int, dir string, flags []string, keys string) *stage {
	t.Helper()
	accounts := new(strings.Builder)
	fmt.Fprintln(accounts, "accounts:")
	for i := range users {
		fmt.Fprintf(accounts, "  - {user: %q, password: %q}\n", user(i), password)
	}
	fmt.Fprintf(accounts, "  - {user: %q, password: %q, type: operator}\n", relayOperator, password)
	file := filepath.Join(dir, "accounts.yaml")
	if err := os.WriteFile(file, []byte(accounts.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &stage{}
	banner, _ := start(t, append([]string{"core-sim", "--listen", "127.0.0.1:0", "--accounts", file}, flags...)...)
	s.core = found(t, coreListens, banner)
	firm := site.New(t, site.Options{
		Binary: program, Relays: true, Core: fmt.Sprintf("  driver: link\n  link: {endpoints: [%q], %s}\n", s.core, keys),
		Store: "log_level: error\nlimits: {connections_per_source: 0}\n",
	})
	firm.AddApp(appID)
	s.relayCode = admitRelay(t, firm)
	s.authCode = firm.Apps[0].AuthCode
	banner, s.daemon = start(t, "serve", "--config", firm.Config)
	s.front, s.relays = found(t, frontListens, banner), found(t, takesRelays, banner)
	s.admin = found(t, adminListens, banner)
	await.True(t, "the front uses the core", func() bool {
		r, err := http.Get(s.admin + "/readyz")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return s
}

func found(t testing.TB, what *regexp.Regexp, banner string) string {
	t.Helper()
	words := what.FindStringSubmatch(banner)
	if words == nil {
		t.Fatalf("no %v in %q", what, banner)
	}
	return words[1]
}

// start runs the program until the test ends, and returns the first line that it prints: where it listens.
func start(t testing.TB, args ...string) (banner string, pid int) {
	t.Helper()
	return launch(t, exec.Command(program, args...))
}

// launch is start for another program.
func launch(t testing.TB, c *exec.Cmd) (banner string, pid int) {
	t.Helper()
	var log bytes.Buffer
	c.Stderr = &log
	c.Env = append(c.Environ(), "TRADEFRONT_ADMIN_PPROF=true")
	out, err := c.StdoutPipe()
	if err == nil {
		err = child.Start(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	banner, err = lines.ReadString('\n')
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, lines) // so that the program never waits for us
	}()
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := c.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", c, err, log.String())
		}
	})
	if err != nil {
		t.Fatalf("%s said not where it listens: %v", c, err)
	}
	return banner, c.Process.Pid
}

// admitRelay admits an operator relay whose operator may report for every user of the stage, and returns its authcode.
func admitRelay(t testing.TB, firm *site.Site) (authCode string) {
	t.Helper()
	var added struct {
		AuthCode string `json:"authcode"`
	}
	out := firm.CLI("", "relay", "add", "--app-id", relayAppID, "--type", "operator", "--network", "127.0.0.0/8",
		"--operator", relayOperator, "--scope", "prefix:8", "-o", "json")
	if err := json.Unmarshal([]byte(out), &added); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return added.AuthCode
}
