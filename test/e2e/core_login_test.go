package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// raw is a field with any data.
func raw(fid ftd.FID, data []byte) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) { e.Raw(fid, data) }
}

// TestFirstLogin: a customer who must change the password first may do that and nothing else; the login behind it on
// the same connection is the only record.
func TestFirstLogin(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", "accounts:\n  - {user: \""+alice+"\", password: \""+password+"\", restriction: first-login}\n", "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	m := d.trade(t)
	if _, err := m.login(s, alice, password, terminalText); code(t, err) != 140 {
		t.Fatalf("the first login was answered %d, want 140", code(t, err))
	}
	if _, err := m.login(s, alice, password, terminalText); code(t, err) != 6 {
		t.Errorf("a login before the change was answered %d, want 6", code(t, err))
	}
	const chosen = "an0ther@pass"
	update := func(to string) int {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		return code(t, m.UpdatePassword(ctx, client.PasswordUpdate{BrokerID: "9999", UserID: alice, OldPassword: password, NewPassword: to}))
	}
	if got := update(password); got != 142 {
		t.Errorf("the same password again was answered %d, want 142", got)
	}
	if got := update(chosen); got != 0 {
		t.Fatalf("the new password was answered %d", got)
	}
	if _, err := m.login(s, alice, chosen, terminalText); err != nil {
		t.Fatal(err)
	}
	m.expect(echoTID, 0, m.echo())
	if n := core.saw(); n.Opens != 1 || n.PasswordsChanged != 1 {
		t.Errorf("the core saw %+v", n)
	}
	core.wantNoViolation()
	d.stop()
	if lines := s.records(); len(lines) != 1 || lines[0].terminal() != terminalText {
		t.Errorf("%d records, want the login with the new password alone", len(lines))
	}
}

// TestFirstLoginBusiness: while only the password may be changed, business is answered 6 and never reaches the core.
func TestFirstLoginBusiness(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", "accounts:\n  - {user: \""+alice+"\", password: \""+password+"\", restriction: expired}\n", "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	m := terminaltest.Dial(t, d.address, nil)
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: appID}, s.apps[0].AuthCode)
	m.Send(terminaltest.Login(client.LoginRequest{BrokerID: "9999", UserID: alice, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'}))
	m.Expect(ftd.TIDUserLogin, 141)
	m.Send(terminaltest.Request(echoTID, 1, raw(0x7001, []byte("x"))))
	m.ExpectCode(6)
	m.Send(terminaltest.Logout("9999", alice))
	m.Next()
	await.True(t, "the core knows that the session is over", func() bool { return core.saw().Closes["1"]+core.saw().Closes["2"] == 1 })
	if n := core.saw(); n.Business != 0 || n.BeyondPassword != 0 || n.Opens != 0 {
		t.Errorf("the core saw %+v", n)
	}
}

// TestDialogFaults: a gap, a repeat and a cut chain close the connection without an answer; the audit log says which.
func TestDialogFaults(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	for name, c := range map[string]struct {
		good, bad []byte
		fault     string
	}{
		"the first is 2":                 {nil, request(2, 'S'), "sequence"},
		"a gap":                          {request(1, 'S'), request(3, 'S'), "sequence"},
		"a repeat":                       {request(1, 'S'), request(1, 'S'), "sequence"},
		"a part of another number":       {request(1, 'F'), request(2, 'C'), "sequence"},
		"a part without its beginning":   {request(1, 'S'), request(2, 'C'), "chain"},
		"a message within a chain":       {request(1, 'F'), request(2, 'S'), "chain"},
		"a beginning within a chain":     {request(1, 'F'), request(2, 'F'), "chain"},
		"a chain byte that is not known": {request(1, 'S'), request(2, 'X'), "chain"},
	} {
		t.Run(name, func(t *testing.T) {
			m := d.enterRaw(t, alice)
			m.Send(c.good, c.bad)
			answer, err := io.ReadAll(m.Conn)
			if err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("the front did not close: %v", err)
			}
			if !bytes.Equal(answer, c.good) && len(answer) > 0 { // the core's answer may be overtaken by the end
				t.Errorf("the front answered % x", answer)
			}
			s.awaitAudit(`"event":"malformed"`, `"reason":"`+c.fault+`"`, fmt.Sprintf(`"port":%d`, m.LocalAddr().(*net.TCPAddr).Port))
		})
	}
	await.True(t, "the core knows that the sessions are over", func() bool { return core.saw().Closes["5"] == 8 })
	core.wantNoViolation()
}

// TestNotPassedOn: business before the login, and the TIDs of the link after it, are answered by the front and never
// reach the core; those behind them pass with the next number.
func TestNotPassedOn(t *testing.T) {
	t.Parallel()
	core := newCore(t, "a", twoCustomers, "")
	s := linked(t, []*coreProcess{core}, "", "")
	d := s.serveReady()
	m := d.enterRaw(t, "")
	m.Send(request(1, 'S'))
	m.Expect(ftd.TIDError, 6)
	m = d.enterRaw(t, bob)
	number := uint32(0)
	for _, tid := range []ftd.TID{ftd.TIDForceExit, ftd.TIDLinkLogin, ftd.TIDSessionOpen, ftd.TIDSessionKick, 0x90FF} {
		number++
		m.Send(terminaltest.Request(tid, number, raw(0x7001, []byte("x"))))
		r := m.Expect(ftd.TIDError, 77)
		var about ftd.ErrorTargetSequence
		if data, _ := r.Field(ftd.FIDErrorTargetSequence); about.Decode(data) != nil || uint32(about.Number) != number || r.SequenceNumber != number {
			t.Errorf("%v: the answer has number %d and is about %+v", tid, r.SequenceNumber, about)
		}
	}
	m.Send(request(number+1, 'S'))
	if r := m.Next(); r.TID != echoTID || r.SequenceNumber != number+1 {
		t.Errorf("behind them: %v with number %d, code %d", r.TID, r.SequenceNumber, r.Code)
	}
	if n := core.saw(); n.Business != 1 || n.UnknownTID != 0 {
		t.Errorf("the core saw %+v", n)
	}
	core.wantNoViolation()
}

// enterRaw is a scripted terminal that has authenticated and, if user is not "", logged in.
func (d *daemon) enterRaw(t *testing.T, user string) *terminaltest.Terminal {
	t.Helper()
	m := terminaltest.Dial(t, d.address, nil)
	m.Authenticate(client.Identity{BrokerID: "9999", AppID: appID}, d.s.apps[0].AuthCode)
	if user != "" {
		m.LogIn(client.LoginRequest{BrokerID: "9999", UserID: user, Password: password, KeyVersion: "1.0", AbnormalFlag: '1'})
	}
	return m
}

// request is one that core-sim sends back.
func request(number uint32, chain byte) []byte {
	frame := terminaltest.Request(echoTID, number, raw(0x7001, []byte("x")))
	frame[ftd.FrameHeaderLen+5] = chain
	return frame
}
