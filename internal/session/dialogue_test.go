package session_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// dialogue plays the front for one session: it frames what the terminal says, answers
// what the session asks for, and remembers what the session sent.
type dialogue struct {
	t   *testing.T
	s   session.Session
	now time.Time

	settings *session.Settings

	verdict reason.Reason          // of DoVerify
	attempt *session.LoginAttempt  // of the login that is on its way
	said    []reason.Reason        // the session's own verdicts
	item    string                 // that the last of them named
	sent    []answer               // what the terminal got
	close   reason.Close           // how it ended
	fault   ftd.Fault              // if malformed
	draw    [ftd.ChallengeLen]byte // the next challenge

	out      bool      // a challenge is out that was not answered
	drawnAt  time.Time // when
	accepted bool      // the gateway's word on a login was OK

	core     core.Session           // of the next outcome of a login
	linked   bool                   // the outcome of the last login had one
	told     func(*session.Outcome) // what else the core tells then
	passed   []string               // the bodies that were passed on
	full     reason.Reason          // why the core takes no more
	model    dialogModel
	appType  byte                     // of the next authentication; 0 is a terminal's
	via      *session.Via             // of the next login
	terms    *ftd.RelayTerms          // likewise
	draining bool                     // the front is
	submits  []*session.SubmitAttempt // on their way
	gone     []string                 // terminals that have gone, by operator and SubmitID
	surplus  bool                     // they are said to have been none

	coded int           // requests for a code
	code  reason.Reason // the answer to the next of them
}

// coreSession is one that the session machine only looks at for being there.
type coreSession struct{}

func (coreSession) Wait() bool                            { return false }
func (coreSession) Pass(ftd.Header, []byte) reason.Reason { return reason.OK }

func (coreSession) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }
func (coreSession) Flush()                                                {}
func (coreSession) Close(ftd.ReasonCode, string)                          {}

type answer struct {
	tid    ftd.TID
	code   int // -1 without an Error field
	fields []ftd.FID
	text   string // of the Error field
	number uint32 // the message's
	target int32  // of ErrorTargetSequence; 0 without
	series uint16 // the same
	exit   string // the data of ForceExit
	submit string // the SubmitID of SubmitRef or SubmitResponse
}

var settings = session.Settings{
	AuthTimeout: 10 * time.Second, LoginTimeout: 30 * time.Second, ChallengeTTL: 30 * time.Second,
	BodyBeforeAuth: 512, PendingFrames: 8, Refusals: 20,
}

func newDialogue(t *testing.T) *dialogue {
	return newDialogueWith(t, &settings)
}

func newDialogueWith(t *testing.T, settings *session.Settings) *dialogue {
	d := &dialogue{t: t, settings: settings, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	d.s = session.New(settings, d.now)
	for i := range d.draw {
		d.draw[i] = byte(i)
	}
	return d
}

// step runs the session until it asks for nothing more that is answered at once.
func (d *dialogue) step(ev *session.Event) {
	d.t.Helper()
	if d.close != reason.StayOpen {
		return // as the front does: what comes after the close is not looked at
	}
	for {
		var fx session.Effects
		d.s.Step(ev, &fx)
		d.receive(fx.Wire)
		if fx.Close != reason.StayOpen {
			d.close, d.fault = fx.Close, fx.Fault
			return
		}
		var outcome session.Outcome
		switch fx.Do {
		case session.DoNothing:
			return
		case session.DoSubmit:
			d.submits = append(d.submits, fx.Submit.Clone())
			return
		case session.DoEndTerminal:
			d.gone = append(d.gone, string(fx.UserID)+" "+string(fx.SubmitID))
			outcome.Surplus = d.surplus
		case session.DoLogin:
			d.attempt = fx.Login.Clone()
			return
		case session.DoChallenge:
			d.draw[0]++
			d.out, d.drawnAt = true, d.now
			ev = &session.Event{Kind: session.ChallengeDrawn, Now: d.now, Challenge: &d.draw}
			continue
		case session.DoVerify:
			d.spend(&fx.Auth)
			outcome.Reason, outcome.AppType = d.verdict, max(d.appType, '1')
		case session.DoNotifyDecision:
			d.said, d.item = append(d.said, fx.Reason), fx.Item
			outcome.Reason = fx.Reason
		case session.DoPass:
			if outcome.Reason = d.mayPass(); outcome.Reason == reason.OK {
				d.passed = append(d.passed, string(fx.Body))
				return
			}
			copy(outcome.Ref[:], "REF123")
			ev = &session.Event{
				Kind: session.RequestRefused, Now: d.now, Outcome: &outcome, Series: fx.Header.SequenceSeries, Number: fx.Header.SequenceNumber,
			}
			continue
		case session.DoRequestCode:
			d.coded++
			outcome.Reason = d.code
		}
		copy(outcome.Ref[:], "REF123")
		ev = &session.Event{Kind: session.OutcomeKnown, Now: d.now, Do: fx.Do, Op: fx.Op, Outcome: &outcome, SubmitID: fx.SubmitID}
	}
}

// mayPass is what the front says of a request: without a core it knows none.
func (d *dialogue) mayPass() reason.Reason {
	if !d.linked {
		return reason.UnknownRequest
	}
	return d.full
}

// spend holds an answer that is to be verified to what a challenge is good for: the last one
// that was drawn, once, and for its time.
func (d *dialogue) spend(a *session.AuthAttempt) {
	d.t.Helper()
	switch {
	case !d.out:
		d.t.Fatal("an answer is verified, and no challenge is out")
	case *a.Challenge != d.draw:
		d.t.Fatal("an answer is verified against another challenge than the last")
	case d.now.Sub(d.drawnAt) >= d.settings.ChallengeTTL:
		d.t.Fatalf("an answer is verified %v after its challenge", d.now.Sub(d.drawnAt))
	}
	d.out = false
}

// receive checks that everything the front says is well-formed.
func (d *dialogue) receive(wire []byte) {
	d.t.Helper()
	for len(wire) > 0 {
		f, n, err := ftd.DecodeFrame(wire, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			d.t.Fatalf("the front sent a bad frame: %v", err)
		}
		wire = wire[n:]
		if f.IsHeartbeat() {
			d.sent = append(d.sent, answer{code: -1})
			continue
		}
		m, err := ftd.DecodeMessage(f.Body)
		if err != nil {
			d.t.Fatalf("the front sent a bad message: %v", err)
		}
		a := answer{tid: m.TID, code: -1, number: m.SequenceNumber}
		if raw, ok := m.Field(ftd.FIDErrorTargetSequence); ok {
			var target ftd.ErrorTargetSequence
			if err := target.Decode(raw); err != nil {
				d.t.Fatalf("ErrorTargetSequence %+v, %v", target, err)
			}
			a.target, a.series = target.Number, target.Series
		}
		if raw, ok := m.Field(ftd.FIDForceExit); ok {
			a.exit = string(raw)
		}
		a.submit = submitOf(m)
		for rest := m.Fields; len(rest) > 0; {
			var fid ftd.FID
			fid, _, rest = rest.Next()
			a.fields = append(a.fields, fid)
		}
		if raw, ok := m.Field(ftd.FIDError); ok {
			var e ftd.Error
			if err := e.Decode(raw); err != nil {
				d.t.Fatalf("Error field: %v", err)
			}
			a.code, a.text = e.Code, string(e.Text)
		}
		d.sent = append(d.sent, a)
	}
}

// submitOf is which submission a message is about.
func submitOf(m ftd.Message) string {
	var ref ftd.SubmitRef
	if raw, ok := m.Field(ftd.FIDSubmitRef); ok && ref.Decode(raw) == nil {
		return string(ref.SubmitID)
	}
	var response ftd.SubmitResponse
	if raw, ok := m.Field(ftd.FIDSubmitResponse); ok && response.Decode(raw) == nil {
		return string(response.SubmitID)
	}
	return ""
}

func (d *dialogue) frame(wire []byte) {
	d.t.Helper()
	f, n, err := ftd.DecodeFrame(wire, d.s.BodyLimit())
	if err != nil || n != len(wire) {
		d.t.Fatalf("test frame: n=%d of %d, %v", n, len(wire), err)
	}
	d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: f, Draining: d.draining})
}

func (d *dialogue) message(tid ftd.TID, fields ...func(*ftd.Encoder)) {
	d.t.Helper()
	e := ftd.Begin(nil, tid)
	for _, f := range fields {
		f(&e)
	}
	wire, err := e.End()
	if err != nil {
		d.t.Fatal(err)
	}
	d.frame(wire)
}

func (d *dialogue) tick(after time.Duration) {
	d.t.Helper()
	d.now = d.now.Add(after)
	d.step(&session.Event{Kind: session.TimePassed, Now: d.now})
}

// finish brings the outcome of the login that is on its way.
func (d *dialogue) finish(why reason.Reason) {
	d.t.Helper()
	if d.attempt == nil {
		d.t.Fatal("no login is on its way")
	}
	outcome := session.Outcome{Reason: why}
	copy(outcome.Ref[:], "REF123")
	if why == reason.OK {
		outcome.Receipt = receipt(string(d.attempt.UserID))
		outcome.Receipt.Via, outcome.Receipt.Terms = d.via, d.terms
	}
	if outcome.Session = d.core; d.told != nil {
		d.told(&outcome)
	}
	d.attempt, d.linked = nil, outcome.Session != nil
	d.step(&session.Event{
		Kind: session.OutcomeKnown, Now: d.now, Do: session.DoLogin, Op: session.OpLogin, Outcome: &outcome,
	})
}

// What a terminal says.

func identity(appID string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.AuthIdentity(&ftd.AuthIdentity{BrokerID: []byte("9999"), AppID: []byte(appID), ProductInfo: []byte("p")})
	}
}

func authInfo(e *ftd.Encoder) { e.AuthInfo(&ftd.AuthInfo{}) }

func loginRequest(broker, user string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.LoginRequest(&ftd.LoginRequest{BrokerID: []byte(broker), UserID: []byte(user), Password: []byte("s@cret")})
	}
}

func terminalInfo(version string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte(version), AbnormalFlag: '0', Ciphertext: make([]byte, 256)})
	}
}

func logoutRequest(broker, user string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.LogoutRequest(&ftd.LogoutRequest{BrokerID: []byte(broker), UserID: []byte(user)})
	}
}

const app = "v_s_1.0"

func (d *dialogue) askChallenge() { d.message(ftd.TIDAuthenticate, identity(app)) }
func (d *dialogue) answer()       { d.message(ftd.TIDAuthenticate, identity(app), authInfo) }
func (d *dialogue) sendLogin() {
	if d.appType == ftd.InvestorRelay {
		d.message(ftd.TIDUserLogin, loginRequest("9999", "88888888"), terminalInfo("1.0"), relayedTerminal)
		return
	}
	d.message(ftd.TIDUserLogin, loginRequest("9999", "88888888"), terminalInfo("1.0"))
}
func (d *dialogue) sendLogout() { d.message(ftd.TIDUserLogout, logoutRequest("9999", "88888888")) }

// reach brings a fresh dialogue to a state and forgets what was said on the way.
func (d *dialogue) reach(state session.State) {
	d.t.Helper()
	steps := []func(){
		session.Connected: func() {}, session.Challenged: d.askChallenge, session.Authenticated: d.answer,
		session.LoggingIn: d.sendLogin, session.LoggedIn: func() { d.finish(reason.OK) },
	}
	for _, step := range steps[:state+1] {
		step()
	}
	if d.s.State() != state {
		d.t.Fatalf("state %v, want %v", d.s.State(), state)
	}
	d.sent, d.said = nil, nil
}

func (d *dialogue) codes() []int {
	var codes []int
	for _, a := range d.sent {
		codes = append(codes, a.code)
	}
	return codes
}

// receipt is that of a login of user.
func receipt(user string) *session.Receipt {
	return &session.Receipt{
		RecordID: uuid.MustParse("0190a1b2-0000-7000-8000-000000000000"),
		Account:  regulation.Account(user), UserType: regulation.UserCustomer, TradingDay: 20260105,
		LoginTime: time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone), Public: netip.MustParseAddrPort("203.0.113.9:50000"),
		Flag: regulation.FlagNormal, FrontID: 1, SessionID: 2, SystemName: "tradefront",
	}
}
