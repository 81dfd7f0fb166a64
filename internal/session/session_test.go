package session_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

func TestGoodDialogue(t *testing.T) {
	d := newDialogue(t)
	d.askChallenge()
	d.answer()
	d.sendLogin()
	if got := d.sent; len(got) != 2 {
		t.Fatalf("answered before the login was done: %v", got)
	}
	d.finish(reason.OK)
	d.sendLogout()
	want := []answer{
		{tid: ftd.TIDAuthenticate, code: -1, fields: []ftd.FID{ftd.FIDAuthChallenge}},
		{tid: ftd.TIDAuthenticate, fields: []ftd.FID{ftd.FIDAuthResult, ftd.FIDError}},
		{tid: ftd.TIDUserLogin, fields: []ftd.FID{ftd.FIDLoginResponse, ftd.FIDError}},
		{tid: ftd.TIDUserLogout, fields: []ftd.FID{ftd.FIDError}},
	}
	if len(d.sent) != len(want) {
		t.Fatalf("sent %v", d.sent)
	}
	for i, w := range want {
		g := d.sent[i]
		if g.tid != w.tid || g.code != w.code || !slices.Equal(g.fields, w.fields) {
			t.Errorf("answer %d: got %v, want %v", i, g, w)
		}
	}
	if d.close != reason.LoggedOut {
		t.Errorf("closed by %v", d.close)
	}
}

// TestStateTimesEvent is the table of what each request does in each state.
func TestStateTimesEvent(t *testing.T) {
	const stay = reason.StayOpen
	unknown := func(d *dialogue) { d.message(0x8123) }
	type result struct {
		code  int // of the only answer; -1: an answer without Error; -2: no answer
		close reason.Close
		state session.State
	}
	tests := []struct {
		name string
		do   func(*dialogue)
		want [session.LoggedIn + 1]result // by state: connected, challenged, authenticated, logging in, logged in
	}{
		{"ask challenge", (*dialogue).askChallenge, [...]result{
			{-1, stay, session.Challenged},
			{-1, stay, session.Challenged},
			{63, reason.AuthFailed, session.Closed},
			{63, reason.AuthFailed, session.Closed},
			{63, reason.AuthFailed, session.Closed},
		}},
		{"answer", (*dialogue).answer, [...]result{
			{63, reason.AuthFailed, session.Closed},
			{0, stay, session.Authenticated},
			{63, reason.AuthFailed, session.Closed},
			{63, reason.AuthFailed, session.Closed},
			{63, reason.AuthFailed, session.Closed},
		}},
		{"login", (*dialogue).sendLogin, [...]result{
			{64, stay, session.Connected},
			{64, stay, session.Challenged},
			{-2, stay, session.LoggingIn},
			{5, stay, session.LoggingIn},
			{5, stay, session.LoggedIn},
		}},
		{"logout", (*dialogue).sendLogout, [...]result{
			{6, stay, session.Connected},
			{6, stay, session.Challenged},
			{6, stay, session.Authenticated},
			{6, stay, session.LoggingIn},
			{0, reason.LoggedOut, session.Closed},
		}},
		{"unknown message", unknown, [...]result{
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
			{77, stay, session.Authenticated},
			{77, stay, session.LoggingIn},
			{77, stay, session.LoggedIn},
		}},
		{"business message", func(d *dialogue) { d.request('S', 1) }, [...]result{
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
			{77, stay, session.Authenticated},
			{77, stay, session.LoggingIn},
			{77, stay, session.LoggedIn},
		}},
		{"heartbeat", func(d *dialogue) { d.frame(ftd.AppendHeartbeat(nil)) }, [...]result{
			{-2, stay, session.Connected},
			{-2, stay, session.Challenged},
			{-2, stay, session.Authenticated},
			{-2, stay, session.LoggingIn},
			{-2, stay, session.LoggedIn},
		}},
		{"compressed frame", func(d *dialogue) { d.frame([]byte{2, 0, 0, 1, 9}) }, [...]result{
			{-2, stay, session.Connected},
			{-2, stay, session.Challenged},
			{-2, stay, session.Authenticated},
			{-2, stay, session.LoggingIn},
			{-2, stay, session.LoggedIn},
		}},
		{"empty FTDC frame", func(d *dialogue) { d.frame([]byte{1, 0, 0, 0}) }, [...]result{
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
			{-2, reason.Malformed, session.Closed},
		}},
	}
	for _, test := range tests {
		for state, want := range test.want {
			t.Run(test.name+"/"+session.State(state).String(), func(t *testing.T) {
				d := newDialogue(t)
				d.reach(session.State(state))
				test.do(d)
				code := -2
				if len(d.sent) == 1 {
					code = d.sent[0].code
				} else if len(d.sent) > 1 {
					t.Fatalf("%d answers", len(d.sent))
				}
				if got := (result{code, d.close, d.s.State()}); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

func TestAuthenticateRefusals(t *testing.T) {
	tests := []struct {
		name   string
		do     func(*dialogue)
		reason reason.Reason
		code   int
	}{
		{"identity changed", func(d *dialogue) {
			d.askChallenge()
			d.message(ftd.TIDAuthenticate, identity("v_s_1.1"), authInfo)
		}, reason.IdentityChanged, 63},
		{"too late", func(d *dialogue) {
			d.askChallenge()
			d.now = d.now.Add(settings.ChallengeTTL)
			d.answer()
		}, reason.ChallengeExpired, 63},
		{"too many challenges", func(d *dialogue) {
			for range 5 {
				d.askChallenge()
			}
		}, reason.TooManyChallenges, 63},
		{
			"separator in AppID", func(d *dialogue) { d.message(ftd.TIDAuthenticate, identity("v@s_1.0")) },
			reason.IllegalField, 15,
		},
		{
			"control character in AppID", func(d *dialogue) { d.frame(withByte(t, identityFrame(t), "v_s_1.0", '\n')) },
			reason.IllegalField, 15,
		},
		{
			"invalid UTF-8 in AppID", func(d *dialogue) { d.frame(withByte(t, identityFrame(t), "v_s_1.0", 0xff)) },
			reason.IllegalField, 15,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDialogue(t)
			test.do(d)
			if named := d.item == "AuthIdentity.AppID"; named != (test.reason == reason.IllegalField) {
				t.Errorf("%v names the item %q", test.reason, d.item)
			}
			if len(d.said) != 1 || d.said[0] != test.reason {
				t.Errorf("said %v, want %v", d.said, test.reason)
			}
			if last := d.sent[len(d.sent)-1]; last.code != test.code || len(last.fields) != 1 {
				t.Errorf("last answer %v, want Error %d alone", last, test.code)
			}
			if d.close != reason.AuthFailed {
				t.Errorf("closed by %v", d.close)
			}
		})
	}
}

// A new challenge voids the one before: the answer is judged against the new one.
func TestSecondChallengeReplacesFirst(t *testing.T) {
	d := newDialogue(t)
	d.askChallenge()
	first := d.draw[0]
	d.askChallenge()
	if d.draw[0] == first {
		t.Fatal("no new challenge was drawn")
	}
	d.answer()
	if d.s.State() != session.Authenticated {
		t.Errorf("state %v", d.s.State())
	}
}

// The challenge is spent by a wrong answer as well: the session is over.
func TestWrongAnswerSpendsChallenge(t *testing.T) {
	d := newDialogue(t)
	d.verdict = reason.WrongAnswer
	d.askChallenge()
	d.answer()
	d.verdict = reason.OK
	d.answer()
	if got := d.codes(); !slices.Equal(got, []int{-1, 63}) || d.close != reason.AuthFailed {
		t.Errorf("answers %v, closed by %v", got, d.close)
	}
}

func TestLoginRefusals(t *testing.T) {
	login := func(broker, user, version string) func(*dialogue) {
		return func(d *dialogue) { d.message(ftd.TIDUserLogin, loginRequest(broker, user), terminalInfo(version)) }
	}
	raw := func(old string, b byte) func(*dialogue) {
		return func(d *dialogue) { d.frame(withByte(t, loginFrame(t), old, b)) }
	}
	tests := []struct {
		name   string
		do     func(*dialogue)
		reason reason.Reason
		item   string // that the audit log names
	}{
		{"other broker", login("8888", "88888888", "1.0"), reason.BrokerMismatch, ""},
		{"separator in account", login("9999", "8@8", "1.0"), reason.IllegalField, "LoginRequest.UserID"},
		{"account with a letter of China", login("9999", "账户", "1.0"), reason.IllegalField, "LoginRequest.UserID"},
		{"account with a space", login("9999", "8 8", "1.0"), reason.IllegalField, "LoginRequest.UserID"},
		{"separator in key version", login("9999", "88888888", "1@0"), reason.IllegalField, "TerminalInfo.KeyVersion"},
		{"newline in account", raw("88888888", '\n'), reason.IllegalField, "LoginRequest.UserID"},
		{"NUL in password", raw("s@cret", 0), reason.IllegalField, "LoginRequest.Password"},
		{"invalid UTF-8 in password", raw("s@cret", 0xc0), reason.IllegalField, "LoginRequest.Password"},
		{"newline in key version", raw("1.0", '\n'), reason.IllegalField, "TerminalInfo.KeyVersion"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDialogue(t)
			d.reach(session.Authenticated)
			test.do(d)
			if !slices.Equal(d.said, []reason.Reason{test.reason}) || d.attempt != nil || d.item != test.item {
				t.Errorf("said %v of %q, want %v of %q", d.said, d.item, test.reason, test.item)
			}
			if d.close != reason.StayOpen || d.s.State() != session.Authenticated {
				t.Errorf("session did not go on: %v, %v", d.close, d.s.State())
			}
		})
	}
}

func TestFieldsInAnotherOrderAndUnknownFields(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.Authenticated)
	d.message(ftd.TIDUserLogin, terminalInfo("1.0"), loginRequest("9999", "88888888"))
	if d.attempt == nil {
		t.Fatal("login was not started")
	}
	if string(d.attempt.Password) != "s@cret" || string(d.attempt.AppID) != app || len(d.attempt.Terminal.Ciphertext) != 256 {
		t.Errorf("attempt %+v", d.attempt)
	}
}

func TestMalformed(t *testing.T) {
	tests := []struct {
		name  string
		state session.State
		do    func(*dialogue)
		fault ftd.Fault
	}{
		{"no AuthIdentity", session.Connected, func(d *dialogue) { d.message(ftd.TIDAuthenticate, authInfo) }, ftd.FaultFieldMissing},
		{"no TerminalInfo", session.Authenticated, func(d *dialogue) {
			d.message(ftd.TIDUserLogin, loginRequest("9999", "8"))
		}, ftd.FaultFieldMissing},
		{"no LoginRequest", session.Authenticated, func(d *dialogue) {
			d.message(ftd.TIDUserLogin, terminalInfo("1.0"))
		}, ftd.FaultFieldMissing},
		{"no LogoutRequest", session.LoggedIn, func(d *dialogue) { d.message(ftd.TIDUserLogout) }, ftd.FaultFieldMissing},
		{"sequence number", session.Connected, func(d *dialogue) {
			f := identityFrame(d.t)
			f[ftd.FrameHeaderLen+11] = 1
			d.frame(f)
		}, ftd.FaultSequence},
		{"field count that lies", session.Connected, func(d *dialogue) {
			f := identityFrame(d.t)
			f[ftd.FrameHeaderLen+13]++
			d.frame(f)
		}, ftd.FaultFieldCount},
		{"unknown before authentication", session.Connected, func(d *dialogue) { d.message(0x1234) }, ftd.FaultUnknownTID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDialogue(t)
			d.reach(test.state)
			test.do(d)
			if len(d.sent) != 0 || d.close != reason.Malformed || d.fault != test.fault {
				t.Errorf("sent %v, closed by %v, fault %v, want %v", d.sent, d.close, d.fault, test.fault)
			}
		})
	}
}

func TestThirdRefusalCloses(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.Authenticated)
	for i := range 3 {
		if d.close != reason.StayOpen {
			t.Fatalf("closed after %d refusals", i)
		}
		d.sendLogin()
		d.finish(reason.WrongPassword)
	}
	if !slices.Equal(d.codes(), []int{3, 3, 3}) || d.close != reason.TooManyRefusals {
		t.Errorf("answers %v, closed by %v", d.codes(), d.close)
	}
}

func TestRefusalsThatClose(t *testing.T) {
	for i := range reason.Words() {
		why := reason.Reason(i)
		if why.Accepted() {
			continue
		}
		d := newDialogue(t)
		d.reach(session.Authenticated)
		d.sendLogin()
		d.finish(why)
		want := reason.StayOpen
		if c := why.Code(); c == 143 || c == 49 || c == 63 {
			want = reason.SourceRefused
		}
		if d.close != want {
			t.Errorf("%v: closed by %v, want %v", why, d.close, want)
		}
		if want == reason.StayOpen && d.s.State() != session.Authenticated {
			t.Errorf("%v: state %v, want to be able to try again", why, d.s.State())
		}
	}
}

func TestFloodWhileLoggingIn(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggingIn)
	for range settings.PendingFrames {
		d.sendLogin()
	}
	if d.close != reason.StayOpen || len(d.sent) != settings.PendingFrames {
		t.Fatalf("%d answers, closed by %v", len(d.sent), d.close)
	}
	d.sendLogin()
	if d.close != reason.FrameFlood {
		t.Errorf("closed by %v", d.close)
	}
}

// TestSlowLogin: the answer to a login comes within timers.login_work, which is longer than three of
// the shortest heartbeat periods. A terminal that waits for it and sends nothing keeps its connection.
func TestSlowLogin(t *testing.T) {
	const work = 20 * time.Second
	for why, ends := range map[reason.Reason]reason.Close{
		reason.OK: reason.HeartbeatTimeout, reason.LoginDeadline: reason.LoginTimeout,
	} {
		d := newDialogue(t)
		d.reach(session.Authenticated)
		d.message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
			e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte("8"), HeartbeatSeconds: 5})
		}, terminalInfo("1.0"))
		for range work / time.Second {
			d.tick(time.Second)
		}
		d.finish(why)
		d.tick(time.Second)
		if d.close != reason.StayOpen {
			t.Errorf("%v after %v: closed, %v", why, work, d.close)
		}
		if d.tick(14 * time.Second); d.close != ends {
			t.Errorf("%v, and 15 s without a frame: %v, want %v", why, d.close, ends)
		}
	}
}

// TestRefusedLoginAsksNoHeartbeats: they begin behind a login that was accepted. Before it a terminal may be silent for as
// long as it has to log in, with any period that it asked for.
func TestRefusedLoginAsksNoHeartbeats(t *testing.T) {
	changed := encode(t, ftd.TIDPasswordUpdate, func(e *ftd.Encoder) { e.Error(&ftd.Error{}) })[ftd.FrameHeaderLen:]
	for name, refuse := range map[string]func(*dialogue){
		"refused": func(d *dialogue) { d.finish(reason.WrongPassword) },
		"password changed": func(d *dialogue) {
			d.core = coreSession{}
			d.finish(reason.FirstLogin)
			d.deliver(changed)
		},
	} {
		d := newDialogue(t)
		d.reach(session.Authenticated)
		d.message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
			e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte("8"), HeartbeatSeconds: 5})
		}, terminalInfo("1.0"))
		d.tick(time.Second)
		refuse(d)
		sent := len(d.sent)
		for range 28 {
			d.tick(time.Second)
		}
		if d.close != reason.StayOpen || len(d.sent) != sent {
			t.Errorf("%s: closed by %v after 29 s, sent %+v", name, d.close, d.sent[sent:])
		}
		if d.tick(2 * time.Second); d.close != reason.LoginTimeout {
			t.Errorf("%s: closed by %v after 31 s", name, d.close)
		}
	}
}

// TestShortAuthInfoIsMalformed: in each state, and beside an illegal item.
func TestShortAuthInfoIsMalformed(t *testing.T) {
	short := func(e *ftd.Encoder) { e.Raw(ftd.FIDAuthInfo, make([]byte, ftd.ChallengeLen-1)) }
	for state := session.Connected; state <= session.LoggedIn; state++ {
		for _, appID := range []string{app, "v@s"} {
			d := newDialogue(t)
			d.reach(state)
			if d.message(ftd.TIDAuthenticate, identity(appID), short); d.close != reason.Malformed || d.fault != ftd.FaultFieldShort || len(d.sent) != 0 {
				t.Errorf("%v, %s: sent %v, closed by %v, fault %v", state, appID, d.codes(), d.close, d.fault)
			}
		}
	}
}

func TestClocks(t *testing.T) {
	login := func(seconds int) func(*dialogue) {
		return func(d *dialogue) {
			d.reach(session.Authenticated)
			d.message(ftd.TIDUserLogin, func(e *ftd.Encoder) {
				e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte("9999"), UserID: []byte("8"), HeartbeatSeconds: seconds})
			}, terminalInfo("1.0"))
			d.finish(reason.OK)
			d.sent = nil
		}
	}
	in := func(s session.State) func(*dialogue) { return func(d *dialogue) { d.reach(s) } }
	tests := []struct {
		name       string
		begin      func(*dialogue)
		beats      time.Duration // when the first heartbeat is due; 0 for none before the end
		ends       time.Duration
		endsReason reason.Close
	}{
		{"not authenticated", in(session.Connected), 0, 10 * time.Second, reason.AuthTimeout},
		{"challenge not answered", in(session.Challenged), 0, 10 * time.Second, reason.AuthTimeout},
		{"not logged in", in(session.Authenticated), 0, 30 * time.Second, reason.LoginTimeout},
		{"default heartbeat", login(0), 30 * time.Second, 90 * time.Second, reason.HeartbeatTimeout},
		{"asked 7", login(7), 7 * time.Second, 21 * time.Second, reason.HeartbeatTimeout},
		{"asked 1, gets 5", login(1), 5 * time.Second, 15 * time.Second, reason.HeartbeatTimeout},
		{"asked 999, gets 120", login(999), 120 * time.Second, 360 * time.Second, reason.HeartbeatTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDialogue(t)
			test.begin(d)
			begin := d.now
			var beat time.Duration
			for d.close == reason.StayOpen {
				d.tick(500 * time.Millisecond)
				if beat == 0 && len(d.sent) > 0 {
					beat = d.now.Sub(begin)
				}
			}
			if got := d.now.Sub(begin); got != test.ends || d.close != test.endsReason || beat != test.beats {
				t.Errorf("first heartbeat at %v, %v after %v; want %v, %v after %v",
					beat, d.close, got, test.beats, test.endsReason, test.ends)
			}
		})
	}
}

// Hearing something resets the silence, saying something postpones our heartbeat.
func TestHeartbeatsFollowTraffic(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggedIn)
	for range 20 {
		d.tick(29 * time.Second)
		d.frame(ftd.AppendHeartbeat(nil))
	}
	if d.close != reason.StayOpen {
		t.Fatalf("closed by %v", d.close)
	}
	before := len(d.sent)
	for len(d.sent) == before && d.close == reason.StayOpen {
		d.tick(time.Second)
	}
	n := len(d.sent)
	if n != before+1 {
		t.Fatal("the front sent no heartbeat")
	}
	d.tick(29 * time.Second)
	if len(d.sent) != n {
		t.Error("a heartbeat came before the terminal's interval had passed")
	}
}

// A login that takes longer than every deadline still gets its answer.
func TestLoginInFlightOutlivesLoginTimer(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggingIn)
	for range 8 {
		d.tick(10 * time.Second)
		d.frame(ftd.AppendHeartbeat(nil))
	}
	d.finish(reason.OK)
	if d.s.State() != session.LoggedIn {
		t.Errorf("state %v, closed by %v", d.s.State(), d.close)
	}
}

func TestLogoutOfAnother(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggedIn)
	d.message(ftd.TIDUserLogout, logoutRequest("9999", "7"))
	d.message(ftd.TIDUserLogout, logoutRequest("8888", "88888888"))
	if !slices.Equal(d.said, []reason.Reason{reason.UserMismatch, reason.BrokerMismatch}) ||
		!slices.Equal(d.codes(), []int{2, 2}) || d.close != reason.StayOpen {
		t.Errorf("said %v, answers %v, closed by %v", d.said, d.codes(), d.close)
	}
}

func TestBodyLimit(t *testing.T) {
	d := newDialogue(t)
	if d.s.BodyLimit() != 512 {
		t.Errorf("before authentication: %d", d.s.BodyLimit())
	}
	d.reach(session.Authenticated)
	if d.s.BodyLimit() != ftd.MaxBodyLen {
		t.Errorf("after authentication: %d", d.s.BodyLimit())
	}
}

// TestShortFieldsOfNoUse: a known field that a message does not use is held to its length all the same, in every state.
func TestShortFieldsOfNoUse(t *testing.T) {
	raw := func(fid ftd.FID, n int) func(*ftd.Encoder) {
		return func(e *ftd.Encoder) { e.Raw(fid, bytes.Repeat([]byte("x"), n)) }
	}
	for name, c := range map[string]struct {
		state  session.State
		relay  bool
		tid    ftd.TID
		fields []func(*ftd.Encoder)
		fid    ftd.FID
		least  int
	}{
		"Error at Authenticate": {session.Connected, false, ftd.TIDAuthenticate, []func(*ftd.Encoder){identity(app)}, ftd.FIDError, 130},
		"TerminalTag at a direct login": {
			session.Authenticated, false, ftd.TIDUserLogin, []func(*ftd.Encoder){loginRequest("9999", "8"), terminalInfo("1.0")}, ftd.FIDTerminalTag, 190,
		},
		"LogoutRequest at a submission": {
			session.LoggedIn, true, ftd.TIDTerminalSubmit,
			[]func(*ftd.Encoder){submitRequest(submitID), relayedTerminal, terminalInfo("1.0")},
			ftd.FIDLogoutRequest, 28,
		},
		"Error at a logout":           {session.LoggedIn, false, ftd.TIDUserLogout, []func(*ftd.Encoder){logoutRequest("9999", "88888888")}, ftd.FIDError, 130},
		"Error at an unknown message": {session.LoggedIn, false, 0x8123, nil, ftd.FIDError, 130},
	} {
		for n, want := range map[int]reason.Close{0: reason.Malformed, 1: reason.Malformed, c.least - 1: reason.Malformed, c.least: reason.StayOpen} {
			d := newDialogue(t)
			if c.relay {
				d = relay(t, c.state)
			} else {
				d.reach(c.state)
			}
			d.message(c.tid, append(slices.Clone(c.fields), raw(c.fid, n))...)
			malformed := d.close == reason.Malformed
			if malformed != (want == reason.Malformed) || malformed && (d.fault != ftd.FaultFieldShort || len(d.sent) != 0) {
				t.Errorf("%s, %d bytes: closed by %v, %v, sent %v", name, n, d.close, d.fault, d.sent)
			}
		}
	}
}

// Refusals cost a line in the audit log each: a stranger gets few, an authenticated
// terminal more, and an honest one that errs now and then is never closed for it.
func TestRefusalFlood(t *testing.T) {
	d := newDialogue(t)
	for range 3 {
		d.sendLogin()
	}
	if !slices.Equal(d.codes(), []int{64, 64, 64}) || d.close != reason.RefusalFlood {
		t.Errorf("before authentication: answers %v, closed by %v", d.codes(), d.close)
	}
	for _, state := range []session.State{session.Authenticated, session.LoggedIn} {
		d = newDialogue(t)
		d.reach(state)
		for range settings.Refusals {
			d.message(0x8123)
		}
		if d.close != reason.StayOpen {
			t.Fatalf("%v: closed by %v after %d refusals", state, d.close, len(d.sent))
		}
		d.message(0x8123)
		if d.close != reason.RefusalFlood || len(d.sent) != settings.Refusals+1 {
			t.Errorf("%v: %d answers, closed by %v", state, len(d.sent), d.close)
		}
	}
	d = newDialogue(t) // business messages that no core takes
	d.reach(session.LoggedIn)
	for n := range settings.Refusals + 1 {
		if d.close != reason.StayOpen {
			t.Fatalf("closed by %v after %d business messages", d.close, n)
		}
		d.request('S', uint32(n)+1)
	}
	if d.close != reason.RefusalFlood || len(d.sent) != settings.Refusals+1 {
		t.Errorf("business messages: %d answers, closed by %v", len(d.sent), d.close)
	}
	d = newDialogue(t)
	d.reach(session.LoggedIn)
	for range 1000 {
		d.now = d.now.Add(time.Second)
		d.message(0x8123)
	}
	if d.close != reason.StayOpen {
		t.Errorf("one refusal a second: closed by %v", d.close)
	}
}
