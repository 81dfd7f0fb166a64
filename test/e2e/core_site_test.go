package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
	firm "github.com/tradefront/tradefront/test/site"
	"github.com/tradefront/tradefront/test/testmain"
)

// alice and bob are customers of a core-sim; their private flows are series 1 and 2.
const (
	alice = "10001"
	bob   = "10002"

	twoCustomers = "accounts:\n" +
		"  - {user: \"" + alice + "\", password: \"" + password + "\", last_login: \"2026-01-02 09:00:00\", last_ip: \"198.51.100.9\", notice: 保证金不足}\n" +
		"  - {user: \"" + bob + "\", password: \"" + password + "\"}\n"

	echoTID = 0x3001 // core-sim sends it back as it came
)

// coreProcess is a running `tradefront core-sim`.
type coreProcess struct {
	t       testing.TB
	args    []string
	control string
	at      coresim.Listening
	cmd     *exec.Cmd
	log     syncBuffer
	exited  *ending
}

// newCore starts a core of that name. A listen of "" is a Unix socket. A restarted core listens at the same address again, and a front calls a
// core that was killed: a port is one of test/ports, since one that the kernel chose is given to others meanwhile.
func newCore(t testing.TB, name, accounts, listen string, args ...string) *coreProcess {
	t.Helper()
	dir := testmain.ShortDir(t)
	if strings.HasSuffix(listen, ":0") {
		t.Fatalf("a core at %s would have another port after a restart, and others its first one", listen)
	}
	if listen == "" {
		listen = "unix:" + filepath.Join(dir, "core")
	}
	c := &coreProcess{t: t, control: filepath.Join(dir, "ctl")}
	file := filepath.Join(dir, "accounts.yaml")
	writeFile(t, file, accounts)
	c.args = append([]string{"core-sim", "--core-id", "core-sim-" + name, "--accounts", file, "--listen", listen, "--control", c.control, "-o", "json"}, args...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of core %s:\n%s", name, c.log.String())
		}
	})
	c.start()
	return c
}

func (c *coreProcess) start(args ...string) {
	c.t.Helper()
	cmd := exec.Command(binary, append(slices.Clone(c.args), args...)...)
	cmd.Stderr = &c.log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = child.Start(cmd)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	exited := endingOf(func() error {
		_, _ = io.Copy(io.Discard, lines)
		return cmd.Wait()
	})
	c.cmd, c.exited = cmd, exited
	c.t.Cleanup(func() { exited.killed(c.t, cmd) })
	if err == nil {
		err = json.Unmarshal([]byte(line), &c.at)
	}
	if err != nil {
		c.t.Fatalf("core-sim said not where it listens: %v in %q", err, line)
	}
}

// endpoint is as core.link.endpoints names it.
func (c *coreProcess) endpoint() string { return c.at.Listen[0] }

// kill is kill -9.
func (c *coreProcess) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	_ = c.exited.wait()
}

// do sends a command to the control socket.
func (c *coreProcess) do(command string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	answer, err := coresim.Ask(ctx, c.control, command)
	if err != nil {
		c.t.Fatalf("%s: %v", command, err)
	}
	return answer
}

// saw is what the core's present instance counted.
func (c *coreProcess) saw() *coresim.Counters {
	c.t.Helper()
	var r coresim.Report
	if err := json.Unmarshal([]byte(c.do("report")), &r); err != nil {
		c.t.Fatal(err)
	}
	return r.Now()
}

// wantNoViolation fails the test if the front broke the contract of the link.
func (c *coreProcess) wantNoViolation() {
	c.t.Helper()
	if n := c.saw(); n.Violations() != 0 {
		c.t.Errorf("the front broke the contract: %+v", n)
	}
}

// linked is a firm whose front has these cores behind it. link are more keys of core.link, as "grace: 1s"; extra is YAML.
func linked(t testing.TB, cores []*coreProcess, link, extra string) *site {
	t.Helper()
	endpoints := make([]string, len(cores))
	for i, c := range cores {
		endpoints[i] = fmt.Sprintf("%q", c.endpoint())
	}
	if link != "" {
		link = ", " + link
	}
	p, err := linkedFirm()
	if err != nil {
		t.Fatal(err)
	}
	return siteOf(t, p.New(t, firm.Options{
		Binary: binary, Store: extra,
		Core: fmt.Sprintf("  driver: link\n  link: {endpoints: [%s]%s}\n", strings.Join(endpoints, ", "), link),
	}))
}

// serveReady starts the front, and waits until it uses a core.
func (s *site) serveReady() *daemon {
	s.t.Helper()
	d := s.serve()
	d.awaitReady(http.StatusOK)
	return d
}

// awaitReady waits until /readyz has that status, and returns what it says.
func (d *daemon) awaitReady(status int) (page string) {
	d.s.t.Helper()
	await.Every(d.s.t, 20*time.Millisecond, fmt.Sprintf("/readyz to be %d", status), func() (so bool) {
		var got int
		got, page = d.get(d.s.t, "/readyz")
		return got == status
	})
	return page
}

// awaitMetric waits until /metrics has that line.
func (d *daemon) awaitMetric(line string) {
	d.s.t.Helper()
	await.Every(d.s.t, 20*time.Millisecond, line, func() bool {
		_, page := d.get(d.s.t, "/metrics")
		return strings.Contains(page, line+"\n")
	})
}

// trader is a terminal that trades: its messages of the core wait in a channel.
type trader struct {
	*client.Conn
	t        testing.TB
	messages chan client.Message
}

const heldMessages = 4096 // of a trader that does not look at them

// trade connects and authenticates a trader.
func (d *daemon) trade(t testing.TB) *trader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m := &trader{t: t, messages: make(chan client.Message, heldMessages)}
	var err error
	m.Conn, err = client.Dial(ctx, d.address, client.WithHandler(func(got client.Message) {
		got.Body = bytes.Clone(got.Body)
		select {
		case m.messages <- got:
		default:
			t.Errorf("over %d messages that the test did not look at", heldMessages)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if _, err := m.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: appID}, d.s.apps[0].AuthCode); err != nil {
		t.Fatal(err)
	}
	return m
}

// login logs in; what the terminal collected is the text, encrypted.
func (m *trader) login(s *site, user, pass, text string, resume ...client.ResumePoint) (client.LoginResult, error) {
	m.t.Helper()
	ciphertext, err := s.sealed.Encrypt(nil, []byte(text))
	if err != nil {
		m.t.Fatal(err)
	}
	return login(m.t, m.Conn, pass, func(r *client.LoginRequest) { r.UserID, r.Ciphertext, r.Resume = user, ciphertext, resume })
}

// tradeAs is a trader who is logged in, with the flows from the beginning of the day.
func (d *daemon) tradeAs(t testing.TB, user string, series ...uint16) *trader {
	t.Helper()
	m := d.trade(t)
	var resume []client.ResumePoint
	for _, n := range series {
		resume = append(resume, client.ResumePoint{Series: n})
	}
	if _, err := m.login(d.s, user, password, terminalText, resume...); err != nil {
		t.Fatal(err)
	}
	return m
}

// send sends a message to the core and returns its number.
func (m *trader) send(out client.Outgoing) uint32 {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 20*time.Second)
	defer cancel()
	n, err := m.Send(ctx, out)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// echo sends a message that the core sends back.
func (m *trader) echo() uint32 {
	m.t.Helper()
	return m.send(client.Outgoing{TID: echoTID, Fields: []client.Field{{FID: 0x7001, Data: []byte("x")}}})
}

// order sends an order for one lot at 3,500.
func (m *trader) order(ref string, direction byte) uint32 {
	m.t.Helper()
	data, err := (&coresim.Order{Ref: ref, Instrument: "SIM2612", Direction: direction, Price: 3500, Volume: 1}).Encode()
	if err != nil {
		m.t.Fatal(err)
	}
	return m.send(client.Outgoing{TID: uint32(coresim.TIDOrderInsert), Fields: []client.Field{{FID: uint32(coresim.FIDOrder), Data: data}}})
}

// next is the next message of the core's, or of the front's about a request.
func (m *trader) next() client.Message {
	m.t.Helper()
	select {
	case got := <-m.messages:
		return got
	case <-m.Done():
		select {
		case got := <-m.messages:
			return got
		default:
			m.t.Fatalf("the connection ended: %v", m.Err())
		}
	case <-time.After(20 * time.Second):
		m.t.Fatal("no message within 20 s")
	}
	panic("not reached")
}

// expect wants the next message to be of that TID, series and number, without an error.
func (m *trader) expect(tid uint32, series uint16, number uint32) client.Message {
	m.t.Helper()
	got := m.next()
	if got.TID != tid || got.Series != series || got.Number != number || got.Err() != nil {
		m.t.Fatalf("got TID %#x, series %d, number %d, %v; want TID %#x, series %d, number %d", got.TID, got.Series, got.Number, got.Err(), tid, series, number)
	}
	return got
}

// expectRefused wants the next message to be the front's Error with that code about that request.
func (m *trader) expectRefused(code int, number uint32) {
	m.t.Helper()
	got := m.next()
	series, about, ok := got.Target()
	if err := got.Err(); err == nil || err.Code != code || !ok || series != 0 || about != number || got.Number != number {
		m.t.Fatalf("got TID %#x, number %d, about %d/%d (%v): %v; want %d about 0/%d", got.TID, got.Number, series, about, ok, err, code, number)
	}
}

// expectExit wants the front to end the session with that code.
func (m *trader) expectExit(code byte) *client.ForceExit {
	m.t.Helper()
	select {
	case <-m.Done():
	case <-time.After(20 * time.Second):
		m.t.Fatal("the session is still there after 20 s")
	}
	var exit *client.ForceExit
	if !errors.As(m.Err(), &exit) || exit.Code != code {
		m.t.Fatalf("the connection ended with %v, want ForceExit %q", m.Err(), code)
	}
	return exit
}

// records are the report's lines of today.
func (s *site) records() []opened {
	s.t.Helper()
	return s.export(s.days(nil)[0])
}

// awaitAudit waits for a line of the audit log that has all of the parts.
func (s *site) awaitAudit(parts ...string) {
	s.t.Helper()
	await.Every(s.t, 20*time.Millisecond, fmt.Sprintf("a line of the audit log with %q", parts), func() bool { return s.hasAudit(parts...) })
}

func (s *site) hasAudit(parts ...string) bool {
	s.t.Helper()
	for line := range strings.Lines(readFile(s.t, filepath.Join(s.dir, "audit.jsonl"))) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			return true
		}
	}
	return false
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
