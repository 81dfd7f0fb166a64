package corebench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	appID    = "client_bench_1.0"
	password = "s3cret@pass"
)

var program string // the built tradefront

func TestMain(m *testing.M) {
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
	core     string // host:port
	front    string
	daemon   int // the front's process
	authCode string
}

// Lines by which the programs say where they listen.
var (
	coreListens  = regexp.MustCompile(`listens on (\S+?)[,;]?(?:\s|$)`)
	frontListens = regexp.MustCompile(`accepts connections on ([^;,]+)[;,]`)
)

// user is the account of that number; core-sim has as many as the stage was asked for.
func user(i int) string { return fmt.Sprintf("8%07d", i) }

// newStage starts both programs. link are the lines of core.link but endpoints; more is YAML for the rest.
func newStage(t testing.TB, users int) *stage {
	t.Helper()
	dir := t.TempDir()
	accounts := new(strings.Builder)
	fmt.Fprintln(accounts, "accounts:")
	for i := range users {
		fmt.Fprintf(accounts, "  - {user: %q, password: %q}\n", user(i), password)
	}
	file := filepath.Join(dir, "accounts.yaml")
	if err := os.WriteFile(file, []byte(accounts.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &stage{}
	s.core, _ = start(t, coreListens, "core-sim", "--listen", "127.0.0.1:0", "--accounts", file)
	firm := site.New(t, site.Options{
		Binary: program, Core: fmt.Sprintf("  driver: link\n  link: {endpoints: [%q], insecure_loopback: true}\n", s.core),
		Store: "log_level: error\nlimits: {connections_per_source: 0}\n",
	})
	firm.AddApp(appID)
	s.authCode = firm.Apps[0].AuthCode
	s.front, s.daemon = start(t, frontListens, "serve", "--config", firm.Config)
	return s
}

// start runs the program until the test ends, and returns where it listens.
func start(t testing.TB, listens *regexp.Regexp, args ...string) (address string, pid int) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait() // its status is not what is measured
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found := listens.FindStringSubmatch(lines.Text()); found != nil {
			go func() {
				for lines.Scan() { // so that the program never waits for us
				}
			}()
			return found[1], c.Process.Pid
		}
	}
	t.Fatalf("tradefront %s said not where it listens", args[0])
	return "", 0
}
