package session_test

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// TestAnyDialogue plays terminals that say anything in any order, with any bytes, while
// verdicts and time come as they like. It never panics, and what must hold always holds.
func TestAnyDialogue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { play(t, drawn{r}) })
}

// FuzzSession is the same play, with a fuzzer's bytes as its choices: the first says where
// the dialogue begins, then each action is a byte, followed by what it needs.
func FuzzSession(f *testing.F) {
	for begun := range int(session.Closed) {
		for action := range len(moves) {
			for appType := range 3 {
				f.Add([]byte{byte(begun), 1, byte(appType), 1, byte(action), 200, 1, 2, 3, byte(action), 90, 1, 2, 3})
			}
		}
	}
	f.Add([]byte("\x00\x00\x00\x00\x00\x01\x02\x0b\x00\x03"))                         // in, and out again
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00"))                             // a challenge too many
	f.Add([]byte("\x03\x00\x00\x00\x02\x02\x02\x02\x02\x02\x02\x02"))                 // a flood while a login is on its way
	f.Add([]byte("\x04\x01\x00\x00\x0c\x00\x00\x00\x0c\x01\x00\x00\x0c\x03\x01\x00")) // requests, one refused in its run
	f.Add([]byte("\x03\x01\x00\x00\x0b\x29\x0f\x0e\x00\x02\x0b\x00"))                 // a password that must be changed first
	f.Add([]byte("\x04\x00\x02\x01\x12\x01\x03\x12\x01\x03\x13\x00\x13\x01\x14\x00")) // a window and more, answers, one terminal that goes
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, &bytesOf{data})
	})
}

// chance makes the choices of a play.
type chance interface {
	upTo(highest int, what string) int // 0 to highest
	bytes(longest int) []byte
	over() bool
}

type drawn struct{ *rapid.T }

func (d drawn) upTo(highest int, what string) int {
	return rapid.IntRange(0, highest).Draw(d.T, what)
}

func (d drawn) bytes(longest int) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, longest).Draw(d.T, "bytes")
}

func (d drawn) over() bool { return rapid.IntRange(0, 39).Draw(d.T, "over") == 0 }

// bytesOf chooses by the bytes that it has; without any left, 0.
type bytesOf struct{ data []byte }

func (b *bytesOf) upTo(highest int, _ string) int {
	if len(b.data) == 0 {
		return 0
	}
	n := int(b.data[0])
	b.data = b.data[1:]
	if highest > 255 {
		n = n<<8 | b.upTo(255, "")
	}
	return n % (highest + 1)
}

func (b *bytesOf) bytes(longest int) []byte {
	n := min(b.upTo(longest, ""), len(b.data))
	defer func() { b.data = b.data[n:] }()
	return b.data[:n]
}

func (b *bytesOf) over() bool { return len(b.data) == 0 }

// moves are what can happen to a session.
var moves = []func(d *dialogue, c chance){
	func(d *dialogue, _ chance) { d.askChallenge() },
	func(d *dialogue, _ chance) { d.answer() },
	func(d *dialogue, _ chance) { d.sendLogin() },
	func(d *dialogue, _ chance) { d.sendLogout() },
	func(d *dialogue, _ chance) { d.message(0x7777) },
	func(d *dialogue, _ chance) { d.frame(ftd.AppendHeartbeat(nil)) },
	func(d *dialogue, c chance) { d.tick(time.Duration(c.upTo(40, "after")) * time.Second) },
	func(d *dialogue, c chance) { d.verdict = reason.Reason(c.upTo(4, "verdict")) },
	func(d *dialogue, c chance) { // a body of any bytes
		f := ftd.Frame{Type: ftd.FrameType(c.upTo(3, "type")), Body: c.bytes(d.s.BodyLimit())}
		if !d.isNumbered(f.Body) {
			d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: f})
		}
	},
	func(d *dialogue, c chance) { // a message of any fields
		body := make([]byte, ftd.MessageHeaderLen, 512)
		body[0], body[5], body[13] = 2, 'S', byte(c.upTo(3, "fields"))
		binary.BigEndian.PutUint32(body[1:], uint32(tids[c.upTo(len(tids)-1, "tid")]))
		for range body[13] {
			data := c.bytes(150)
			body = binary.BigEndian.AppendUint32(body, uint32(fids[c.upTo(len(fids)-1, "fid")]))
			body = append(binary.BigEndian.AppendUint16(body, uint16(len(data))), data...)
		}
		binary.BigEndian.PutUint16(body[14:], uint16(len(body)-ftd.MessageHeaderLen))
		d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: ftd.Frame{Type: ftd.FrameFTDC, Body: body}})
	},
	func(d *dialogue, c chance) { // a good message with some bytes changed
		frame := goodFrames[c.upTo(len(goodFrames)-1, "which")](d.t)
		for range c.upTo(4, "bits") {
			frame[ftd.FrameHeaderLen+c.upTo(len(frame)-ftd.FrameHeaderLen-1, "at")] ^= byte(c.upTo(255, "bits"))
		}
		if len(frame) <= ftd.FrameHeaderLen+d.s.BodyLimit() && !d.isNumbered(frame[ftd.FrameHeaderLen:]) {
			d.frame(frame)
		}
	},
	func(d *dialogue, c chance) { // the gateway's word on a login
		if d.attempt != nil && d.close == reason.StayOpen {
			why := reason.Reason(c.upTo(len(reason.Words())-1, "outcome"))
			if why == reason.Resubmitted { // no login is
				why = reason.OK
			}
			d.accepted = d.accepted || why == reason.OK
			d.finish(why)
		}
	},
	func(d *dialogue, c chance) { // a business message, its number the next or one beside it
		chain := "SFCL"[c.upTo(3, "chain")]
		d.full = [...]reason.Reason{reason.OK, reason.CoreFull}[c.upTo(1, "full")]
		next := d.model.next()
		if chain == 'C' || chain == 'L' {
			next--
		}
		number := next + []uint32{0, 0, 0, 1, ^uint32(0)}[c.upTo(4, "beside")]
		d.numbered(3, chain, number)
	},
	func(d *dialogue, c chance) { // a message of the core's
		if d.close != reason.StayOpen {
			return
		}
		state := d.s.State()
		delivered := d.deliver(business([]ftd.TID{3, ftd.TIDPasswordUpdate, ftd.TIDRequestCode}[c.upTo(2, "tid")], 'S', 1, 1))
		if delivered && (state < session.Authenticated || state == session.LoggingIn) {
			d.t.Fatalf("delivered in %v", state)
		}
	},
	func(d *dialogue, c chance) { // the core's answer to a change of the password
		if d.close != reason.StayOpen {
			return
		}
		code := []int{0, 142}[c.upTo(1, "code")]
		tid := []ftd.TID{ftd.TIDPasswordUpdate, ftd.TIDError}[c.upTo(1, "tid")]
		body := encode(d.t, tid, func(e *ftd.Encoder) {
			e.Sequence(0, 9)
			e.Error(&ftd.Error{Code: code})
		})[ftd.FrameHeaderLen:]
		if before := d.s.State(); d.deliver(body) && before == session.PasswordOnly && (d.s.State() == session.Authenticated) != (code == 0) {
			d.t.Fatalf("after %d the state is %v", code, d.s.State())
		}
	},
	func(d *dialogue, _ chance) { // a change of the password, numbered as any other request once logged in
		if d.s.State() == session.LoggedIn {
			d.numbered(ftd.TIDPasswordUpdate, 'S', 9)
			return
		}
		d.body(business(ftd.TIDPasswordUpdate, 'S', 0, 9))
	},
	func(d *dialogue, c chance) { // the next login is one of a core that takes business, or of none
		d.core = [...]core.Session{nil, coreSession{}}[c.upTo(1, "core")]
	},
	func(d *dialogue, _ chance) { // a request that the core does not answer any more
		outcome := session.Outcome{Reason: reason.CoreUnanswered}
		copy(outcome.Ref[:], "REF123")
		if d.s.State() != session.LoggingIn {
			d.step(&session.Event{Kind: session.RequestRefused, Now: d.now, Outcome: &outcome, Number: 1 << 20})
		}
	},
	func(d *dialogue, c chance) { // submissions
		d.draining = c.upTo(9, "draining") == 0
		for range 1 + c.upTo(3, "submissions") {
			before := len(d.submits)
			d.submit(submitID)
			if len(d.submits) > before && (d.appType != ftd.OperatorRelay || d.s.State() != session.LoggedIn || d.draining || before >= 4) {
				d.t.Fatalf("submitted in %v, AppType %c, %d on their way, draining %v", d.s.State(), d.appType, before, d.draining)
			}
		}
	},
	func(d *dialogue, c chance) { // the gateway's word on a submission
		if len(d.submits) > 0 && d.close == reason.StayOpen {
			d.decided(reason.Reason(c.upTo(int(reason.DisabledCustomer), "outcome")))
		}
	},
	func(d *dialogue, c chance) { // one terminal of a relay
		if d.close != reason.StayOpen {
			return
		}
		if c.upTo(1, "which") == 0 {
			d.message(ftd.TIDTerminalEnd, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(submitID)}) })
			return
		}
		d.step(&session.Event{Kind: session.TerminalExitAsked, Now: d.now, SubmitID: []byte(submitID), ForceExit: append(make([]byte, 101), c.bytes(20)...)})
	},
}

// numbered sends a business message, and has the model look at what came of it.
func (d *dialogue) numbered(tid ftd.TID, chain byte, number uint32) {
	body := business(tid, chain, 0, number)
	passed, sent := len(d.passed), len(d.sent)
	passes, state := d.s.Passes(ftd.Frame{Type: ftd.FrameFTDC, Body: body}), d.s.State()
	d.body(body)
	if !passes || d.close == reason.FrameFlood {
		if len(d.passed) != passed {
			d.t.Fatalf("passed in %v", state)
		}
		return
	}
	d.model.take(d, chain, number, len(d.passed)-passed, len(d.sent)-sent)
}

// isNumbered reports whether a body of chance may count in the dialog, behind the model's back.
func (d *dialogue) isNumbered(body []byte) bool {
	return d.s.State() == session.LoggedIn && len(body) >= ftd.MessageHeaderLen && binary.BigEndian.Uint32(body[8:]) != 0
}

// dialogModel is what the numbers of a dialog and the runs of long messages must be.
type dialogModel struct {
	last      uint32
	run, skip bool
}

func (m *dialogModel) next() uint32 { return m.last + 1 }

// take compares what came of a request of an open dialog with what must.
func (m *dialogModel) take(d *dialogue, chain byte, number uint32, passed, answered int) {
	d.t.Helper()
	begins := chain == 'S' || chain == 'F'
	continues := !begins && m.run && number == m.last
	good := begins && !m.run && number == m.last+1 || continues
	if !d.linked { // then a wrong number is refused as any other is
		good, m.skip = true, m.skip && continues
	}
	if good == (d.close == reason.Malformed) {
		d.t.Fatalf("chain %c, number %d after %+v: closed by %v", chain, number, *m, d.close)
	}
	if !good {
		return
	}
	wantPassed, wantAnswered := 1, 0
	switch {
	case m.skip:
		wantPassed = 0
	case d.mayPass() != reason.OK:
		wantPassed, wantAnswered = 0, 1
	}
	if passed != wantPassed || answered != wantAnswered {
		d.t.Fatalf("chain %c, number %d after %+v: %d passed, %d answered", chain, number, *m, passed, answered)
	}
	m.last, m.run = number, chain == 'F' || chain == 'C'
	m.skip = m.run && (m.skip || d.mayPass() != reason.OK)
}

var (
	tids = []ftd.TID{
		ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDError, 0x7777, ftd.TIDPasswordUpdate, ftd.TIDRequestCode, ftd.TIDSessionKick,
		ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd,
	}
	fids = []ftd.FID{
		ftd.FIDAuthIdentity, ftd.FIDAuthInfo, ftd.FIDLoginRequest, ftd.FIDTerminalInfo, ftd.FIDLogoutRequest, ftd.FIDError, 0x7777, ftd.FIDResumePoints,
		ftd.FIDRelayedTerminal, ftd.FIDSubmitRequest, ftd.FIDSubmitRef, ftd.FIDTerminalTag,
	}
	goodFrames = []func(testing.TB) []byte{
		identityFrame,
		func(t testing.TB) []byte { return encode(t, ftd.TIDAuthenticate, identity(app), authInfo) },
		loginFrame,
		func(t testing.TB) []byte { return encode(t, ftd.TIDUserLogout, logoutRequest("9999", "88888888")) },
		func(t testing.TB) []byte { return vector(t, "terminal-submit-again") },
		func(t testing.TB) []byte { return vector(t, "terminal-end") },
		func(t testing.TB) []byte { return vector(t, "login-request-relayed") },
	}
)

// slowSettings let a challenge grow old before the connection does.
var slowSettings = session.Settings{
	AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: 15 * time.Second,
	BodyBeforeAuth: 512, PendingFrames: 8, Refusals: 20,
}

// play begins anywhere (chance alone seldom gets beyond the authentication) and looks after
// each move whether what must hold does. What a challenge is good for, dialogue looks at.
func play(t *testing.T, c chance) {
	settings := slowSettings
	d := newDialogueWith(t, &settings)
	begun := session.State(c.upTo(int(session.LoggedIn), "begun"))
	d.core = [...]core.Session{nil, coreSession{}}[c.upTo(1, "core")]
	settings.Business = d.core != nil
	d.appType = "123"[c.upTo(2, "type")]
	d.terms = &ftd.RelayTerms{Window: 4, Features: "01"[c.upTo(1, "features")]}
	d.reach(begun)
	d.accepted = begun == session.LoggedIn
	for n := 0; d.close == reason.StayOpen && n < 200 && !c.over(); n++ {
		attempt, answers, before := d.attempt, len(d.sent), d.s.State()
		if before != session.LoggedIn {
			d.model = dialogModel{}
		}
		moves[c.upTo(len(moves)-1, "move")](d, c)
		switch state := d.s.State(); {
		case attempt != nil && d.attempt != nil && attempt != d.attempt:
			t.Fatal("a second login was begun while one is on its way")
		case state == session.LoggedIn && !d.accepted:
			t.Fatal("logged in without the gateway's word")
		case before < session.Authenticated && state >= session.Authenticated && state != session.Closed && d.verdict != reason.OK:
			t.Fatal("authenticated without the gateway's word")
		case before < session.Authenticated && state > session.Authenticated && state != session.Closed:
			t.Fatalf("from %v to %v at once", before, state)
		case (d.attempt != nil) != (state == session.LoggingIn) && d.close == reason.StayOpen:
			t.Fatalf("state %v, login on its way: %v", state, d.attempt != nil)
		case d.close == reason.LoggedOut && len(d.submits) > 0:
			t.Fatalf("logged out, and %d submissions are not answered", len(d.submits))
		case d.close == reason.Malformed && (len(d.sent) > answers || d.fault == 0):
			t.Fatalf("malformed: %d answers, fault %d", len(d.sent)-answers, d.fault)
		case before < session.Authenticated && len(d.sent) > answers && d.sent[answers].code == reason.UnknownRequest.Code():
			t.Fatal("a stranger was told which requests there are")
		case len(d.sent) > answers+4: // as many submissions may come at once
			t.Fatalf("%d answers to one event", len(d.sent)-answers)
		case begun < session.Authenticated && state < session.Authenticated && d.refused() > 3:
			t.Fatalf("%d refusals before authentication", d.refused())
		}
	}
}

// refused counts the answers of an error.
func (d *dialogue) refused() (n int) {
	for _, a := range d.sent {
		if a.code > 0 {
			n++
		}
	}
	return n
}
