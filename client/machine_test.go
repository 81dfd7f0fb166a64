package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// ask, answer, enter and leave are the requests of a Machine.
func ask(m *client.Machine, dst []byte) ([]byte, error) { return m.AppendAsk(dst, &identity) }

func answer(m *client.Machine, dst []byte) ([]byte, error) {
	return m.AppendAnswer(dst, &identity, authCode, new(client.Challenge))
}

func enter(m *client.Machine, dst []byte) ([]byte, error) {
	req := loginRequest()
	return m.AppendLogin(dst, &req)
}

func leave(m *client.Machine, dst []byte) ([]byte, error) { return m.AppendLogout(dst) }

type request = func(*client.Machine, []byte) ([]byte, error)

func must(t testing.TB, b []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func frame(t testing.TB, tid ftd.TID, put func(*ftd.Encoder)) []byte {
	t.Helper()
	b, err := encode(tid, put)
	return must(t, b, err)
}

func nothing(*ftd.Encoder) {}

func forced(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '1', Msg: []byte("closed")}) }

// TestMachine: each frame of the front in each state of the terminal.
func TestMachine(t *testing.T) {
	type want struct {
		kind  client.EventKind
		err   string // violation, exit, error
		after client.Request
	}
	violation := want{err: "violation"}
	refused := want{kind: client.Refused}
	requests := map[client.Request]request{
		client.NoRequest: nil, client.AskChallenge: ask, client.AnswerChallenge: answer,
		client.RequestLogin: enter, client.RequestLogout: leave,
	}
	for name, c := range map[string]struct {
		frame []byte
		want  map[client.Request]want // another request, or none: violation
	}{
		"heartbeat": {ftd.AppendHeartbeat(nil), map[client.Request]want{
			client.NoRequest: {}, client.AskChallenge: {after: client.AskChallenge},
			client.AnswerChallenge: {after: client.AnswerChallenge},
			client.RequestLogin:    {after: client.RequestLogin}, client.RequestLogout: {after: client.RequestLogout},
		}},
		"compressed": {[]byte{2, 0, 0, 1, 9}, map[client.Request]want{
			client.NoRequest: {}, client.AskChallenge: {after: client.AskChallenge},
			client.AnswerChallenge: {after: client.AnswerChallenge},
			client.RequestLogin:    {after: client.RequestLogin}, client.RequestLogout: {after: client.RequestLogout},
		}},
		"challenge": {frame(t, ftd.TIDAuthenticate, challenge), map[client.Request]want{
			client.AskChallenge: {kind: client.Challenged},
		}},
		"admitted": {frame(t, ftd.TIDAuthenticate, admitted), map[client.Request]want{
			client.AnswerChallenge: {kind: client.Authenticated},
		}},
		"not authenticated": {frame(t, ftd.TIDAuthenticate, said(63, "")), map[client.Request]want{
			client.AskChallenge: refused, client.AnswerChallenge: refused,
		}},
		"recorded": {frame(t, ftd.TIDUserLogin, recorded), map[client.Request]want{
			client.RequestLogin: {kind: client.LoggedIn},
		}},
		"no login": {frame(t, ftd.TIDUserLogin, said(3, "")), map[client.Request]want{client.RequestLogin: refused}},
		"logged out": {frame(t, ftd.TIDUserLogout, said(0, "")), map[client.Request]want{
			client.RequestLogout: {kind: client.LoggedOut},
		}},
		"logged out without a code": {frame(t, ftd.TIDUserLogout, nothing), nil},
		"error": {frame(t, ftd.TIDError, said(90, "")), map[client.Request]want{
			client.NoRequest: {err: "error"}, client.AskChallenge: refused, client.AnswerChallenge: refused,
			client.RequestLogin: refused, client.RequestLogout: refused,
		}},
		"error of code 0": {frame(t, ftd.TIDError, said(0, "")), map[client.Request]want{
			client.RequestLogout: {kind: client.LoggedOut}, // the standard's Error may answer any request
		}},
		"error without a code": {frame(t, ftd.TIDError, nothing), nil},
		"forced to exit": {frame(t, ftd.TIDForceExit, forced), map[client.Request]want{
			client.NoRequest: {err: "exit"}, client.AskChallenge: {err: "exit", after: client.AskChallenge},
			client.AnswerChallenge: {err: "exit", after: client.AnswerChallenge},
			client.RequestLogin:    {err: "exit", after: client.RequestLogin},
			client.RequestLogout:   {err: "exit", after: client.RequestLogout},
		}},
		"unknown": {frame(t, 0x7777, said(0, "")), nil},
	} {
		for r, do := range requests {
			var m client.Machine
			if do != nil {
				out, err := do(&m, nil)
				must(t, out, err)
			}
			w, ok := c.want[r]
			if !ok {
				w = violation
			}
			n, e, err := m.Receive(append(c.frame, "the next frame"...))
			if n != len(c.frame) || e.Kind != w.kind || kindOf(err) != w.err || m.Pending() != w.after {
				t.Errorf("%s after request %d: length %d, event %d, error %v, then %d is awaited; want %d %+v",
					name, r, n, e.Kind, err, m.Pending(), len(c.frame), w)
			}
			if answered := e.Kind != client.Ignored; answered != (e.Request == r && r != client.NoRequest) || (e.Kind == client.Refused) != (e.Refusal != nil) {
				t.Errorf("%s after request %d: %+v", name, r, e)
			}
		}
	}
}

func kindOf(err error) string {
	var violation *client.ViolationError
	var exit *client.ForceExit
	var refusal *client.Error
	switch {
	case errors.As(err, &violation):
		return "violation"
	case errors.As(err, &exit):
		return "exit"
	case errors.As(err, &refusal):
		return "error"
	case err != nil:
		return err.Error()
	}
	return ""
}

// TestMachineLogin is one connection, with its bytes one by one.
func TestMachineLogin(t *testing.T) {
	var m client.Machine
	exchange := func(r request, tid ftd.TID, put func(*ftd.Encoder)) (e client.Event) {
		t.Helper()
		out, err := r(&m, []byte("before"))
		if must(t, out, err); string(out[:6]) != "before" {
			t.Fatalf("%q", out)
		}
		in := frame(t, tid, put)
		for i := range in {
			if n, e, err := m.Receive(in[:i]); n != 0 || err != nil || e.Kind != client.Ignored {
				t.Fatalf("%d bytes: %d, %+v, %v", i, n, e, err)
			}
		}
		_, e, err = m.Receive(in)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := exchange(ask, ftd.TIDAuthenticate, challenge)
	if c := e.Challenge(); c[0] != 0 || c[127] != 127 {
		t.Errorf("challenge % x", c)
	}
	e = exchange(answer, ftd.TIDAuthenticate, admitted)
	if r := e.AuthResult(); r.AppID != "client_demo_1.0" || r.AppType != '1' {
		t.Errorf("%+v", r)
	}
	if e.LoginResult() != (client.LoginResult{}) || e.Challenge() != (client.Challenge{}) {
		t.Error("an authentication has the result of a login")
	}
	e = exchange(enter, ftd.TIDUserLogin, said(3, "wrong password [ref ABCDEF]"))
	if e.Kind != client.Refused || e.Refusal.Code != 3 || e.Refusal.Ref != "ABCDEF" || m.HeartbeatPeriod() != 0 {
		t.Errorf("%+v, %v", e.Refusal, m.HeartbeatPeriod())
	}
	e = exchange(enter, ftd.TIDUserLogin, recorded)
	if r := e.LoginResult(); r.RecordID != "0197fc1e-5c00-7d4e-8a3b-0123456789ab" || m.HeartbeatPeriod() != 30*time.Second {
		t.Errorf("%+v, %v", r, m.HeartbeatPeriod())
	}
	if e = exchange(leave, ftd.TIDUserLogout, said(0, "")); e.Kind != client.LoggedOut {
		t.Errorf("%+v", e)
	}
}

// TestMachineRefusesItself: what cannot be sent changes nothing.
func TestMachineRefusesItself(t *testing.T) {
	var m client.Machine
	long := loginRequest()
	long.UserID = "1234567890123456789"
	before := []byte("before")
	for name, r := range map[string]request{
		"app": func(m *client.Machine, b []byte) ([]byte, error) {
			return m.AppendAsk(b, &client.Identity{AppID: "\n"})
		},
		"authcode": func(m *client.Machine, b []byte) ([]byte, error) {
			return m.AppendAnswer(b, &identity, "short", new(client.Challenge))
		},
		"login": func(m *client.Machine, b []byte) ([]byte, error) { return m.AppendLogin(b, &long) },
	} {
		if out, err := r(&m, before); err == nil || string(out) != "before" || m.Pending() != client.NoRequest {
			t.Errorf("%s: %q, %v, then %d is awaited", name, out, err, m.Pending())
		}
	}
	out, err := ask(&m, nil)
	must(t, out, err)
	for _, r := range []request{ask, answer, enter, leave} {
		if out, err := r(&m, before); !errors.Is(err, client.ErrPending) || string(out) != "before" || m.Pending() != client.AskChallenge {
			t.Errorf("%q, %v, then %d is awaited", out, err, m.Pending())
		}
	}
}

// TestMachineAllocatesNothing: a load tester has a hundred thousand of them.
func TestMachineAllocatesNothing(t *testing.T) {
	var m client.Machine
	buf := make([]byte, 0, 4096)
	req := loginRequest()
	challenged, admission, login, logout := frame(t, ftd.TIDAuthenticate, challenge), frame(t, ftd.TIDAuthenticate, admitted),
		frame(t, ftd.TIDUserLogin, recorded), frame(t, ftd.TIDUserLogout, said(0, ""))
	beat := ftd.AppendHeartbeat(nil)
	receive := func(in []byte) client.Event {
		_, e, err := m.Receive(in)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	var c client.Challenge
	steps := []struct {
		name string
		want float64
		do   func()
	}{
		{"ask", 0, func() {
			_, _ = m.AppendAsk(buf, &identity)
			e := receive(challenged)
			c = e.Challenge()
		}},
		{"answer", 2, func() { // the cipher's key schedule
			_, _ = m.AppendAnswer(buf, &identity, authCode, &c)
			receive(admission)
		}},
		{"login", 1, func() { // the parsed address
			_, _ = m.AppendLogin(buf, &req)
			receive(login)
		}},
		{"heartbeat", 0, func() {
			m.AppendHeartbeat(buf)
			receive(beat)
		}},
		{"logout", 0, func() {
			_, _ = m.AppendLogout(buf)
			receive(logout)
		}},
	}
	for _, s := range steps {
		if got := testing.AllocsPerRun(100, s.do); got > s.want {
			t.Errorf("%s: %v allocations, want %v", s.name, got, s.want)
		}
	}
}

// FuzzMachine: for any bytes of the front, cut anywhere, nothing is read twice or beyond
// its end, and an event answers the request that was awaited.
func FuzzMachine(f *testing.F) {
	for r, put := range []func(*ftd.Encoder){nothing, challenge, admitted, recorded, said(0, "")} {
		tid := []ftd.TID{ftd.TIDError, ftd.TIDAuthenticate, ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout}[r]
		f.Add(byte(r), frame(f, tid, put))
		f.Add(byte(r), append(ftd.AppendHeartbeat(nil), frame(f, ftd.TIDError, said(90, "busy [ref ABCDEF]"))...))
	}
	requests := []request{nil, ask, answer, enter, leave}
	f.Fuzz(func(t *testing.T, r byte, in []byte) {
		var m client.Machine
		if do := requests[int(r)%len(requests)]; do != nil {
			out, err := do(&m, nil)
			must(t, out, err)
		}
		for {
			before := m
			n, e, err := m.Receive(in)
			if n > len(in) || n == 0 && err == nil && len(in) >= ftd.FrameHeaderLen+ftd.MaxExtLen+ftd.MaxBodyLen {
				t.Fatalf("%d of %d bytes", n, len(in))
			}
			if e.Kind != client.Ignored && (e.Request != before.Pending() || m.Pending() != client.NoRequest || err != nil) {
				t.Fatalf("%+v, %v, and %d was awaited", e, err, before.Pending())
			}
			if e.Kind == client.LoggedIn && (e.LoginResult().RecordID == "" || m.HeartbeatPeriod() == 0) {
				t.Fatalf("%+v, heartbeats each %v", e.LoginResult(), m.HeartbeatPeriod())
			}
			if n == 0 || err != nil {
				if n == 0 && err == nil && m != before {
					t.Fatalf("an incomplete frame changed %+v to %+v", before, m)
				}
				return
			}
			again := before
			if k, _, err := again.Receive(in[:n]); k != n || err != nil || again != m {
				t.Fatalf("the frame alone: %d bytes of %d, %v", k, n, err)
			}
			in = in[n:]
		}
	})
}
