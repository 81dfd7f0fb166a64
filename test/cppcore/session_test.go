package cppcore

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/testmain"
)

const (
	orderInsert    ftd.TID = 0x0003 // the example tells it on the private flow too
	privateMessage ftd.TID = 0x1001
	query          ftd.TID = 0x0123
)

// session plays what a front does with a core in a day, over a link that is logged in.
func session(t *testing.T, c *exampleCore, f *front) {
	t.Helper()
	f.send(sessionVerify(t, f.tag(1), "10000002", "wrong"))
	f.expectCode(ftd.TIDSessionVerify, 1, 3)
	f.send(sessionVerify(t, f.tag(1), "no-account", "wrong"))
	f.expectCode(ftd.TIDSessionVerify, 1, 3)
	f.send(sessionVerify(t, f.tag(1), "10000004", "Example-4"))
	f.expectCode(ftd.TIDSessionVerify, 1, 75)

	f.send(sessionVerify(t, f.tag(1), "10000002", "Example-2"))
	g := f.expectCode(ftd.TIDSessionVerify, 1, 0)
	var who ftd.VerifyResult
	data, _ := g.message.Field(ftd.FIDVerifyResult)
	if err := who.Decode(data); err != nil || string(who.UserID) != "10000002" || who.UserType != '1' || who.Restriction != '0' {
		t.Fatalf("verified as %+v: %v", who, err)
	}
	if !strings.Contains(string(who.Notice), "no trading core") {
		t.Errorf("the notice is %s", who.Notice)
	}
	f.send(sessionOpen(t, f.tag(1), ftd.ResumePoints{}))
	f.ask(1, query, 'S', 1, "a query")
	f.ask(1, query, 'S', 5, "after a gap that the front left")
	f.askInParts(1, query, 6, strings.Repeat("x", 4000), strings.Repeat("y", 4000), "the end")
	f.ask(1, orderInsert, 'S', 7, "an order")
	if g := f.expect(privateMessage, 1); g.SequenceSeries < 100 || g.SequenceNumber != 1 {
		t.Errorf("the private flow begins at %d/%d", g.SequenceSeries, g.SequenceNumber)
	}

	f.send(sessionVerify(t, f.tag(2), "10000002", "Example-2")) // SESSIONS is 1
	f.expectCode(ftd.TIDSessionVerify, 2, 60)

	c.do("kick 10000002")
	kick := f.expect(ftd.TIDSessionKick, 1)
	if _, ok := kick.message.Field(ftd.FIDForceExit); !ok {
		t.Errorf("SessionKick has no ForceExit: %x", kick.body)
	}
	f.send(business(t, f.tag(1), query, 'S', 8, nil), sessionEnd(t, ftd.TIDSessionClose, f.tag(1)))
	c.wait("front 7 session 1: discarded kicked")

	f.open(3, "10000002", "Example-2") // the place is free again
	f.ask(3, query, 'S', 1, "again")
	f.send(sessionEnd(t, ftd.TIDSessionClose, f.tag(3)))
	f.send(sessionVerify(t, f.tag(4), "10000002", "Example-2"))
	f.expectCode(ftd.TIDSessionVerify, 4, 0)
	f.send(sessionEnd(t, ftd.TIDSessionAbort, f.tag(4))) // the record failed
	f.open(5, "10000002", "Example-2")
	f.ask(5, query, 'S', 1, "the last")
}

func TestWholeSessionOverTCP(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--term", "3")
	f := dial(t, "tcp", c.wait("listening listen "))
	a := f.logIn("process-1")
	if string(a.CoreID) != "core-cpp" || len(a.Instance) != 36 || a.Term != 3 || a.State != ftd.CoreActive || string(a.TradingDay) != tradingDay ||
		a.HeartbeatSeconds != 5 || a.Credit != ftd.UnlimitedCredit {
		t.Errorf("the core says %+v", a)
	}
	session(t, c, f)
}

func TestWholeSessionOverAUnixSocket(t *testing.T) {
	t.Parallel()
	dir := testmain.ShortDir(t)
	path := filepath.Join(dir, "core.sock")
	c := start(t, "--unix", path)
	c.wait("listening unix ")
	f := dial(t, "unix", path)
	f.logIn("process-1")
	session(t, c, f)
}

// TestBytesOneAtATime: frames that arrive in pieces are the same frames.
func TestBytesOneAtATime(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := dial(t, "tcp", c.wait("listening listen "))
	for _, frame := range [][]byte{
		linkLogin(t, 7, "p"), ftd.AppendHeartbeat(nil), sessionVerify(t, f.tag(1), "10000002", "Example-2"),
		sessionOpen(t, f.tag(1), ftd.ResumePoints{}), business(t, f.tag(1), query, 'S', 1, []byte("in pieces")),
	} {
		for _, b := range frame {
			f.send([]byte{b})
		}
	}
	f.accepted(ftd.TIDLinkLogin)
	f.expectCode(ftd.TIDSessionVerify, 1, 0)
	f.expect(query, 1)
}

// TestPasswordMustBeChanged: 140 and 131 come with a session that may change the password and nothing else; the terminal
// then logs in on the same connection.
func TestPasswordMustBeChanged(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "p")
	update := func(session int32, user, before, after string) []byte {
		e := ftd.BeginSession(nil, ftd.TIDPasswordUpdate, f.tag(session))
		e.Sequence(0, 1)
		e.PasswordUpdate(&ftd.PasswordUpdate{BrokerID: []byte("9999"), UserID: []byte(user), OldPassword: []byte(before), NewPassword: []byte(after)})
		return end(t, &e)
	}
	for session, test := range map[int32]struct {
		user, password string
		code           int
	}{1: {"10000003", "Example-3", 140}, 2: {"10000005", "Example-5", 131}} {
		f.send(sessionVerify(t, f.tag(session), test.user, test.password))
		g := f.expectCode(ftd.TIDSessionVerify, session, test.code)
		var who ftd.VerifyResult
		if data, ok := g.message.Field(ftd.FIDVerifyResult); !ok || who.Decode(data) != nil || who.Restriction != ftd.RestrictionPasswordOnly {
			t.Fatalf("%d comes with %+v", test.code, who)
		}
		f.send(business(t, f.tag(session), query, 'S', 1, nil))
		c.wait(fmt.Sprintf("front 7 session %d: discarded password_only", session))
		f.send(update(session, test.user, "wrong", "New-Password-1"))
		f.expectCode(ftd.TIDPasswordUpdate, session, 3)
		f.send(update(session, test.user, test.password, test.password))
		f.expectCode(ftd.TIDPasswordUpdate, session, 142)
		f.send(update(session, "10000001", test.password, "New-Password-1"))
		f.expectCode(ftd.TIDPasswordUpdate, session, 15)
		f.send(update(session, test.user, test.password, "New-Password-1"))
		f.expectCode(ftd.TIDPasswordUpdate, session, 0)
		f.open(session, test.user, "New-Password-1")
		f.ask(session, query, 'S', 1, "logged in")
	}
}

// TestCodeOfASecondFactorIsAskedForBeforeALogin: RequestCode passes without a session.
func TestCodeOfASecondFactorIsAskedForBeforeALogin(t *testing.T) {
	t.Parallel()
	f := start(t, "--listen", "127.0.0.1:0").link(t, "p")
	f.send(business(t, f.tag(9), ftd.TIDRequestCode, 'S', 0, []byte("mobile")))
	f.expectCode(ftd.TIDRequestCode, 9, 0)
}

// TestWhatTheContractForbidsIsDiscarded: a frame that breaks a rule has no effect, and the link goes on.
func TestWhatTheContractForbidsIsDiscarded(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "p")
	f.open(1, "10000006", "Example-6")
	f.ask(1, query, 'S', 5, "the first")
	series := business(t, f.tag(2), query, 'S', 6, nil)
	series[ftd.SessionHeaderLen+7] = 1
	foreign := ftd.SessionTag{FrontID: 8, SessionID: 3}
	untagged := ftd.Begin(nil, query)
	untagged.Sequence(0, 9)
	long := ftd.BeginSession(nil, ftd.TIDSessionVerify, f.tag(12))
	long.Raw(ftd.FIDLoginRequest, []byte("9999      \x0110000001         "+strings.Repeat(" ", 40)+"000"+strings.Repeat(" ", 35)))
	long.SessionContext(&ftd.SessionContext{AppID: []byte("a"), AppType: '1', Instant: []byte("2026-11-27 10:00:00")})
	state := ftd.BeginSession(nil, ftd.TIDStateChange, f.tag(13))

	f.send(sessionVerify(t, f.tag(14), "10000003", "Example-3"))
	f.expectCode(ftd.TIDSessionVerify, 14, 140)
	f.open(2, "10000006", "Example-6")
	for i, test := range []struct {
		frame   []byte
		session int32
		word    string
	}{
		{business(t, f.tag(1), query, 'S', 5, nil), 1, "sequence"},
		{business(t, f.tag(1), query, 'C', 5, nil), 1, "chain"},
		{series, 2, "series"},
		{business(t, foreign, query, 'S', 1, nil), 3, "front_id"},
		{end(t, &untagged), 0, "session_tag"},
		{business(t, f.tag(4), query, 'S', 1, nil), 4, "unknown_session"},
		{business(t, f.tag(1), ftd.TIDForceExit, 'S', 6, nil), 1, "tid"},
		{business(t, f.tag(5), 0x8001, 'S', 6, nil), 5, "tid"},
		{sessionVerify(t, f.tag(1), "10000006", "Example-6"), 1, "verify_twice"},
		{sessionOpen(t, f.tag(6), ftd.ResumePoints{}), 6, "unknown_session"},
		{sessionOpen(t, f.tag(1), ftd.ResumePoints{}), 1, "not_verified"},
		{sessionEnd(t, ftd.TIDSessionAbort, f.tag(1)), 1, "not_reserved"},
		{sessionEnd(t, ftd.TIDSessionAbort, f.tag(7)), 7, "unknown_session"},
		{sessionResume(t, f.tag(14), "10000003", ftd.ResumePoints{}), 14, "not_open"},
		{end(t, &state), 13, "direction"},
		{[]byte{0x02, 0, 0, 0}, 0, "frame_type"},
		{linkCredit(t, 0), 0, "credit"},
	} {
		f.send(test.frame)
		c.wait(fmt.Sprintf("front 7 session %d: discarded %s", test.session, test.word))
		f.ask(2, query, 'S', uint32(i+1), "the link goes on")
	}
	f.send(end(t, &long))
	f.expectCode(ftd.TIDSessionVerify, 12, 15)
	f.ask(1, query, 'S', 6, "the session goes on")
}

// TestMalformedBytesEndTheLink: what cannot be read on, or comes in the wrong order.
func TestMalformedBytesEndTheLink(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	address := c.wait("listening listen ")
	missing := ftd.BeginSession(nil, ftd.TIDSessionVerify, ftd.SessionTag{FrontID: 7, SessionID: 1})
	short := ftd.BeginSession(nil, ftd.TIDSessionOpen, ftd.SessionTag{FrontID: 7, SessionID: 1})
	short.Raw(ftd.FIDSessionRecord, []byte("too short"))
	version := business(t, ftd.SessionTag{FrontID: 7, SessionID: 1}, query, 'S', 1, nil)
	version[ftd.SessionHeaderLen] = 3
	for _, test := range []struct {
		word  string
		frame []byte
	}{
		{"extension_long", []byte{1, 200, 0, 0}},
		{"body_long", []byte{1, 0, 0xFF, 0xFF}},
		{"tlv_overrun", []byte{1, 2, 0, 0, 0x40, 8}},
		{"message_short", []byte{1, 0, 0, 1, 2}},
		{"version", version},
		{"chain", business(t, ftd.SessionTag{FrontID: 7, SessionID: 1}, query, 'X', 1, nil)},
		{"field_missing", end(t, &missing)},
		{"field_short", end(t, &short)},
		{"login_twice", linkLogin(t, 7, "p")},
		{"bad_credit", linkCredit(t, -2)},
	} {
		f := dial(t, "tcp", address)
		f.logIn("p-" + test.word)
		f.send(test.frame)
		f.ended()
		c.wait("front 7: broken " + test.word)
	}
	f := dial(t, "tcp", address)
	f.send(sessionVerify(t, f.tag(1), "10000001", "Example-1"))
	f.ended()
	c.wait("front 0: broken not_logged_in")

	e := ftd.Begin(nil, ftd.TIDLinkLogin)
	e.LinkIdentity(&ftd.LinkIdentity{Protocol: 2, FrontID: 7, Process: []byte("p"), Business: '1'})
	f = dial(t, "tcp", address)
	f.send(end(t, &e))
	if g := f.next(); g.TID != ftd.TIDLinkLogin || g.code(t) != 77 {
		t.Errorf("protocol 002 is answered %v %x", g.TID, g.body)
	}
	f.ended()
}

// TestCredit: the core gives back what was used, and takes no more than it gave.
func TestCredit(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--credit", "4")
	f := dial(t, "tcp", c.wait("listening listen "))
	if a := f.logIn("p"); a.Credit != 4 {
		t.Fatalf("credit %d, want 4", a.Credit)
	}
	f.open(1, "10000006", "Example-6")
	credit, sent := 4, uint32(0)
	for range 50 {
		for ; credit > 0; credit-- {
			sent++
			f.send(business(t, f.tag(1), query, 'S', sent, nil))
		}
		for credit == 0 {
			credit += f.creditOrEcho(1)
		}
	}
	if sent < 100 {
		t.Fatalf("%d messages passed", sent)
	}
}

// TestCreditIsABound: what a front sends above its credit is discarded; verifies and heartbeats cost none.
func TestCreditIsABound(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--credit", "3", "--refill", "no")
	f := c.link(t, "p")
	f.open(1, "10000006", "Example-6")
	for n := range uint32(3) {
		f.ask(1, query, 'S', n+1, "within")
	}
	f.send(business(t, f.tag(1), query, 'S', 4, []byte("above")))
	c.wait("front 7 session 1: discarded credit")
	f.send(ftd.AppendHeartbeat(nil))
	f.open(2, "10000006", "Example-6")
	c.do("credit 1")
	for f.creditOrEcho(1) != 1 {
		t.Error("the frame above the credit was answered")
	}
	f.ask(2, query, 'S', 1, "within again")
}

// creditOrEcho reads one frame: what it gives, 0 for an echo.
func (f *front) creditOrEcho(session int32) int {
	f.t.Helper()
	g := f.next()
	if g.TID != ftd.TIDLinkCredit {
		if g.TID != query || g.tag != f.tag(session) {
			f.t.Fatalf("got %v of %v", g.TID, g.tag)
		}
		return 0
	}
	var credit ftd.LinkCredit
	if data, ok := g.message.Field(ftd.FIDLinkCredit); !ok || credit.Decode(data) != nil || credit.Frames <= 0 {
		f.t.Fatalf("LinkCredit %x", g.body)
	}
	return int(credit.Frames)
}

// TestStateChangeBroadcastAndHeartbeat: what a core sends by itself.
func TestStateChangeBroadcastAndHeartbeat(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--state", "I", "--heartbeat", "1")
	f := dial(t, "tcp", c.wait("listening listen "))
	if a := f.logIn("p"); a.State != ftd.CoreInitialising {
		t.Fatalf("state %c, want I", a.State)
	}
	c.do("state A 9")
	if a := f.accepted(ftd.TIDStateChange); a.State != ftd.CoreActive || a.Term != 9 {
		t.Errorf("StateChange says %c, term %d", a.State, a.Term)
	}
	c.do("broadcast market-open")
	if g := f.next(); g.audience != ftd.AudienceFront || g.SequenceSeries != 1 || g.SequenceNumber != 1 {
		t.Errorf("broadcast %+v", g)
	}
	frame, err := f.read()
	if err != nil || !frame.IsHeartbeat() {
		t.Errorf("got %+v, %v, want a heartbeat", frame, err)
	}
	f.ended() // this front sent none
	c.wait("front 7: broken silent")
}

// TestAChangeBeforeTheLinkIsAccepted: a front that has dialled and not logged in gets no StateChange. LinkAccept must say what the core is by then,
// else the front holds the core for what it was until the change behind that.
func TestAChangeBeforeTheLinkIsAccepted(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0", "--state", "S")
	early := dial(t, "tcp", c.wait("listening listen "))
	late := dial(t, "tcp", c.wait("listening listen "))
	late.id = 8
	late.logIn("p") // the core takes connections in the order in which they came: it has the early one
	c.do("state A 9")
	late.accepted(ftd.TIDStateChange)
	if a := early.logIn("q"); a.State != ftd.CoreActive || a.Term != 9 {
		t.Fatalf("LinkAccept says %c, term %d, want A and 9", a.State, a.Term)
	}
	early.open(1, "10000006", "Example-6")
}

// TestFlowsAreSentAgain: a terminal gets what it has not had, from the number that it names.
func TestFlowsAreSentAgain(t *testing.T) {
	t.Parallel()
	f := start(t, "--listen", "127.0.0.1:0").link(t, "p")
	f.open(1, "10000006", "Example-6")
	var series uint16
	for n := uint32(1); n <= 5; n++ {
		f.ask(1, orderInsert, 'S', n, "order")
		series = f.expect(privateMessage, 1).SequenceSeries
	}
	for session, test := range map[int32]struct{ from, want int32 }{2: {0, 1}, 3: {3, 4}, 4: {5, 6}, 5: {-1, 6}} {
		f.open(session, "10000006", "Example-6", ftd.Point{Series: series, Number: test.from})
		for n := test.want; n <= 5; n++ {
			if g := f.expect(privateMessage, session); g.SequenceSeries != series || int32(g.SequenceNumber) != n {
				t.Fatalf("from %d on: got %d/%d, want %d", test.from, g.SequenceSeries, g.SequenceNumber, n)
			}
		}
		f.ask(session, query, 'S', 1, "nothing else came")
	}
	f.open(6, "10000007", "Example-7", ftd.Point{Series: series, Number: 0}) // another customer's flow
	f.ask(6, query, 'S', 1, "nothing came")
}

// TestHistoriesTakeTurns: many terminals of a front that ask for a long history at once, which together is above the bound of what a Link
// holds for its socket. Each gets all of it, in order, and what is new only then.
func TestHistoriesTakeTurns(t *testing.T) {
	t.Parallel()
	const messages, length, sessions, bound = 8000, 480, 18, 64 << 20
	if messages*length*sessions <= bound {
		t.Fatal("this history is within the bound")
	}
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "p")
	broadcasts(t, c, f, 1, messages, strings.Repeat("x", length))
	var opens []byte
	for s := int32(1); s <= sessions; s++ {
		user, password := "10000006", "Example-6"
		if s > sessions/2 {
			user, password = "10000007", "Example-7"
		}
		f.send(sessionVerify(t, f.tag(s), user, password))
		f.expectCode(ftd.TIDSessionVerify, s, 0)
		opens = append(opens, sessionOpen(t, f.tag(s), points(ftd.Point{Series: 1, Number: 0}))...)
	}
	f.send(opens)
	c.do("broadcast new")
	had := map[int32]uint32{}
	for {
		g := f.next()
		if g.audience == ftd.AudienceFront {
			if g.SequenceNumber != messages+1 {
				t.Fatalf("broadcast %d", g.SequenceNumber)
			}
			break
		}
		if had[g.tag.SessionID]++; g.SequenceSeries != 1 || g.SequenceNumber != had[g.tag.SessionID] {
			t.Fatalf("session %d got %d/%d, want number %d", g.tag.SessionID, g.SequenceSeries, g.SequenceNumber, had[g.tag.SessionID])
		}
	}
	for s := int32(1); s <= sessions; s++ {
		if had[s] != messages {
			t.Errorf("session %d was sent %d of %d messages before the new one", s, had[s], messages)
		}
	}
	f.ask(1, query, 'S', 1, "the link is there")
}

// broadcasts has the core send messages of the broadcast, and reads them.
func broadcasts(t *testing.T, c *exampleCore, f *front, first, last uint32, text string) {
	t.Helper()
	go func() {
		for range last - first + 1 {
			if _, err := io.WriteString(c.control, "broadcast "+text+"\n"); err != nil {
				return // the core has ended: the frames below do not come
			}
		}
	}()
	for n := first; n <= last; n++ {
		if g := f.next(); g.audience != ftd.AudienceFront || g.SequenceNumber != n {
			t.Fatalf("got %v %d, want broadcast %d", g.TID, g.SequenceNumber, n)
		}
	}
}

// TestSessionsGoOnAfterALostLink: the front dials again within the grace, resumes, and the terminal gets what it missed.
func TestSessionsGoOnAfterALostLink(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "process-1")
	f.open(1, "10000001", "Example-1")
	f.open(2, "10000001", "Example-1")
	f.ask(1, orderInsert, 'S', 1, "order")
	for range 2 { // both sessions of the user
		if g := f.next(); g.TID != privateMessage || g.SequenceNumber != 1 {
			t.Fatalf("got %v %d", g.TID, g.SequenceNumber)
		}
	}
	c.do("cut")
	f.ended()
	f = c.link(t, "process-1")
	f.send(sessionVerify(t, f.tag(3), "10000001", "Example-1"))
	f.expectCode(ftd.TIDSessionVerify, 3, 60) // both places wait for their sessions
	f.send(sessionResume(t, f.tag(1), "10000001", ftd.ResumePoints{}))
	f.expectCode(ftd.TIDSessionResume, 1, 0)
	if g := f.expect(privateMessage, 1); g.SequenceNumber != 1 { // it was not delivered, says the front
		t.Fatalf("number %d", g.SequenceNumber)
	}
	f.send(sessionResume(t, f.tag(2), "10000002", ftd.ResumePoints{}))
	f.expectCode(ftd.TIDSessionResume, 2, 8) // it is not that customer's
	f.ask(1, query, 'S', 2, "it goes on")

	f = c.link(t, "process-2") // the front started again: it knows no session of before
	f.send(sessionResume(t, f.tag(1), "10000001", ftd.ResumePoints{}))
	f.expectCode(ftd.TIDSessionResume, 1, 8)
	f.open(1, "10000001", "Example-1")
	f.open(2, "10000001", "Example-1") // all places are free
}

// TestASessionMayEndBeforeItIsResumed: its terminal leaves while the front resumes others. Its place is free then.
func TestASessionMayEndBeforeItIsResumed(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "process-1")
	f.open(1, "10000001", "Example-1")
	f.open(2, "10000001", "Example-1")
	c.do("cut")
	f.ended()
	f = c.link(t, "process-1")
	f.send(sessionVerify(t, f.tag(3), "10000001", "Example-1"))
	f.expectCode(ftd.TIDSessionVerify, 3, 60) // both places wait for their sessions
	f.send(sessionEnd(t, ftd.TIDSessionClose, f.tag(2)), sessionEnd(t, ftd.TIDSessionClose, f.tag(2)))
	f.open(4, "10000001", "Example-1")
	f.send(sessionVerify(t, f.tag(5), "10000001", "Example-1"))
	f.expectCode(ftd.TIDSessionVerify, 5, 60) // one place was freed, once
}

// TestSessionsGoOnAfterAnotherTerm: a core that says another term over a link that is up is asked to resume each session that
// it has, also one that it kicked, and twice if its term changed twice.
func TestSessionsGoOnAfterAnotherTerm(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "process-1")
	f.open(1, "10000006", "Example-6")
	f.open(2, "10000002", "Example-2")
	f.ask(1, orderInsert, 'S', 1, "order")
	f.expect(privateMessage, 1)
	c.do("kick 10000002")
	f.expect(ftd.TIDSessionKick, 2)
	c.do("state A 2")
	f.accepted(ftd.TIDStateChange)
	resume := func(session int32, user string) []byte {
		return sessionResume(t, f.tag(session), user, ftd.ResumePoints{})
	}
	f.send(resume(1, "10000006"), resume(1, "10000006"), resume(2, "10000002"))
	for range 2 {
		f.expectCode(ftd.TIDSessionResume, 1, 0)
		if g := f.expect(privateMessage, 1); g.SequenceNumber != 1 {
			t.Fatalf("the flow goes on at %d", g.SequenceNumber)
		}
	}
	f.expectCode(ftd.TIDSessionResume, 2, 0)
	f.send(sessionEnd(t, ftd.TIDSessionClose, f.tag(2)))
	f.ask(1, query, 'S', 2, "it goes on")
	f.send(business(t, f.tag(1), query, 'S', 2, nil))
	c.wait("front 7 session 1: discarded sequence") // dialog numbers go on too

	f.open(3, "10000002", "Example-2") // the place of session 2 is free
	f.send(resume(3, "10000006"))
	f.expectCode(ftd.TIDSessionResume, 3, 8) // it is not that customer's
	f.open(4, "10000002", "Example-2")       // and its place is free
}

// TestSessionsEndWhenTheCoreIsNotActive: the front does not say how the sessions of such a core end, so none of them stays. If it is active
// again soon it is asked for those that another has not resumed, and a place is free whose session was closed before.
func TestSessionsEndWhenTheCoreIsNotActive(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"S", "I"} {
		c := start(t, "--listen", "127.0.0.1:0")
		f := c.link(t, "process-1")
		f.open(1, "10000006", "Example-6")
		f.open(2, "10000002", "Example-2")
		f.send(sessionVerify(t, f.tag(3), "10000003", "Example-3")) // SESSIONS is 1
		f.expectCode(ftd.TIDSessionVerify, 3, 140)
		c.do("state " + state + " 2")
		f.accepted(ftd.TIDStateChange)
		f.send(business(t, f.tag(1), query, 'S', 1, nil), sessionEnd(t, ftd.TIDSessionClose, f.tag(2)))
		f.send(sessionVerify(t, f.tag(4), "10000003", "Example-3")) // its place is free
		f.expectCode(ftd.TIDSessionVerify, 4, 140)
		c.wait("front 7 session 1: discarded unknown_session")
		c.do("state A 3")
		f.accepted(ftd.TIDStateChange)
		f.send(sessionResume(t, f.tag(1), "10000006", ftd.ResumePoints{}), sessionResume(t, f.tag(2), "10000002", ftd.ResumePoints{}))
		f.expectCode(ftd.TIDSessionResume, 1, 0)
		f.expectCode(ftd.TIDSessionResume, 2, 8)
		f.ask(1, query, 'S', 2, "it goes on")
		f.open(5, "10000002", "Example-2")
	}
}

// TestAPasswordOnlySessionMayBeAborted: the core's 140 and the end of the front's patience cross.
func TestAPasswordOnlySessionMayBeAborted(t *testing.T) {
	t.Parallel()
	f := start(t, "--listen", "127.0.0.1:0").link(t, "p")
	f.send(sessionVerify(t, f.tag(1), "10000003", "Example-3"))
	f.expectCode(ftd.TIDSessionVerify, 1, 140)
	f.send(sessionEnd(t, ftd.TIDSessionAbort, f.tag(1)))
	f.send(sessionVerify(t, f.tag(2), "10000003", "Example-3")) // SESSIONS is 1
	f.expectCode(ftd.TIDSessionVerify, 2, 140)
}

// TestTwoFronts: each has its own sessions, and a message of a customer reaches both.
func TestTwoFronts(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	a := c.link(t, "process-a")
	b := dial(t, "tcp", c.wait("listening listen "))
	b.id = 8
	b.logIn("process-b")
	a.open(1, "10000001", "Example-1")
	b.open(1, "10000001", "Example-1")
	b.ask(1, query, 'S', 1, "mine")
	a.ask(1, orderInsert, 'S', 1, "an order")
	a.expect(privateMessage, 1)
	b.expect(privateMessage, 1)
}

// TestAMessageInParts: the core acts on it once, behind its last part. It drops one whose rest the front has refused, also at SessionResume,
// and refuses one that is too long. A password in parts is none.
func TestAMessageInParts(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := dial(t, "tcp", c.wait("listening listen "))
	f.logIn("process-1")
	f.open(1, "10000001", "Example-1")
	send := func(tid ftd.TID, chain byte, number uint32, text string) {
		f.send(business(t, f.tag(1), tid, chain, number, []byte(text)))
	}
	private := func(number uint32) {
		t.Helper()
		if g := f.expect(privateMessage, 1); g.SequenceNumber != number {
			t.Fatalf("message %d of the private flow, want %d", g.SequenceNumber, number)
		}
	}
	f.askInParts(1, orderInsert, 1, "a", "b", "c")
	private(1)
	f.ask(1, query, 'S', 2, "behind it")
	send(orderInsert, 'F', 3, "cut off")
	send(orderInsert, 'C', 3, "cut off")
	f.ask(1, orderInsert, 'S', 4, "the next")
	private(2)
	send(orderInsert, 'F', 5, "cut off")
	f.askInParts(1, orderInsert, 6, "the next", "in parts")
	private(3)

	part := strings.Repeat("x", 4000)
	send(query, 'F', 7, part)
	for range 256 << 10 / len(part) {
		send(query, 'C', 7, part)
	}
	send(query, 'L', 7, part)
	if g := f.expectCode(query, 1, 15); g.SequenceNumber != 7 {
		t.Errorf("number %d is answered", g.SequenceNumber)
	}
	send(ftd.TIDPasswordUpdate, 'F', 8, "a password")
	send(ftd.TIDPasswordUpdate, 'L', 8, "a password")
	if g := f.expectCode(ftd.TIDPasswordUpdate, 1, 15); g.SequenceNumber != 8 {
		t.Errorf("number %d is answered", g.SequenceNumber)
	}

	send(query, 'F', 9, "cut off")
	c.do("state A 2")
	f.accepted(ftd.TIDStateChange)
	f.send(sessionResume(t, f.tag(1), "10000001", points(ftd.Point{Series: 100, Number: 3})))
	f.expectCode(ftd.TIDSessionResume, 1, 0)
	f.ask(1, query, 'S', 10, "resumed")
}
