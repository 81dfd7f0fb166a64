package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/test/await"
)

// keyPair is a pair that OpenSSL made: the files NAME.pem and NAME.private.pem of the site.
type keyPair struct {
	public  supplement.Encrypter
	private testkey.Decrypter
}

func (s *site) keyPair(name string, generate ...string) keyPair {
	s.t.Helper()
	s.openssl(append([]string{"genpkey", "-out", name + ".private.pem"}, generate...)...)
	s.openssl("pkey", "-in", name+".private.pem", "-pubout", "-out", name+".pem")
	p := keyPair{}
	var err error
	if p.public, err = supplement.ParsePublicKey(s.read(name + ".pem")); err != nil {
		s.t.Fatal(err)
	}
	if p.private, err = testkey.Parse(s.read(name + ".private.pem")); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *site) read(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

const (
	firstKey  = "  - version: \"1.0\"\n    public_key_file: \"public.pem\"\n"
	secondKey = "  - version: \"2.0\"\n    algorithm: sm2\n    public_key_file: \"2.0.pem\"\n"
	thirdKey  = "  - version: \"3.0\"\n    algorithm: sm2\n    public_key_file: \"3.0.pem\"\n"
)

// hangup sends SIGHUP and waits until the log has the words once more.
func (d *daemon) hangup(words string) {
	d.s.t.Helper()
	before := strings.Count(d.log.String(), words)
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		d.s.t.Fatal(err)
	}
	await.Within(d.s.t, 20*time.Second, 5*time.Millisecond, "the log to have once more, after SIGHUP: "+words, func() bool {
		return strings.Count(d.log.String(), words) > before
	})
	d.get(d.s.t, "/healthz") // it runs
}

// arrival is a login that was answered.
type arrival struct {
	version      string // that the terminal used
	before, then int    // phase of the test when it began and when it was answered
	flag         byte
	supplement   string
	terminal     string
	tradingDay   string
}

// stream is terminals that log in without a pause, each on a connection of its own.
type stream struct {
	t     *testing.T
	d     *daemon
	pairs map[string]keyPair
	count atomic.Int64 // of logins begun

	mu       sync.Mutex
	more     *sync.Cond
	versions []string // that terminals use now, in turn
	phase    int
	arrivals []arrival
	failed   error
	stopped  bool
}

func newStream(t *testing.T, d *daemon, pairs map[string]keyPair, versions ...string) *stream {
	l := &stream{t: t, d: d, pairs: pairs, versions: versions}
	l.more = sync.NewCond(&l.mu)
	return l
}

// run starts n terminals; the returned function ends them.
func (l *stream) run(n int) (stop func()) {
	var terminals sync.WaitGroup
	for i := range n {
		terminals.Go(func() {
			visit := i
			for l.visit(visit) {
				visit++
			}
		})
	}
	return func() {
		l.mu.Lock()
		l.stopped = true
		l.mu.Unlock()
		terminals.Wait()
	}
}

// visit reports whether there should be another.
func (l *stream) visit(n int) bool {
	l.mu.Lock()
	version, before := l.versions[n%len(l.versions)], l.phase
	l.mu.Unlock()
	a, err := l.logIn(version)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = fmt.Errorf("version %s: %w", version, err)
	} else {
		a.before, a.then = before, l.phase
		l.arrivals = append(l.arrivals, a)
	}
	l.more.Broadcast()
	return err == nil && !l.stopped
}

func (l *stream) logIn(version string) (a arrival, err error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	c, err := l.d.open(ctx)
	if err != nil {
		return a, err
	}
	defer c.Close()
	a, err = l.enter(ctx, c, version)
	if err != nil {
		return a, err
	}
	return a, c.Logout(ctx)
}

// open is a terminal that is authenticated, on any goroutine.
func (d *daemon) open(ctx context.Context) (*client.Conn, error) {
	c, err := client.Dial(ctx, d.address)
	if err != nil {
		return nil, err
	}
	app := d.s.apps[0]
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: string(app.AppID), Cipher: app.Cipher}, app.AuthCode); err != nil {
		return nil, fmt.Errorf("%w, %w", err, c.Close())
	}
	return c, nil
}

// enter logs the terminal in under the key of that version.
func (l *stream) enter(ctx context.Context, c *client.Conn, version string) (a arrival, err error) {
	local := c.LocalAddr().(*net.TCPAddr)
	a = arrival{version: version, terminal: fmt.Sprintf("%s %d", terminalText, l.count.Add(1))}
	ciphertext, err := l.pairs[version].public.Encrypt(nil, []byte(a.terminal))
	if err != nil {
		return a, err
	}
	result, err := c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: account, Password: password, KeyVersion: version, AbnormalFlag: '0', Ciphertext: ciphertext,
	})
	if err != nil {
		return a, err
	}
	a.flag, a.tradingDay = result.AbnormalFlag, result.TradingDay
	a.supplement = fmt.Sprintf("%c@%s@%s@%d@%s@@@@@%s@1", a.flag, appID, local.IP, local.Port,
		result.LoginTime.Format(regulation.TimeLayout), account)
	return a, nil
}

// next begins a phase with those versions and waits for so many logins in it.
func (l *stream) next(logins int, versions ...string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase++
	l.versions = versions
	for until := len(l.arrivals) + logins; len(l.arrivals) < until && l.failed == nil; {
		l.more.Wait()
	}
	if l.failed != nil {
		l.t.Fatal("a login failed: ", l.failed)
	}
}

// TestKeysChangeUnderLoad: RSA 1.0, then SM2 2.0 beside it, then 2.0 alone, each by SIGHUP
// while terminals log in. No connection is lost, no login fails, and every record opens
// with the key of its version to what its terminal was. A reload with a fault in between
// changes nothing.
func TestKeysChangeUnderLoad(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	rsa, err := testkey.Parse(s.read("private.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pairs := map[string]keyPair{"1.0": {s.sealed, rsa}, "2.0": s.keyPair("2.0", "-algorithm", "SM2")}
	s.keyPair("3.0", "-algorithm", "SM2")
	d := s.serve()
	l := newStream(t, d, pairs, "1.0")
	leave := l.stay(20)
	stop := l.run(4)

	l.next(50, "1.0")
	s.replaceConfig(firstKey, firstKey+secondKey)
	d.hangup("the configuration was reloaded")
	if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, "newest valid key is version 2.0") {
		t.Errorf("after the reload: %s", ready)
	}
	l.next(100, "1.0", "2.0")

	s.replaceConfig(secondKey, secondKey+thirdKey)
	d.hangup("nothing was taken over")
	if _, ready := d.get(t, "/readyz"); !strings.Contains(ready, "was refused, faults: 1 ") {
		t.Errorf("after the faulty reload: %s", ready)
	}
	l.next(100, "1.0", "2.0")

	s.replaceConfig(firstKey+secondKey+thirdKey, secondKey)
	l.begin() // of the time in which 1.0 may be in force or not
	d.hangup("the configuration was reloaded")
	l.next(100, "1.0", "2.0")
	stop()
	if l.failed != nil {
		t.Fatal("a login failed: ", l.failed)
	}
	leave()
	l.checkFlags(5)
	d.stop()
	l.checkRecords(s)
}

// begin begins a phase without waiting.
func (l *stream) begin() { l.next(0, "1.0", "2.0") }

// stay logs n terminals in that stay; the returned function wants them all connected, and
// logs them out.
func (l *stream) stay(n int) (leave func()) {
	l.t.Helper()
	conns := make([]*client.Conn, n)
	for i := range conns {
		c, err := l.d.open(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(func() { _ = c.Close() })
		a, err := l.enter(l.t.Context(), c, "1.0")
		if err != nil {
			l.t.Fatal(err)
		}
		l.arrivals = append(l.arrivals, a)
		conns[i] = c
	}
	return func() {
		for _, c := range conns {
			if err := c.Logout(l.t.Context()); err != nil {
				l.t.Errorf("a connection that was open was lost: %v", err)
			}
		}
	}
}

// checkFlags: a login inside one phase has the flag of that phase. After the last reload,
// the phase last, version 1.0 is gone.
func (l *stream) checkFlags(last int) {
	l.t.Helper()
	seen := map[string]int{}
	for _, a := range l.arrivals {
		want := byte('0')
		if a.version == "1.0" && a.before == last {
			want = '2'
		}
		// Between the change of the file and the log's line either may be in force.
		between := a.version == "1.0" && a.before < last && a.then >= last-1
		if a.flag != want && !between {
			l.t.Errorf("version %s, phase %d to %d: flag %c, want %c", a.version, a.before, a.then, a.flag, want)
		}
		seen[fmt.Sprintf("%s flag %c", a.version, a.flag)]++
	}
	l.t.Logf("%d logins: %v", len(l.arrivals), seen)
	for _, kind := range []string{"1.0 flag 0", "2.0 flag 0", "1.0 flag 2"} {
		if seen[kind] == 0 {
			l.t.Errorf("no login of version %s was seen: the test proves nothing", kind)
		}
	}
}

// checkRecords: each answered login is in the report once, and opens with the key of
// its line's version.
func (l *stream) checkRecords(s *site) {
	l.t.Helper()
	var days []*demo.Was
	for _, a := range l.arrivals {
		days = append(days, &demo.Was{TradingDay: a.tradingDay})
	}
	records := map[string][]reportfile.Line{} // by supplement, which two logins of a second share if the kernel gives both one port
	lines := 0
	for _, day := range s.days(days) {
		var done struct{ Path string }
		if err := json.Unmarshal([]byte(s.cli("", "report", "export", "--partial", "--day", day, "--out", s.dir, "-o", "json")), &done); err != nil {
			l.t.Fatal(err)
		}
		data, err := os.ReadFile(done.Path)
		if err != nil {
			l.t.Fatal(err)
		}
		for text := range strings.Lines(string(data)) {
			line, err := reportfile.ParseLine([]byte(strings.TrimSuffix(text, "\n")))
			if err != nil {
				l.t.Fatal(err)
			}
			opened, err := l.pairs[line.KeyVersion].private.Decrypt(line.Supplement)
			if err != nil {
				l.t.Fatalf("a line of version %s: %v", line.KeyVersion, err)
			}
			records[string(opened)] = append(records[string(opened)], line)
			lines++
		}
	}
	for _, a := range l.arrivals {
		i := slices.IndexFunc(records[a.supplement], func(line reportfile.Line) bool { return l.isOf(line, a) })
		if i < 0 {
			l.t.Errorf("lost: %s of a terminal of version %s", a.supplement, a.version)
			continue
		}
		records[a.supplement] = slices.Delete(records[a.supplement], i, i+1) // a line is of one login
	}
	if lines != len(l.arrivals) {
		l.t.Errorf("%d lines of %d logins", lines, len(l.arrivals))
	}
}

// isOf reports whether the line has what that terminal sent, and the version of the key that the front then had for it.
func (l *stream) isOf(line reportfile.Line, a arrival) bool {
	text, err := l.pairs[a.version].private.Decrypt(line.Terminal)
	return err == nil && string(text) == a.terminal && (line.KeyVersion == a.version) == (a.flag == '0')
}
