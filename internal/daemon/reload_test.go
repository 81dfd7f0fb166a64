package daemon

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/demo/site"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/supplement"
)

// reloadTest is a front of the demo's firm, and what it says in its log.
type reloadTest struct {
	*testing.T
	site *site.Site
	d    *Daemon
	said *lines
	base string // the demo's configuration file; configure begins with it
}

func newReloadTest(t *testing.T, oldnew ...string) *reloadTest {
	t.Helper()
	made, err := site.New(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	base := readFile(t, made.Path)
	if len(oldnew) > 0 { // as in configure
		(&reloadTest{T: t, site: made, base: base}).configure(oldnew...)
		if made.Config, err = config.Load(made.Path, nil); err != nil {
			t.Fatal(err)
		}
	}
	said := newLines(t)
	d, err := Start(t.Context(), made.Config, Options{Log: said, Build: ops.Build{Version: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &reloadTest{t, made, d, said, base}
}

// lines is a log that a test reads line by line, without holding up who writes.
type lines struct {
	t  *testing.T
	ch chan string
}

func newLines(t *testing.T) *lines { return &lines{t, make(chan string, 1000)} }

func (l *lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		l.ch <- string(line)
	}
	return len(p), nil
}

// next waits for the next line that contains words.
func (l *lines) next(words string) string {
	l.t.Helper()
	deadline := time.After(10 * time.Second)
	var passed []string
	for {
		select {
		case line := <-l.ch:
			if strings.Contains(line, words) {
				return line
			}
			passed = append(passed, line)
		case <-deadline:
			l.t.Fatalf("the log never said %q, but:\n%s", words, strings.Join(passed, ""))
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (r *reloadTest) write(name, content string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.site.Dir, name), []byte(content), 0o600); err != nil {
		r.Fatal(err)
	}
}

// newKey lets OpenSSL make a pair and keeps the public half.
func (r *reloadTest) newKey(name string, generate ...string) {
	r.Helper()
	private := filepath.Join(r.TempDir(), "private.pem")
	for _, args := range [][]string{
		append([]string{"genpkey", "-out", private}, generate...),
		{"pkey", "-in", private, "-pubout", "-out", filepath.Join(r.site.Dir, name)},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			r.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
}

// configure writes the file of the start with replacements in pairs.
func (r *reloadTest) configure(oldnew ...string) {
	r.Helper()
	changed := r.base
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(changed, oldnew[i]) {
			r.Fatalf("%q is not in the configuration", oldnew[i])
		}
		changed = strings.Replace(changed, oldnew[i], oldnew[i+1], 1)
	}
	r.write("tradefront.yaml", changed)
}

func (r *reloadTest) reload() {
	r.d.hangup(r.Context(), func() (*config.Config, error) { return config.Load(r.site.Path, nil) })
}

// TestASignalSaysThatTheAuditLogIsTheOldOne: 'front reload' waits for the outcome of a SIGHUP, which asks for both.
func TestASignalSaysThatTheAuditLogIsTheOldOne(t *testing.T) {
	r := newReloadTest(t)
	r.reload()
	if got := r.d.signals.get(); got.Number != 1 || got.Fault != "" {
		t.Errorf("all is well: %+v", got)
	}
	path := r.d.cfg.AuditLog
	if err := errors.Join(os.Rename(path, path+".1"), os.Mkdir(path, 0o700)); err != nil { // its place is taken
		t.Fatal(err)
	}
	r.configure("log_level: warn", "log_level: info")
	r.reload()
	if got := r.d.signals.get(); got.Number != 2 || !strings.HasPrefix(got.Fault, "the configuration was taken over, and the audit log was not reopened: ") {
		t.Errorf("in its place is a folder: %+v", got)
	}
	if level := r.d.level.Level().String(); level != "info" {
		t.Errorf("log level %s", level)
	}
	r.configure("log_level: warn", "log_level: loud")
	r.reload()
	if got := r.d.signals.get(); got.Number != 3 || !strings.HasPrefix(got.Fault, "the configuration has faults, nothing was taken over: ") ||
		!strings.Contains(got.Fault, "; the audit log was not reopened: ") {
		t.Errorf("and the configuration has a fault: %+v", got)
	}
	if err := errors.Join(os.Remove(path), os.Rename(path+".1", path)); err != nil {
		t.Fatal(err)
	}
	r.configure()
	r.reload()
	if got := r.d.signals.get(); got.Number != 4 || got.Fault != "" {
		t.Errorf("all is well again: %+v", got)
	}
}

// entry is the rest of the demo's one key.
const entry = "public_key_file: \"keys/1.0.pem\"\n"

func secondKey(more string) string {
	return entry + "  - version: \"2.0\"\n    public_key_file: \"keys/2.0.pem\"\n" + more
}

func TestReloadTakesOver(t *testing.T) {
	r := newReloadTest(t)
	before := r.d.path.Gateway.Policy()
	r.newKey("keys/2.0.pem", "-algorithm", "SM2")
	r.write("other.yaml", string(configs.Calendar)+"  - year: 2028\n    provisional: true\n    source: a guess\n"+
		"    closed:\n      - {from: 2028-01-01, to: 2028-01-03, name: new year}\n")
	r.configure(entry, secondKey("    algorithm: sm2\n    not_before: 2026-01-01\n"), "log_level: warn", "log_level: info\nterminal_info: strict\ncalendar_file: other.yaml")
	r.reload()

	if line := r.said.next("the configuration was reloaded"); !strings.Contains(line, `["1.0","2.0"]`) {
		t.Errorf("the log said %s", line)
	}
	now := r.d.path.Gateway.Policy()
	if key := now.Keys.Newest(time.Now()); key == nil || key.Version != "2.0" || key.Info.Algorithm != supplement.SM2 {
		t.Errorf("the newest key is %+v", key)
	}
	if !now.Strict || now.Calendar == before.Calendar || now.Calendar.Horizon() == before.Calendar.Horizon() {
		t.Errorf("strict %v, calendar to %v", now.Strict, now.Calendar.Horizon())
	}
	if level := r.d.level.Level().String(); level != "info" {
		t.Errorf("log level %s", level)
	}
	if ready, reason := r.d.reloaded.Load().check(); !ready || !strings.Contains(reason, "reloaded at") {
		t.Errorf("the check says %v, %s", ready, reason)
	}
	// What was in force is not changed: a login may still be using it.
	if keys := before.Keys.Keys(); len(keys) != 1 || before.Strict {
		t.Errorf("the set from before has %d keys, strict %v", len(keys), before.Strict)
	}

	r.configure("log_level: warn", "log_level: error")
	r.reload()
	r.said.next("the configuration was reloaded") // said before the level is raised
	if level := r.d.level.Level().String(); level != "error" || len(r.d.path.Gateway.Policy().Keys.Keys()) != 1 {
		t.Errorf("after the way back: level %s, %d keys", level, len(r.d.path.Gateway.Policy().Keys.Keys()))
	}
}

// For any faults of the files: one report, and the set in force is the same pointer.
func TestReloadRefuses(t *testing.T) {
	r := newReloadTest(t)
	r.newKey("keys/2.0.pem", "-algorithm", "SM2")
	r.newKey("keys/3.0.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
	r.write("empty.yaml", "years: []\n")
	third := "  - version: \"3.0\"\n    public_key_file: \"keys/3.0.pem\"\n"
	for _, tt := range []struct {
		name   string
		change []string
		want   []string // in the report
	}{
		{"third valid key", []string{entry, secondKey("    algorithm: sm2\n" + third)}, []string{"more than two keys are valid"}},
		{"algorithm not that of the file", []string{entry, secondKey("")}, []string{"keys[1].algorithm: is rsa, but", "holds an SM2 key; write algorithm: sm2"}},
		{"algorithm unknown", []string{entry, secondKey("    algorithm: sm3\n")}, []string{"keys[1].algorithm: want rsa or sm2"}},
		{"RSA said to be SM2", []string{entry, entry + "    algorithm: sm2\n"}, []string{"keys[0].algorithm: is sm2, but", "holds an RSA key"}},
		{"the first version's file", []string{entry, secondKey("    not_before: 2026-01-01\n"), "keys/2.0.pem", "keys/1.0.pem"}, []string{"keys[1].public_key_file:", "holds the key of version 1.0 (SHA256:"}},
		{"key file missing", []string{"keys/1.0.pem", "keys/none.pem"}, []string{"keys[0].public_key_file", "does not exist"}},
		{"private key", []string{"keys/1.0.pem", "keys/1.0.test-private.pem"}, []string{"never put a private key on a front"}},
		{"no key valid any more", []string{entry, entry + "    not_after: 2020-01-01\n"}, []string{"keys: none is valid now", "the keys in force are still good"}},
		{"no key valid yet", []string{entry, entry + "    not_before: 2999-01-01\n"}, []string{"keys: none is valid now"}},
		{"calendar", []string{"log_level", "calendar_file: empty.yaml\nlog_level"}, []string{"calendar_file: calendar:"}},
		{"unknown key", []string{"log_level", "log-level: info\nlog_level"}, []string{"log-level: line ", "unknown key; did you mean log_level"}},
		{"not YAML", []string{"log_level", "\tlog_level"}, []string{"YAML"}},
		{
			"several at once",
			[]string{entry, entry + "    not_after: yesterday\n", "log_level: warn", "log_level: loud", "id: 1", "id: 0"},
			[]string{"keys[0].not_after", "log_level: want", "front.id: is 0"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := r.d.path.Gateway.Policy()
			r.configure(tt.change...)
			r.reload()
			line := r.said.next("nothing was taken over")
			for _, words := range tt.want {
				if !strings.Contains(line, words) {
					t.Errorf("the log said %s, want %q", line, words)
				}
			}
			if r.d.path.Gateway.Policy() != before || r.d.level.Level().String() != "warn" {
				t.Error("something was taken over")
			}
			if ready, reason := r.d.reloaded.Load().check(); ready || !strings.Contains(reason, "was refused, faults: ") {
				t.Errorf("the check says %v, %s", ready, reason)
			}
		})
	}
	r.configure()
	r.reload()
	if ready, _ := r.d.reloaded.Load().check(); !ready {
		t.Error("the check still complains after a good reload")
	}
}

// A master key that opens nothing is refused while the front serves: taken over, it would be an outage
// at the next restart, with a green page until then. Faults of the file and of what it names come in
// one report, as at a start.
func TestReloadRefusesAnotherMasterKey(t *testing.T) {
	r := newReloadTest(t)
	master, err := auth.LoadMasterKey(r.d.cfg.Auth.MasterKeyFile.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.AdmitApp(t.Context(), directory.New(r.d.path.Journal.Tables()), master, "a_b_1", auth.AES); err != nil {
		t.Fatal(err)
	}
	r.d.refresh(t.Context())
	path := r.d.cfg.Auth.MasterKeyFile.Path
	right := readFile(t, path)
	if err := errors.Join(os.Remove(path), auth.CreateMasterKey(path)); err != nil {
		t.Fatal(err)
	}
	r.reload()
	if line := r.said.next("nothing was taken over"); !strings.Contains(line, "does not open the authcodes of 1 of 1 AppIDs (a_b_1)") {
		t.Error(line)
	}
	if n := r.d.path.Registry.Unreadable(); n != 0 || r.d.path.Registry.Len() != 1 {
		t.Errorf("%d AppIDs, %d unreadable after a refused reload", r.d.path.Registry.Len(), n)
	}
	r.configure("log_level: warn", "log_level: loud", "keys/1.0.pem", "keys/none.pem")
	r.reload()
	line := r.said.next("nothing was taken over")
	for _, want := range []string{"log_level: want", "keys[0].public_key_file", "does not open the authcodes of 1 of 1 AppIDs"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %s", want, line)
		}
	}
	if err := os.WriteFile(path, []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	r.configure()
	r.reload()
	if ready, reason := r.d.reloaded.Load().check(); !ready {
		t.Error(reason)
	}
}

func TestReloadNamesWhatNeedsARestart(t *testing.T) {
	r := newReloadTest(t)
	r.configure("broker_id: \"9999\"", "broker_id: \"1234\"", "log_level: warn", "log_level: info\nlimits: {pending_frames: 9}")
	for range 2 { // it stays so until the restart
		r.reload()
		if line := r.said.next("need a restart"); !strings.Contains(line, `["broker_id","limits.pending_frames"]`) {
			t.Errorf("the log said %s", line)
		}
		if ready, reason := r.d.reloaded.Load().check(); ready || !strings.Contains(reason, "need a restart: broker_id, limits.pending_frames") {
			t.Errorf("the check says %v, %s", ready, reason)
		}
	}
	if r.d.level.Level().String() != "info" {
		t.Error("what can be taken over was not")
	}
	inForce := *r.d.cfg
	inForce.LogLevel = zapcore.InfoLevel
	if hash := r.d.status(masked).Config; hash != inForce.Hash() || hash == r.d.cfg.Hash() {
		t.Errorf("the status has hash %s, what is in force %s, what was at the start %s", hash, inForce.Hash(), r.d.cfg.Hash())
	}
}

// What people and machines look at follows a reload, and a version that names another
// key than before is told.
func TestReloadIsSeen(t *testing.T) {
	r := newReloadTest(t)
	if left := r.d.keyDays(); len(left) != 0 {
		t.Errorf("a key without an end has days left: %v", left)
	}
	if ready, reason := keyLife(r.d.path.Gateway.Policy().Keys, time.Now()); !ready {
		t.Errorf("a key without an end: %s", reason)
	}
	soon := time.Now().Add(7*24*time.Hour - time.Hour).Format(time.RFC3339)
	r.configure(entry, entry+"    not_after: \""+soon+"\"\n")
	r.newKey("keys/1.0.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
	old := r.d.path.Gateway.Policy().Keys.Keys()[0].Info.Fingerprint
	r.reload()
	if line := r.said.next("names another key than before"); !strings.Contains(line, old.String()) {
		t.Errorf("the log said %s", line)
	}
	if line := r.said.next("no encryption key is valid from"); !strings.Contains(line, `"within_days":7`) {
		t.Errorf("the log said %s", line)
	}
	if left := r.d.keyDays(); left["1.0"] < 6.9 || left["1.0"] > 7 {
		t.Errorf("days left: %v, want a little below 7", left)
	}
	report := map[string]ops.Reason{}
	for _, reason := range r.d.health.Report().Reasons {
		report[reason.Name] = reason
	}
	if got := report["key_life"]; got.Ready || got.Severity != ops.Warning || !strings.Contains(got.Reason, "in 6 days") {
		t.Errorf("key_life: %+v", got)
	}
	if got := report["keys"]; !got.Ready {
		t.Errorf("keys: %+v", got)
	}
}

// TestRotateOnHangup does what logrotate does: move the file away, send SIGHUP. Entries
// before it are in the old file, entries after it in a new one, and that the
// configuration has a fault does not keep evidence in a file that is about to be packed.
func TestRotateOnHangup(t *testing.T) {
	r := newReloadTest(t)
	hangups, release := catchHangups()
	defer release()
	stop := r.d.reloadOn(hangups, func() (*config.Config, error) { return config.Load(r.site.Path, nil) })
	defer stop()
	r.configure("log_level: warn", "log_level: loud")
	path := filepath.Join(r.site.Dir, "audit.jsonl")

	r.d.path.Audit.Log(logs.Entry{Time: time.Now(), Event: logs.EventLogin, Reason: "before"})
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.said.next("nothing was taken over")
	r.d.path.Audit.Log(logs.Entry{Time: time.Now(), Event: logs.EventLogin, Reason: "after"})
	stop()
	if err := r.d.path.Audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	// What was queued when the file was moved may go to either file, but to one of them.
	old, fresh := readFile(t, path+".1"), readFile(t, path)
	if n := strings.Count(old+fresh, `"before"`); n != 1 {
		t.Errorf("the entry before is there %d times", n)
	}
	if n := strings.Count(fresh, `"after"`); n != 1 || strings.Contains(old, `"after"`) {
		t.Errorf("the entry after is in the new file %d times; old file: %s", n, old)
	}
}

// A warning is said once, again when the end comes nearer, and again after a reload.
func TestKeyAlarmLogsEachThingOnce(t *testing.T) {
	var a keyAlarm
	at := func(days int) int {
		return len(a.unlogged([]supplement.KeyWarning{{Subject: "1.0", Days: days}, {Days: 60}}))
	}
	for i, tt := range []struct{ days, want int }{{60, 2}, {60, 0}, {30, 1}, {30, 0}, {7, 1}, {7, 0}} {
		if got := at(tt.days); got != tt.want {
			t.Errorf("step %d: %d were unlogged, want %d", i, got, tt.want)
		}
	}
	a.forget()
	if got := at(7); got != 2 {
		t.Errorf("after a reload %d were unlogged, want 2", got)
	}
}

// TestReloadOfTrustedProxies: who is believed changes with the next connection; not with
// anything else wrong, and not while the listener's other keys wait for a restart.
func TestReloadOfTrustedProxies(t *testing.T) {
	const listener = "    - address: \"127.0.0.1:0\"\n"
	trusting := func(network, more string) string {
		return listener + "      client_address: proxy\n      trusted_proxies: [" + network + "]\n" + more
	}
	r := newReloadTest(t, listener, trusting("127.0.0.9", ""))
	trusted := func(from string) bool {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", r.d.front.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// The first bytes of an honest dialogue: a proxy that is believed gets a challenge.
		e := ftd.Begin([]byte("PROXY TCP4 203.0.113.7 192.0.2.1 50123 41205\r\n"), ftd.TIDAuthenticate)
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte("9999"), AppID: []byte("x")})
		hello, err := e.End()
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = c.Write(hello)
		n, err := c.Read(make([]byte, 1))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		return n == 1
	}
	expect := func(when string, nine, ten bool) {
		t.Helper()
		if trusted("127.0.0.9") != nine || trusted("127.0.0.10") != ten {
			t.Errorf("%s: want 127.0.0.9 trusted %t, 127.0.0.10 %t", when, nine, ten)
		}
	}
	expect("at the start", true, false)
	r.configure(listener, trusting("127.0.0.10", ""))
	r.reload()
	expect("reloaded", false, true)
	r.configure(listener, trusting("127.0.0.9", ""), "log_level: warn", "log_level: loud")
	r.reload()
	expect("something else is wrong", false, true)
	r.configure(listener, trusting("0.0.0.0/0", ""))
	r.reload()
	expect("a rule for every address is not taken", false, true)
	r.configure(listener, trusting("127.0.0.9", "      require_tls: true\n"))
	r.reload()
	expect("another key of the listener waits for a restart", false, true)
	if ready, reason := r.d.reloaded.Load().check(); ready || !strings.Contains(reason, "need a restart: front.listeners") {
		t.Errorf("the check says %v, %s", ready, reason)
	}
	r.configure(listener, trusting("127.0.0.9, 127.0.0.10", ""))
	r.reload()
	expect("both", true, true)
}

// TestURLFileThatLeadsElsewhere: a new password in it needs no restart, since each connection reads it anew; another database does, and a reload
// says so.
func TestURLFileThatLeadsElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "database-url")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Store.Driver, cfg.Store.URLFile = assemble.DriverPostgres, config.File{Path: path}
	write("postgres://front:old@127.0.0.1:1/firm")
	pg, err := assemble.PreparePostgres(t.Context(), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	d := &Daemon{cfg: &cfg, postgres: pg}
	for url, want := range map[string][]string{
		"postgres://front:old@127.0.0.1:1/firm":                 nil,
		"postgres://front:new@127.0.0.1:1/firm":                 nil,
		"postgres://front:old@127.0.0.1:2/firm":                 {"store.url_file"},
		"postgres://other:old@127.0.0.1:1/firm":                 {"store.url_file"},
		"postgres://front:old@127.0.0.1:1/other":                {"store.url_file"},
		"postgres://front:old@127.0.0.1:1/firm?sslmode=require": {"store.url_file"},
	} {
		write(url)
		if got := d.needRestart(&cfg); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
