package daemon

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/client/collect"
	"github.com/tradefront/tradefront/internal/agent/registryfile"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

const (
	agentApp   = "vendor_app_1"
	agentRelay = "abcdef_relay_1"
)

// agentSite is a relay agent with its files, and the code of its terminals' software.
type agentSite struct {
	t    *testing.T
	dir  string
	code string
	*RelayAgent
	stopped bool
}

func startAgent(t *testing.T, front *relayFront, extra string) *agentSite {
	t.Helper()
	s := &agentSite{t: t, dir: t.TempDir()}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("relay.authcode", "ABCDEFGH01234567\n")
	write("operator.password", "secret of 8000\n")
	write("relay.yaml", fmt.Sprintf(`
broker_id: "9999"
front: {listeners: [{address: "127.0.0.1:0"}]}
admin: {address: "127.0.0.1:0"}
upstream:
  addresses: [%q]
  app_id: %s
  operator: "8000"
  password_file: operator.password
  exit_spread: 0s
keys: [{version: "1.0"}]
core: {argon2: {memory_kib: 1024, iterations: 1}}
timers: {drain: 1s}
%s`, front.listener.Addr(), agentRelay, extra))
	s.export()
	conf, err := config.LoadAgent(filepath.Join(s.dir, "relay.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if conf.Operator() {
		s.addAccount(conf)
	}
	if s.RelayAgent, err = StartRelayAgent(context.Background(), conf, Options{Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !s.stopped {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// export is the firm's part: the registry file.
func (s *agentSite) export() {
	s.t.Helper()
	own := filepath.Join(s.dir, "relay-master.key")
	if err := auth.CreateMasterKey(own); err != nil {
		s.t.Fatal(err)
	}
	key, err := auth.LoadMasterKey(own)
	if err != nil {
		s.t.Fatal(err)
	}
	code, err := auth.NewAuthCode(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	s.code = code.Reveal()
	sealed, err := key.Seal(agentApp, code)
	if err != nil {
		s.t.Fatal(err)
	}
	content, err := registryfile.Export(&relay.Permission{AppID: agentRelay}, 1, []auth.App{
		{AppID: agentApp, Type: auth.AppDirect, Enabled: true, Sealed: sealed}, {AppID: agentRelay, Type: auth.AppInvestorRelay, Enabled: true},
	}, key, key, time.Now())
	if err == nil {
		err = registryfile.Write(filepath.Join(s.dir, "relay-registry"), content, key)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *agentSite) addAccount(conf *config.Agent) {
	s.t.Helper()
	r, err := assemble.OpenLocal(context.Background(), conf.AsFront())
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Close()
	hash, err := local.HashPassword([]byte("right"), assemble.CoreOptions(conf.AsFront()).Params)
	if err == nil {
		err = directory.New(r.Tables()).AddAccount(context.Background(), local.Account{
			Account: "8", UserType: regulation.UserCustomer, PasswordHash: hash, Created: time.Now(), Changed: time.Now(),
		})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// terminal is one that has authenticated at the agent.
func (s *agentSite) terminal(opts ...client.Option) *client.Conn {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, s.Addrs()[0].String(), opts...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Authenticate(ctx, client.Identity{BrokerID: "9999", AppID: agentApp}, s.code); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func logIn(c *client.Conn, password string, ciphertext []byte) (client.LoginResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.Login(ctx, client.LoginRequest{
		BrokerID: "9999", UserID: "8", Password: password, KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext,
	})
}

func ciphertext() []byte {
	b := make([]byte, 256)
	_, _ = rand.Read(b)
	return b
}

// refusedWith wants err to be that code, with a reference of the agent's own.
func refusedWith(t *testing.T, err error, code int) {
	t.Helper()
	refused, is := errors.AsType[*client.Error](err)
	if !is || refused.Code != code || len(refused.Ref) != 6 || refused.Ref == "UPREF1" {
		t.Errorf("%v, want %d with a reference of the agent's", err, code)
	}
}

func (s *agentSite) audit() string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "relay-audit.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

func forced(t *testing.T, c *client.Conn) *client.ForceExit {
	t.Helper()
	<-c.Done()
	exit, is := errors.AsType[*client.ForceExit](c.Err())
	if !is {
		t.Fatalf("ended with %v, not by ForceExit", c.Err())
	}
	return exit
}

func TestInvestorAgent(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '2')
	s := startAgent(t, front, "")
	came := make(chan []byte, 1)
	c := s.terminal(client.WithHandler(func(m client.Message) { came <- bytes.Clone(m.Body) }))
	info := ciphertext()
	got, err := logIn(c, "pass word", info)
	if err != nil {
		t.Fatal(err)
	}
	if got.RecordID != frontRecord || got.FrontID != 7 || got.SystemName != "the front" || got.PublicAddr.String() != "203.0.113.7:50001" {
		t.Errorf("answered %+v, which is not the front's answer", got)
	}
	seen := front.logins()
	if own := c.LocalAddr().String(); len(seen) != 1 || seen[0].user != "8" || seen[0].password != "pass word" || seen[0].app != agentApp ||
		fmt.Sprintf("%s:%d", seen[0].addr, seen[0].port) != own || seen[0].flag != '0' || seen[0].ciphertext != 256 {
		t.Errorf("the front saw %+v of the terminal at %s", seen, own)
	}
	if at, err := time.ParseInLocation(time.DateTime, seen[0].at, regulation.Zone); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("login time at the relay %q", seen[0].at)
	}
	body := terminaltest.Request(3, 1)[ftd.FrameHeaderLen:]
	if _, err := c.Send(context.Background(), client.Outgoing{Body: body}); err != nil {
		t.Fatal(err)
	}
	if answer := <-came; !bytes.Equal(answer, body) {
		t.Errorf("a business message came back as %x, sent as %x", answer, body)
	}
	if list, err := s.terminals(t.Context(), inFull); err != nil || len(list) != 1 || list[0].Account != "8" || list[0].RecordID != frontRecord {
		t.Errorf("terminals %+v, %v", list, err)
	}

	// The same ciphertext again is flagged here, as the front would.
	if _, err := logIn(s.terminal(), "pass word", info); err != nil {
		t.Fatal(err)
	}
	if seen := front.logins(); seen[1].flag != '3' {
		t.Errorf("a ciphertext that came before went up with flag %q", seen[1].flag)
	}
	front.breakOff()
	if exit := forced(t, c); !strings.Contains(exit.Msg, "log in again") {
		t.Errorf("told %q", exit.Msg)
	}
	await.True(t, "both terminals to have left", func() bool { return s.agent.Online() == 0 })
	if log := s.audit(); strings.Contains(log, "pass word") || !strings.Contains(log, frontRecord) {
		t.Errorf("the audit log:\n%s", log)
	}
}

// TestNumbersThroughAnInvestorAgent: agent and front count the same numbers, also of messages that the front does not know and
// answers 77. One between them that counted otherwise would end the session at the next order.
func TestNumbersThroughAnInvestorAgent(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '2')
	front.trading = true
	s := startAgent(t, front, "")
	m := terminaltest.Dial(t, s.Addrs()[0].String(), nil)
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: agentApp}, s.code)
	m.LogIn(client.LoginRequest{BrokerID: "9999", UserID: "8", Password: "x", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext()})
	number := uint32(0)
	for _, tid := range []ftd.TID{0x8123, ftd.TIDForceExit, ftd.TIDRequestCode, 0x9001} {
		number++
		m.Send(terminaltest.Request(tid, number))
		if r := m.Expect(ftd.TIDError, 77); r.SequenceNumber != number || r.Ref != "UPREF1" {
			t.Errorf("%v with number %d is answered under %d, ref %s", tid, number, r.SequenceNumber, r.Ref)
		}
		number++
		m.Send(terminaltest.Request(3, number))
		if r := m.Next(); r.TID != 3 || r.SequenceNumber != number {
			t.Fatalf("the order behind %v: %v, number %d, code %d", tid, r.TID, r.SequenceNumber, r.Code)
		}
	}
	m.Send(terminaltest.Request(0x8123, 0)) // takes no number anywhere
	m.Expect(ftd.TIDError, 77)
	m.Send(terminaltest.Request(3, number+1))
	if r := m.Next(); r.TID != 3 {
		t.Errorf("the last order: %v, code %d", r.TID, r.Code)
	}
}

// TestBusinessBeforeALoginAtAnInvestorAgent: it is answered 6 as at the front, whole or in parts; the first after the login has number 1.
func TestBusinessBeforeALoginAtAnInvestorAgent(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '2')
	s := startAgent(t, front, "")
	m := terminaltest.Dial(t, s.Addrs()[0].String(), nil)
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: agentApp}, s.code)
	for _, chain := range []byte{ftd.ChainSingle, ftd.ChainFirst, ftd.ChainLast} {
		frame := terminaltest.Request(3, 1)
		frame[ftd.FrameHeaderLen+5] = chain
		m.Send(frame)
		if r := m.Expect(ftd.TIDError, 6); r.SequenceNumber != 1 {
			t.Errorf("chain %c: answered under number %d", chain, r.SequenceNumber)
		}
	}
	m.LogIn(client.LoginRequest{BrokerID: "9999", UserID: "8", Password: "x", KeyVersion: "1.0", AbnormalFlag: '0', Ciphertext: ciphertext()})
	m.Send(terminaltest.Request(3, 1))
	if r := m.Next(); r.TID != 3 || r.SequenceNumber != 1 {
		t.Errorf("the first order: %v, number %d, code %d", r.TID, r.SequenceNumber, r.Code)
	}
}

func TestInvestorAgentRefuses(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '2')
	s := startAgent(t, front, "")
	for _, c := range []struct{ front, terminal int }{{8, 8}, {90, 90}, {7, 7}, {9, 3}, {3, 3}, {15, 15}, {60, 60}, {27, 8}, {63, 63}} {
		front.answerWith(c.front)
		_, err := logIn(s.terminal(), "x", ciphertext())
		refusedWith(t, err, c.terminal)
	}
	if log := s.audit(); strings.Count(log, `"upstream_ref":"UPREF1"`) < 8 {
		t.Errorf("the front's references are missing in\n%s", log)
	}
	_ = front.listener.Close()
	front.breakOff()
	_, err := logIn(s.terminal(), "x", ciphertext())
	refusedWith(t, err, 8)
	if up, why := s.agent.Upstream(); up {
		t.Errorf("ready: %s", why)
	}
}

func TestOperatorAgent(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '3')
	s := startAgent(t, front, "mode: operator\n")
	await.True(t, "the operator to be logged in", func() bool { up, _ := s.agent.Upstream(); return up })
	_, err := logIn(s.terminal(), "wrong", ciphertext())
	refusedWith(t, err, 3)
	if n := len(front.logins()); n != 0 {
		t.Fatalf("%d submissions of a wrong password", n)
	}
	front.answerWith(9)
	_, err = logIn(s.terminal(), "right", ciphertext())
	refusedWith(t, err, 3)
	front.answerWith(0)

	c := s.terminal()
	got, err := logIn(c, "right", ciphertext())
	if err != nil {
		t.Fatal(err)
	}
	seen := front.logins()
	last := seen[len(seen)-1]
	if got.RecordID != frontRecord || got.SystemName != "tradefront relay" || last.user != "8" || last.app != agentApp ||
		fmt.Sprintf("%s:%d", last.addr, last.port) != c.LocalAddr().String() {
		t.Errorf("answered %+v, the front saw %+v", got, last)
	}
	other := s.terminal()
	if _, err := logIn(other, "right", ciphertext()); err != nil {
		t.Fatal(err)
	}
	if s.agent.Online() != 2 || !strings.Contains(s.audit(), `"submit_id":"`+last.submitID+`"`) {
		t.Errorf("%d online, audit\n%s", s.agent.Online(), s.audit())
	}

	// The front ends one terminal: the other stays.
	front.say(terminaltest.Message(ftd.TIDForceExit, func(e *ftd.Encoder) {
		e.Raw(ftd.FIDForceExit, session.AppendForceExit(nil, '3', "ended by the firm"))
		e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(last.submitID)})
	}))
	if exit := forced(t, c); exit.Code != '3' || exit.Msg != "ended by the firm" {
		t.Errorf("told %v", exit)
	}
	await.True(t, "one to be left", func() bool { return s.agent.Online() == 1 })
	if err := other.Logout(context.Background()); err != nil {
		t.Fatal(err)
	}
	await.True(t, "TerminalEnd of the other", func() bool { return len(front.endedIDs()) == 1 })
}

// TestWhatTheOperatorsMachineLacks is a line of the log, once until other items are missing.
func TestWhatTheOperatorsMachineLacks(t *testing.T) {
	t.Parallel()
	folder := func(calls string) *collect.Result {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "calls"), []byte(calls), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := collect.Collect(t.Context(), collect.Options{Root: dir})
		if err != nil {
			t.Skip(err)
		}
		return found
	}
	core, log := observer.New(zap.InfoLevel)
	r := &RelayAgent{Daemon: &Daemon{logger: zap.New(core)}}
	named, bare := folder("hostname relay-01\n"), folder("")
	for _, found := range []*collect.Result{named, named, bare, named} {
		r.noteMachine(found)
	}
	lines := log.TakeAll()
	if len(lines) != 3 {
		t.Fatalf("%d lines of four logins, of which the second lacked what the first did: %v", len(lines), lines)
	}
	for i, want := range []struct {
		flag  string
		named bool
	}{{"3", true}, {"1", false}, {"3", true}} {
		fields := lines[i].ContextMap()
		if items := fmt.Sprint(fields["items"]); fields["flag"] != want.flag || !strings.Contains(items, "disk_serial absent") ||
			strings.Contains(items, "device_name") == want.named || strings.Contains(items, "relay-01") {
			t.Errorf("line %d: %v", i, fields)
		}
	}
}

func TestOperatorAgentLosesItsFront(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '3')
	s := startAgent(t, front, "mode: operator\n")
	await.True(t, "the operator to be logged in", func() bool { up, _ := s.agent.Upstream(); return up })
	c := s.terminal()
	if _, err := logIn(c, "right", ciphertext()); err != nil {
		t.Fatal(err)
	}
	front.breakOff() // it listens on: the agent comes back and reports the terminal again
	await.True(t, "the terminal to be reported again", func() bool { return strings.Contains(s.audit(), `"event":"reported_again"`) })
	if c.Err() != nil {
		t.Fatalf("the terminal was sent away: %v", c.Err())
	}
	_ = front.listener.Close()
	front.breakOff()
	await.True(t, "the agent to notice", func() bool { up, _ := s.agent.Upstream(); return !up })
	_, err := logIn(s.terminal(), "right", ciphertext())
	refusedWith(t, err, 8)
	if c.Err() != nil {
		t.Fatalf("sent away within the grace: %v", c.Err())
	}
}

func TestOperatorAgentWithoutGrace(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '3')
	s := startAgent(t, front, "mode: operator\n")
	await.True(t, "the operator to be logged in", func() bool { up, _ := s.agent.Upstream(); return up })
	c := s.terminal()
	if _, err := logIn(c, "right", ciphertext()); err != nil {
		t.Fatal(err)
	}
	_ = front.listener.Close()
	s.agent.RelayEvent(client.RelayEvent{Kind: client.RelayEnded, Err: errors.New("no front is left")})
	if exit := forced(t, c); !strings.Contains(exit.Msg, "log in again") {
		t.Errorf("told %q", exit.Msg)
	}
}

// TestAgentDrains: a stopping agent sends its terminals away, ends their visits, and logs the operator out.
func TestAgentDrains(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '3')
	s := startAgent(t, front, "mode: operator\n")
	await.True(t, "the operator to be logged in", func() bool { up, _ := s.agent.Upstream(); return up })
	c := s.terminal()
	if _, err := logIn(c, "right", ciphertext()); err != nil {
		t.Fatal(err)
	}
	s.stopped = true
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if exit := forced(t, c); !strings.Contains(exit.Msg, "relay is stopping") {
		t.Errorf("told %q", exit.Msg)
	}
	front.mu.Lock()
	defer front.mu.Unlock()
	if front.logouts != 1 {
		t.Errorf("%d logouts of the operator", front.logouts)
	}
}

// TestInvestorAgentPassesAPasswordChange: the front wants another password first; after the change the terminal logs in
// on the same connection.
func TestInvestorAgentPassesAPasswordChange(t *testing.T) {
	t.Parallel()
	front := startRelayFront(t, '2')
	s := startAgent(t, front, "")
	front.answerWith(140)
	c := s.terminal()
	_, err := logIn(c, "old", ciphertext())
	refusedWith(t, err, 140)
	front.answerWith(0)
	update := client.PasswordUpdate{BrokerID: "9999", UserID: "8", OldPassword: "old", NewPassword: "new"}
	if err := c.UpdatePassword(context.Background(), update); err != nil {
		t.Fatal(err)
	}
	if _, err := logIn(c, "new", ciphertext()); err != nil {
		t.Fatal(err)
	}
	if seen := front.logins(); len(seen) != 2 || seen[1].password != "new" {
		t.Errorf("the front saw %+v", seen)
	}
}
