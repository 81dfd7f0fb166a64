package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/ping"
	"github.com/tradefront/tradefront/test/testmain"
)

// said is what a running front has written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// served is a front that runs in this process until it is told to stop.
type served struct {
	t       *testing.T
	address string
	admin   string
	errOut  said
	out     said          // behind the banner
	ended   chan struct{} // once out is whole
	status  chan int
}

var bannerForm = regexp.MustCompile(`^tradefront \S+: front 1 accepts connections on (127\.0\.0\.1:\d+); admin https?://(127\.0\.0\.1:\d+); store embedded\n$`)

// tracedBriefly is for support bundles: their traces take seconds else.
func tracedBriefly(e *command.Env) { e.Traced = 50 * time.Millisecond }

// serve starts the front of the site, in an environment with these changes, and returns once it said that it accepts connections.
func serve(t *testing.T, changes ...func(*command.Env)) *served {
	t.Helper()
	r, w := io.Pipe()
	s := &served{t: t, ended: make(chan struct{}), status: make(chan int, 1)}
	go func() {
		status := run([]string{"serve", "-c", "tradefront.yaml"}, nil, strings.NewReader(""), w, &s.errOut, append(changes, tracedBriefly)...)
		_ = w.Close() // a front that did not start must not be waited for
		s.status <- status
	}()
	out := bufio.NewReader(r)
	banner, err := out.ReadString('\n')
	go func() { // it would wait for a reader
		defer close(s.ended)
		_, _ = io.Copy(&s.out, out)
	}()
	if err != nil {
		t.Fatalf("no banner, exit status %d: %s", <-s.status, s.errOut.String())
	}
	m := bannerForm.FindStringSubmatch(banner)
	if m == nil {
		t.Fatalf("banner %q", banner)
	}
	s.address, s.admin = m[1], m[2]
	return s
}

// stop sends SIGTERM, as an operator does, and returns the exit status.
func (s *served) stop() int {
	s.t.Helper()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.ended
	for line := range strings.Lines(s.out.String()) {
		if !strings.HasPrefix(line, "warning: calendar_file: ") { // as the real date and the calendar want it
			s.t.Errorf("more on standard output than the banner: %q", line)
		}
	}
	return <-s.status
}

// The whole way by commands alone: a key, an AppID, an account, a front, a login, its line.
func TestServe(t *testing.T) {
	bareSite(t)
	write(t, "code", givenCode+"\n")
	write(t, "password", "pass-word\n")
	write(t, "wrong", "wrong-word\n")
	play(t, []step{
		{"masterkey create" + onC, "", 0, "created …", ""},
		{"app add --app-id a_b_1 --authcode " + givenCode + onC, "", 0, "AppID …", ""},
		{"account add --account 88 --password-file password --user-type 2" + onC, "", 0, "added account 88 (operator)", ""},
	})
	front := serve(t)
	pinging := "ping --address " + front.address
	refused := "tradefront: login " + front.address + ": front answered 3: …[ref …]\nnext: on the front's machine, `tradefront explain …"
	play(t, []step{
		{pinging, "", 0, "front   " + front.address + "\nlocal   127.0.0.1:…\nconnect …ms", ""},
		{pinging + " --app-id a_b_1 --authcode-file -", givenCode, 0, "front   …\nauthenticate …ms", ""},
		{pinging + " --app-id a_b_9 --authcode-file code", "", 1, "", "tradefront: authenticate " + front.address + ": front answered 63: …[ref …]\nnext: on the front's machine, `tradefront explain …"},
		{pinging + " --app-id a_b_1 --authcode-file code --account 88 --password-file wrong", "", 1, "", refused},
		{pinging + " --app-id a_b_1 --authcode-file nosuch", "", 1, "", "tradefront: authenticate …: --authcode-file: open nosuch: no such file or directory"},
		{pinging + " --account 88 --password-file password", "", 1, "", "tradefront: --account needs --app-id: the front accepts no login before authentication"},
		{"app list" + onC, "", 0, "APPID…\na_b_1  …", ""}, // beside the running front
	})
	got := tradefront("", strings.Fields(pinging+" -o json --app-id a_b_1 --authcode-file code --account 88 --password-file password")...)
	var answer ping.Result
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.status != 0 || got.err != "" {
		t.Fatalf("%+v: %v", got, err)
	}
	if answer.Seen != answer.Local || len(answer.Steps) != 4 {
		t.Errorf("ping came from %s, the front saw %s; steps %v", answer.Local, answer.Seen, answer.Steps)
	}
	day := auditedDay(t, answer.Record)
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
	play(t, []step{
		{"report export --partial" + onC + " --day " + day, "", 0, "…0001clientinfo" + day + ".txt: 1 rows…", "…"},
		{pinging, "", 1, "", "tradefront: connect " + front.address + ": …connection refused"},
	})
	checkReport(t, "0001clientinfo"+day+".txt", answer.Local, day)
	for where, text := range map[string]string{"audit log": read(t, "audit.jsonl"), "application log": front.errOut.String()} {
		for _, secret := range []string{givenCode, "pass-word", "wrong-word"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in the %s", secret, where)
			}
		}
	}
}

// auditedDay is the trading day of the login with that RecordID, as the audit log has it.
func auditedDay(t *testing.T, recordID string) string {
	t.Helper()
	for line := range strings.Lines(read(t, "audit.jsonl")) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if e["event"] == "login" && e["record_id"] == recordID {
			return e["trading_day"].(string)
		}
	}
	t.Fatalf("no login %s in the audit log", recordID)
	return ""
}

// checkReport opens the report with the test key: one line, of an operator who collected
// nothing and came from local.
func checkReport(t *testing.T, path, local, day string) {
	t.Helper()
	verdict, err := demo.Check([]io.Reader{strings.NewReader(read(t, path))}, testKey(), nil, 0)
	if err != nil || len(verdict.Faults) != 1 { // Check is given no answered login: the fault has the line
		t.Fatalf("%+v, %v", verdict, err)
	}
	host, port, _ := strings.Cut(local, ":")
	want := `line 1: no answered login was "1@a_b_1@` + host + "@" + port + "@…@@@@@88@2\""
	if !like(want, verdict.Faults[0]) {
		t.Errorf("%s\nwant %s; day %s", verdict.Faults[0], want, day)
	}
}

// The demo is a test of everything with everything: every kind of visitor comes, every
// code and flag is seen, and what was answered is what is reported.
func TestDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", testmain.ShortDir(t)) // the core's socket is below it
	got := tradefront("", "demo", "--exit", "--logins", "400", "--crowd", "16")
	if got.status != exitDone || got.err != "" {
		t.Fatalf("exit status %d: %s\n%s", got.status, got.err, got.out)
	}
	for _, want := range []string{
		`(?m)^- +[1-9]\d* +0 +closed without an answer`, `(?m)^0 +[1-9]\d* +[1-9]\d* +正确`, `(?m)^3 +[1-9]`, `(?m)^5 +[1-9]`,
		`(?m)^15 +[1-9]`, `(?m)^63 +[1-9]`, `(?m)^64 +[1-9]`,
		`(?m)^0 +[1-9]\d* +normal$`, `(?m)^1 +[1-9]\d* +terminal info empty$`, `(?m)^2 +[1-9]`, `(?m)^3 +[1-9]\d* +terminal data abnormal$`,
		`(?m)^supplement  0@.*\n  it was    0@`, `0 answered but not reported`,
	} {
		if !regexp.MustCompile(want).MatchString(got.out) {
			t.Errorf("%s is not in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "FAULT") {
		t.Error(got.out)
	}
	// 400, three of the customers who traded, this machine's, and the operator relay's own
	loggedIn := regexp.MustCompile(`(?m)^all +405 +(\d+)`).FindStringSubmatch(got.out)
	if loggedIn == nil || !strings.Contains(got.out, loggedIn[1]+" logins answered, "+loggedIn[1]+" lines reported") {
		t.Errorf("the two tables differ: %q in\n%s", loggedIn, got.out)
	}
}

func TestDemoMisused(t *testing.T) {
	play(t, []step{
		{"demo --logins 0", "", 1, "", "tradefront: --logins and --crowd must be at least 1"},
		{"demo --exit --listen 127.0.0.1", "", 1, "", "…front.listeners[0].address: …"},
	})
}

// A front that is told to stop while it still waits for PostgreSQL has done what it was asked.
func TestStopWhileStarting(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	bareSite(t)
	play(t, []step{{"masterkey create" + onC, "", 0, "created …", ""}})
	t.Setenv("TRADEFRONT_STORE_DRIVER", "postgres")
	t.Setenv("TRADEFRONT_STORE_URL", "postgres://front@"+silent.Addr().String()+"/firm?sslmode=disable")
	var errOut bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run([]string{"serve", "-c", "tradefront.yaml"}, os.Environ(), strings.NewReader(""), io.Discard, &errOut)
	}()
	met := make(chan error, 1)
	go func() {
		conn, err := silent.Accept() // and never a word
		met <- err
		_ = conn
	}()
	select {
	case <-met:
	case s := <-status:
		t.Fatalf("ended by itself, status %d: %s", s, errOut.String())
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if s := <-status; s != 0 || !strings.Contains(errOut.String(), "stopped before it accepted connections") {
		t.Errorf("status %d: %s", s, errOut.String())
	}
}
