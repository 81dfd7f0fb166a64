//go:build linux

package loginbench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
)

const (
	appID    = "client_bench_1.0"
	password = "s3cret@pass"
	accounts = 8
)

// settlePeriod is long, since the front's answer to a look costs it a millisecond, which counts as the logins'.
const settlePeriod = 250 * time.Millisecond

// contender is one of the servers, running.
type contender struct {
	name     string
	address  string
	firm     firm
	pid      int
	database *pgtest.Cluster // nil: it uses none
	settle   func()          // returns when what it has answered is where it belongs
	heap     func() float64  // live bytes, after a collection
	admin    string          // of a front
	program  string          // of a front
}

// newFront is a tradefront that runs the program; with database nil it has the embedded store. limits are more of that section, each after a comma.
func newFront(t testing.TB, name, program string, database *pgtest.Cluster, limits string) *contender {
	t.Helper()
	o := site.Options{Binary: program, Store: fmt.Sprintf("log_level: error\nlimits: {connections_per_source: 0%s}\n", limits)}
	if database != nil {
		o.URL = database.URL()
	}
	s := site.New(t, o)
	s.AddApp(appID)
	f := firm{BrokerID: "9999", AppID: appID, AuthCode: s.Apps[0].AuthCode, KeyVersion: "1.0", Password: password}
	for i := range accounts {
		f.Accounts = append(f.Accounts, strconv.Itoa(88000000+i))
		s.AddAccount(f.Accounts[i], password, "1")
	}
	return startFront(t, name, program, s, f, database)
}

// startFront starts a tradefront on the site, whose terminals are those of the firm.
func startFront(t testing.TB, name, program string, s *site.Site, f firm, database *pgtest.Cluster) *contender {
	t.Helper()
	public, err := os.ReadFile(filepath.Join(s.Dir, "public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	f.PublicKey = public
	c := &contender{name: name, program: program, firm: f, database: database}
	c.serve(t, s.Config)
	c.heap = func() float64 {
		c.get(t, "/debug/pprof/heap?gc=1")
		c.get(t, "/debug/pprof/heap?gc=1") // the second collection empties pools
		return c.metric(t, "go_memstats_heap_alloc_bytes")
	}
	c.settle = func() {
		if database != nil {
			await.Every(t, settlePeriod, "PostgreSQL has all records", func() bool { return c.metric(t, "tradefront_pending_rows") == 0 })
		}
	}
	return c
}

var banner = regexp.MustCompile(`accepts connections on ([^;,]+); admin (http://[^;]+);`)

// serve starts the daemon; it ends with the test.
func (c *contender) serve(t testing.TB, config string) {
	t.Helper()
	cmd := exec.Command(c.program, "serve", "--config", config)
	cmd.Env = append(os.Environ(), "TRADEFRONT_ADMIN_PPROF=true") // for a collection before the heap is read
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = child.Start(cmd)
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, lines) // so that the program never waits for us
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("%s: %v\n%s", c.name, err, log.String())
		}
	})
	words := banner.FindStringSubmatch(first)
	if words == nil {
		t.Fatalf("%s: no addresses (%v) in %q", c.name, err, first)
	}
	c.address, c.admin, c.pid = words[1], words[2], cmd.Process.Pid
}

func (c *contender) get(t testing.TB, path string) string {
	t.Helper()
	r, err := http.Get(c.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
	return string(body)
}

// metric is a number of the front's /metrics.
func (c *contender) metric(t testing.TB, name string) float64 {
	t.Helper()
	for line := range strings.Lines(c.get(t, "/metrics")) {
		if value, is := strings.CutPrefix(strings.TrimSpace(line), name+" "); is {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the front has no metric %s", name)
	return 0
}

// newOwn is one of the servers of this package, for the terminals of a front.
func newOwn(t testing.TB, name, role string, f *firm, config any, database *pgtest.Cluster) *contender {
	t.Helper()
	server := startChild(t, role, config)
	var at listens
	if err := server.answer(&at); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, server.log.String())
	}
	return &contender{
		name: name, address: at.Address, firm: *f, pid: server.cmd.Process.Pid, database: database, settle: func() {},
		heap: func() float64 {
			var h heapOf
			if err := server.ask("heap", &h); err != nil {
				t.Fatal(fmt.Errorf("%s: %w", name, err))
			}
			return float64(h.Live)
		},
	}
}
