package session_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// business is the body of a message that only its header is looked at of: behind it is no field.
func business(tid ftd.TID, chain byte, series uint16, number uint32) []byte {
	body := make([]byte, ftd.MessageHeaderLen, ftd.MessageHeaderLen+3)
	body[0], body[5] = 2, chain
	binary.BigEndian.PutUint32(body[1:], uint32(tid))
	binary.BigEndian.PutUint16(body[6:], series)
	binary.BigEndian.PutUint32(body[8:], number)
	binary.BigEndian.PutUint16(body[14:], 3)
	return append(body, 0xFF, 0, 0xFE)
}

func (d *dialogue) body(body []byte) {
	d.t.Helper()
	d.step(&session.Event{Kind: session.FrameArrived, Now: d.now, Frame: ftd.Frame{Type: ftd.FrameFTDC, Body: body}})
}

func (d *dialogue) request(chain byte, number uint32) { d.body(business(3, chain, 0, number)) }

// deliver brings a message of the core's.
func (d *dialogue) deliver(body []byte) (delivered bool) {
	d.t.Helper()
	wire := d.s.Deliver(nil, body, d.now)
	if len(wire) == 0 {
		return false
	}
	want := []byte{1, 0, byte(len(body) >> 8), byte(len(body))}
	if !bytes.Equal(wire, append(want, body...)) {
		d.t.Fatalf("delivered % x of % x", wire, body)
	}
	return true
}

// trading is a dialogue that is logged in, at a core that takes business.
func trading(t *testing.T) *dialogue {
	d := newDialogueWith(t, &linkedSettings)
	d.core = coreSession{}
	d.reach(session.LoggedIn)
	return d
}

// passwordOnly is one whose login the core refused with that code.
func passwordOnly(t *testing.T, why reason.Reason, code int) *dialogue {
	d := newDialogueWith(t, &linkedSettings)
	d.reach(session.LoggingIn)
	d.core = coreSession{}
	d.told = func(o *session.Outcome) { o.Code = code }
	d.finish(why)
	d.core, d.told = nil, nil
	if d.s.State() != session.PasswordOnly {
		t.Fatalf("state %v", d.s.State())
	}
	return d
}

func TestBusinessIsPassedUnread(t *testing.T) {
	d := trading(t)
	d.request('S', 1)
	d.request('F', 2)
	d.request('C', 2)
	d.frame(ftd.AppendHeartbeat(nil))
	d.request('L', 2)
	d.body(business(0xFFFFFFFF, 'S', 0, 3))
	d.body(business(ftd.TIDError, 'S', 0, 4))
	d.body(business(ftd.TIDPasswordUpdate, 'S', 0, 5))
	d.body(business(0x9100, 'S', 0, 6))
	if len(d.passed) != 8 || len(d.sent) != 0 || d.close != reason.StayOpen {
		t.Fatalf("%d passed, sent %v, closed by %v", len(d.passed), d.sent, d.close)
	}
	if d.passed[0] != string(business(3, 'S', 0, 1)) {
		t.Errorf("passed % x", d.passed[0])
	}
}

func TestSequenceFaults(t *testing.T) {
	type part struct {
		chain  byte
		number uint32
	}
	for _, c := range []struct {
		name  string
		parts []part
		fault ftd.Fault
	}{
		{"begins at 0", []part{{'S', 0}}, ftd.FaultSequence},
		{"begins at 2", []part{{'S', 2}}, ftd.FaultSequence},
		{"gap", []part{{'S', 1}, {'S', 3}}, ftd.FaultSequence},
		{"repeat", []part{{'S', 1}, {'S', 1}}, ftd.FaultSequence},
		{"back", []part{{'S', 1}, {'S', 2}, {'S', 1}}, ftd.FaultSequence},
		{"middle without first", []part{{'C', 1}}, ftd.FaultChain},
		{"last without first", []part{{'L', 1}}, ftd.FaultChain},
		{"last twice", []part{{'F', 1}, {'L', 1}, {'L', 1}}, ftd.FaultChain},
		{"single in a run", []part{{'F', 1}, {'S', 2}}, ftd.FaultChain},
		{"first in a run", []part{{'F', 1}, {'C', 1}, {'F', 2}}, ftd.FaultChain},
		{"a run changes its number", []part{{'F', 1}, {'C', 2}}, ftd.FaultSequence},
		{"no chain", []part{{'X', 1}}, ftd.FaultChain},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := trading(t)
			for i, p := range c.parts {
				if d.close != reason.StayOpen {
					t.Fatalf("closed before part %d", i)
				}
				d.request(p.chain, p.number)
			}
			if d.close != reason.Malformed || d.fault != c.fault || len(d.sent) != 0 || len(d.passed) != len(c.parts)-1 {
				t.Errorf("closed by %v, %v, sent %v, %d passed", d.close, d.fault, d.sent, len(d.passed))
			}
		})
	}
	d := trading(t)
	d.body(business(3, 'S', 1, 1))
	if d.close != reason.Malformed || d.fault != ftd.FaultSequence {
		t.Errorf("series 1: closed by %v, %v", d.close, d.fault)
	}
}

func TestRefusedRequestNamesItsNumber(t *testing.T) {
	d := trading(t)
	d.request('S', 1)
	d.full = reason.CoreFull
	d.request('S', 2)
	d.full = reason.OK
	d.request('S', 3)
	if len(d.sent) != 1 || len(d.passed) != 2 {
		t.Fatalf("sent %v, %d passed", d.sent, len(d.passed))
	}
	a := d.sent[0]
	if a.tid != ftd.TIDError || a.code != 90 || a.number != 2 || a.target != 2 || !strings.HasSuffix(a.text, " [ref REF123]") ||
		!slices.Equal(a.fields, []ftd.FID{ftd.FIDError, ftd.FIDErrorTargetSequence}) {
		t.Errorf("got %+v", a)
	}
}

// TestRefusedPartEndsItsRun: the core gets no part of a long message behind one that it did not get, and the
// terminal one answer.
func TestRefusedPartEndsItsRun(t *testing.T) {
	d := trading(t)
	d.request('F', 1)
	d.full = reason.CoreNoCredit
	d.request('C', 1)
	d.full = reason.OK
	d.request('C', 1)
	d.request('L', 1)
	d.request('S', 2)
	if len(d.passed) != 2 || len(d.sent) != 1 || d.close != reason.StayOpen {
		t.Errorf("%d passed, sent %v, closed by %v", len(d.passed), d.sent, d.close)
	}
}

// TestManyRefusedRequestsDoNotClose: that a core is away is no fault of the terminal.
func TestManyRefusedRequestsDoNotClose(t *testing.T) {
	d := trading(t)
	d.full = reason.CoreAway
	for n := range uint32(200) {
		d.request('S', n+1)
	}
	if d.close != reason.StayOpen || len(d.sent) != 200 || d.sent[199].code != 8 {
		t.Errorf("closed by %v after %d answers", d.close, len(d.sent))
	}
}

// TestOwnMessagesAreNotPassed: those of the front and of the link.
func TestOwnMessagesAreNotPassed(t *testing.T) {
	for _, tid := range []ftd.TID{0x1005, 0x8005, ftd.TIDRequestCode, 0x9001, 0x9006, 0x90FF} {
		d := trading(t)
		d.message(tid)
		e := ftd.Begin(nil, tid)
		e.Sequence(0, 1)
		wire, _ := e.End()
		d.frame(wire) // takes the dialog's number
		d.request('S', 2)
		if len(d.passed) != 1 || !slices.Equal(d.codes(), []int{77, 77}) || d.sent[0].target != 0 || d.sent[1].target != 1 {
			t.Errorf("%v: %d passed, sent %+v, closed by %v", tid, len(d.passed), d.sent, d.close)
		}
	}
}

// TestUnknownMessagesBeforeAnotherFront: one that takes a number is passed on, for that front counts it too; any other is answered here.
func TestUnknownMessagesBeforeAnotherFront(t *testing.T) {
	behind := linkedSettings
	behind.FrontBehind = true
	for _, tid := range []ftd.TID{ftd.TIDForceExit, 0x8123, ftd.TIDRequestCode, 0x9001, 0x90FF} {
		d := newDialogueWith(t, &behind)
		d.core = coreSession{}
		d.reach(session.LoggedIn)
		numbered := func(number uint32) {
			e := ftd.Begin(nil, tid)
			e.Sequence(0, number)
			wire, _ := e.End()
			d.frame(wire)
		}
		numbered(1)
		d.request('S', 2)
		if len(d.passed) != 2 || len(d.sent) != 0 || d.passed[0][1:5] != string([]byte{byte(tid >> 24), byte(tid >> 16), byte(tid >> 8), byte(tid)}) {
			t.Fatalf("%v: %d passed, sent %+v", tid, len(d.passed), d.sent)
		}
		numbered(0) // the front behind would count none of these
		numbered(2)
		numbered(4)
		d.request('F', 3)
		numbered(4)
		d.request('L', 3)
		d.request('S', 4)
		if len(d.passed) != 5 || !slices.Equal(d.codes(), []int{77, 77, 77, 77}) || d.close != reason.StayOpen {
			t.Errorf("%v: %d passed, sent %+v, closed by %v", tid, len(d.passed), d.sent, d.close)
		}
	}
	d := newDialogueWith(t, &behind)
	d.core = coreSession{}
	d.reach(session.LoggedIn)
	if d.body(business(0x8123, 'F', 0, 1)); d.close != reason.Malformed || len(d.passed) != 0 {
		t.Errorf("a part of an unknown message: closed by %v, %d passed", d.close, len(d.passed))
	}
	d = newDialogueWith(t, &behind)
	d.core = coreSession{}
	d.reach(session.LoggedIn)
	body := business(0x8123, 'S', 0, 1)
	binary.BigEndian.PutUint16(body[12:], 3) // fields
	if d.body(body); d.close != reason.Malformed || len(d.passed) != 0 {
		t.Errorf("an unknown message with too few fields: closed by %v, %d passed", d.close, len(d.passed))
	}
}

// TestFloodOfUnknownMessagesBeforeAnotherFront: they count as refusals here too, where the terminal's source is known.
func TestFloodOfUnknownMessagesBeforeAnotherFront(t *testing.T) {
	behind := linkedSettings
	behind.FrontBehind = true
	d := newDialogueWith(t, &behind)
	d.core = coreSession{}
	d.reach(session.LoggedIn)
	number := uint32(0)
	for ; d.close == reason.StayOpen && number < 10*uint32(behind.Refusals)+10; number++ {
		e := ftd.Begin(nil, 0x8123)
		e.Sequence(0, 2*number+1)
		wire, _ := e.End()
		if d.frame(wire); d.close == reason.StayOpen {
			d.request('S', 2*number+2) // counts for nothing
		}
	}
	if d.close != reason.RefusalFlood || len(d.passed) != 2*behind.Refusals || int(number) != behind.Refusals+1 {
		t.Errorf("closed by %v at message %d, of %d refusals; %d passed", d.close, number, behind.Refusals, len(d.passed))
	}
}

func TestBusinessWithoutACore(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggedIn)
	d.request('S', 1)
	d.body(business(ftd.TIDPasswordUpdate, 'S', 0, 2))
	d.request('F', 3)
	d.request('C', 3)
	d.request('L', 3)
	e := ftd.Begin(nil, 0x8123) // which no core is given either
	e.Sequence(0, 4)
	wire, _ := e.End()
	d.frame(wire)
	d.request('S', 5)
	if !slices.Equal(d.codes(), []int{77, 77, 77, 77, 77}) || len(d.passed) != 0 || d.close != reason.StayOpen {
		t.Fatalf("sent %+v, %d passed, closed by %v", d.sent, len(d.passed), d.close)
	}
	for i, a := range d.sent {
		if a.tid != ftd.TIDError || a.number != uint32(i)+1 || a.target != int32(i)+1 || !strings.HasSuffix(a.text, " [ref REF123]") ||
			!slices.Equal(a.fields, []ftd.FID{ftd.FIDError, ftd.FIDErrorTargetSequence}) {
			t.Errorf("answer %d is %+v", i, a)
		}
	}
	if d.deliver(business(3, 'S', 0, 1)) {
		t.Error("a message of no core was delivered")
	}
	for name, c := range map[string]struct {
		bodies [][]byte
		about  []int32 // the number of each answer, and ten times its series
	}{
		"no number":                     {[][]byte{business(3, 'S', 0, 0)}, []int32{0}},
		"a gap":                         {[][]byte{business(3, 'S', 0, 7), business(3, 'S', 0, 8)}, []int32{7, 8}},
		"a repeat":                      {[][]byte{business(3, 'S', 0, 5)}, []int32{5}},
		"another series":                {[][]byte{business(3, 'S', 4, 6), business(3, 'F', 4, 6), business(3, 'L', 0, 6)}, []int32{46, 46, 6}},
		"a part without its beginning":  {[][]byte{business(3, 'L', 0, 5)}, []int32{5}},
		"a beginning within a run":      {[][]byte{business(3, 'F', 0, 6), business(3, 'F', 0, 7), business(3, 'L', 0, 7)}, []int32{6, 7}},
		"another request within a run":  {[][]byte{business(3, 'F', 0, 6), business(3, 'S', 0, 7), business(3, 'L', 0, 6)}, []int32{6, 7, 6}},
		"a run that changes its number": {[][]byte{business(3, 'F', 0, 6), business(3, 'C', 0, 6), business(3, 'L', 0, 9)}, []int32{6, 9}},
	} {
		d := newDialogue(t)
		d.reach(session.LoggedIn)
		for n := range uint32(5) {
			d.request('S', n+1)
		}
		for _, body := range c.bodies {
			d.body(body)
		}
		var about []int32
		for _, a := range d.sent[5:] {
			if a.code != 77 {
				t.Errorf("%s: answered %+v", name, a)
			}
			about = append(about, 10*int32(a.series)+a.target)
		}
		if !slices.Equal(about, c.about) || d.close != reason.StayOpen {
			t.Errorf("%s: answers about %v, closed by %v", name, about, d.close)
		}
	}
}

// TestNumbersAtACoreThatVerifiesAlone: there too each request is refused, and no number ends the session.
func TestNumbersAtACoreThatVerifiesAlone(t *testing.T) {
	d := newDialogue(t)
	d.core, d.full = coreSession{}, reason.UnknownRequest
	d.reach(session.LoggedIn)
	d.body(business(3, 'S', 0, 0))
	d.body(business(3, 'S', 0, 9))
	d.body(business(3, 'L', 0, 4))
	if !slices.Equal(d.codes(), []int{77, 77, 77}) || len(d.passed) != 0 || d.close != reason.StayOpen {
		t.Errorf("sent %+v, %d passed, closed by %v", d.sent, len(d.passed), d.close)
	}
}

// linkedSettings are those of a front whose core takes business.
var linkedSettings = func() session.Settings {
	s := settings
	s.Business = true
	return s
}()

// TestBusinessBeforeTheLogin: at a front whose core takes business it is answered by 6, whole or in parts; at any other by 77.
func TestBusinessBeforeTheLogin(t *testing.T) {
	for _, state := range []session.State{session.Authenticated, session.LoggingIn} {
		d := newDialogueWith(t, &linkedSettings)
		d.reach(state)
		for _, body := range [][]byte{
			business(3, 'S', 0, 1), business(3, 'F', 0, 7), business(3, 'C', 0, 7), business(3, 'L', 0, 7), business(0x9100, 'S', 0, 0),
			business(ftd.TIDError, 'S', 4, 2), business(ftd.TIDPasswordUpdate, 'S', 0, 1),
		} {
			d.body(body)
		}
		if !slices.Equal(d.codes(), []int{6, 6, 6, 6, 6, 6, 6}) || d.close != reason.StayOpen || d.s.State() != state || len(d.passed) != 0 {
			t.Fatalf("%v: sent %+v, closed by %v, state %v", state, d.sent, d.close, d.s.State())
		}
		for i, number := range []uint32{1, 7, 7, 7, 0, 0, 1} { // 0: it is not told
			if a := d.sent[i]; a.tid != ftd.TIDError || a.number != number || a.target != int32(number) || d.said[i] != reason.NotLoggedIn {
				t.Errorf("%v: answer %d is %+v, for %v", state, i, a, d.said[i])
			}
		}
		d.message(ftd.TIDForceExit) // which is never passed on, like those of the link
		d.message(0x9001)
		if got := d.codes()[7:]; state == session.Authenticated && !slices.Equal(got, []int{77, 77}) ||
			state == session.LoggingIn && d.close != reason.FrameFlood {
			t.Errorf("%v: then %v, closed by %v", state, got, d.close)
		}

		d = newDialogue(t) // its core takes none
		d.reach(state)
		d.message(3)
		d.request('F', 7)
		if !slices.Equal(d.codes(), []int{77, 77}) || d.close != reason.StayOpen || d.sent[1].number != 7 || d.sent[1].target != 7 {
			t.Errorf("%v without a core: %+v, closed by %v", state, d.sent, d.close)
		}
	}
	d := newDialogueWith(t, &linkedSettings)
	d.core = coreSession{}
	d.reach(session.Authenticated)
	d.request('S', 1)
	d.sendLogin()
	d.finish(reason.OK)
	d.request('S', 1) // the dialog begins behind the login
	if len(d.passed) != 1 || d.close != reason.StayOpen {
		t.Errorf("behind the login %d passed, closed by %v", len(d.passed), d.close)
	}
	for name, body := range map[string][]byte{"no chain": business(3, 'X', 0, 1), "cut": business(3, 'S', 0, 1)[:17]} {
		d := newDialogueWith(t, &linkedSettings)
		d.reach(session.Authenticated)
		if d.body(body); d.close != reason.Malformed || len(d.sent) != 0 {
			t.Errorf("%s: sent %v, closed by %v", name, d.sent, d.close)
		}
	}
	for _, state := range []session.State{session.Connected, session.Challenged} {
		d := newDialogueWith(t, &linkedSettings)
		d.reach(state)
		if d.message(3); d.close != reason.Malformed || len(d.sent) != 0 {
			t.Errorf("%v: sent %v, closed by %v", state, d.sent, d.close)
		}
	}
}

// TestDelivery is the table of which message of the core's a terminal gets in which state.
func TestDelivery(t *testing.T) {
	for state := session.Connected; state <= session.PasswordOnly; state++ {
		for _, tid := range []ftd.TID{3, ftd.TIDPasswordUpdate, ftd.TIDRequestCode} {
			var d *dialogue
			switch state {
			case session.LoggedIn:
				d = trading(t)
			case session.PasswordOnly:
				d = passwordOnly(t, reason.WeakPassword, 131)
			default:
				d = newDialogue(t)
				d.reach(state)
			}
			want := state == session.LoggedIn || state == session.PasswordOnly && tid == ftd.TIDPasswordUpdate ||
				state == session.Authenticated && tid == ftd.TIDRequestCode
			if got := d.deliver(business(tid, 'S', 7, 1)); got != want {
				t.Errorf("%v, %v: delivered %v", state, tid, got)
			}
		}
	}
	d := trading(t)
	for _, body := range [][]byte{nil, make([]byte, 15), make([]byte, 4097)} {
		if d.deliver(body) {
			t.Errorf("a body of %d bytes was delivered", len(body))
		}
	}
}

func TestPasswordMustBeChangedFirst(t *testing.T) {
	for _, c := range []struct {
		why    reason.Reason
		code   int
		answer ftd.TID // that the core may answer under
	}{
		{reason.WeakPassword, 131, ftd.TIDPasswordUpdate},
		{reason.FirstLogin, 140, ftd.TIDPasswordUpdate},
		{reason.PasswordExpired, 141, ftd.TIDPasswordUpdate},
		{reason.PasswordExpired, 141, ftd.TIDError},
	} {
		d := passwordOnly(t, c.why, c.code)
		if len(d.sent) != 1 || d.sent[0].tid != ftd.TIDUserLogin || d.sent[0].code != c.code || len(d.sent[0].fields) != 1 {
			t.Fatalf("%v: answered %+v", c.why, d.sent)
		}
		d.sent = nil
		d.body(business(ftd.TIDPasswordUpdate, 'S', 0, 77)) // any number
		if len(d.passed) != 1 || len(d.sent) != 0 {
			t.Fatalf("%d passed, sent %v", len(d.passed), d.sent)
		}
		answer := func(code int) func(*ftd.Encoder) {
			return func(e *ftd.Encoder) {
				e.Sequence(0, 77)
				e.Error(&ftd.Error{Code: code})
			}
		}
		if d.deliver(encode(t, c.answer, answer(142))[4:]); d.s.State() != session.PasswordOnly {
			t.Fatalf("after 142 the state is %v", d.s.State())
		}
		d.body(business(ftd.TIDPasswordUpdate, 'S', 0, 77))
		d.now = d.now.Add(100 * time.Second)
		if !d.deliver(encode(t, c.answer, answer(0))[4:]) || d.s.State() != session.Authenticated {
			t.Fatalf("after 0 the state is %v", d.s.State())
		}
		d.tick(29 * time.Second) // a login timeout of its own
		d.core = coreSession{}
		d.sendLogin()
		d.finish(reason.OK)
		d.request('S', 1)
		if len(d.passed) != 3 || d.s.State() != session.LoggedIn {
			t.Errorf("state %v, %d passed, closed by %v", d.s.State(), len(d.passed), d.close)
		}
	}
}

// TestAnswerToAnotherRequestChangesNoPassword: the core may answer by Error what the terminal asked before the login, as a request for a
// code, when the login is over. That success is none of a password.
func TestAnswerToAnotherRequestChangesNoPassword(t *testing.T) {
	d := passwordOnly(t, reason.FirstLogin, 140)
	answer := func(number uint32) bool {
		return d.deliver(encode(t, ftd.TIDError, func(e *ftd.Encoder) {
			e.Sequence(0, number)
			e.Error(&ftd.Error{})
		})[4:])
	}
	update := func(number uint32) { d.body(business(ftd.TIDPasswordUpdate, 'S', 0, number)) }
	stays := func(when string, delivered bool) {
		t.Helper()
		if delivered || d.s.State() != session.PasswordOnly {
			t.Fatalf("%s: delivered %t, state %v", when, delivered, d.s.State())
		}
	}
	stays("nothing was asked", answer(5))
	update(6)
	stays("another number", answer(5))
	d.full = reason.CoreFull
	update(5)
	stays("one that was refused", answer(5))
	if !answer(6) || d.s.State() != session.Authenticated {
		t.Errorf("its own answer: state %v", d.s.State())
	}
}

func TestPasswordOnlyRefusesAllElse(t *testing.T) {
	for name, do := range map[string]func(*dialogue){
		"login":        (*dialogue).sendLogin,
		"authenticate": (*dialogue).askChallenge,
		"business":     func(d *dialogue) { d.message(3) },
		"first part":   func(d *dialogue) { d.request('F', 1) },
		"last part":    func(d *dialogue) { d.request('L', 1) },
		"code":         func(d *dialogue) { d.message(ftd.TIDRequestCode) },
		"link":         func(d *dialogue) { d.message(0x9001) },
	} {
		d := passwordOnly(t, reason.FirstLogin, 140)
		d.sent = nil
		do(d)
		if !slices.Equal(d.codes(), []int{6}) || d.close != reason.StayOpen || d.s.State() != session.PasswordOnly || len(d.passed) != 0 {
			t.Errorf("%s: sent %+v, closed by %v, state %v", name, d.sent, d.close, d.s.State())
		}
	}
	d := passwordOnly(t, reason.FirstLogin, 140)
	if d.sendLogout(); d.close != reason.LoggedOut {
		t.Errorf("logout: closed by %v", d.close)
	}
	for _, body := range [][]byte{business(ftd.TIDPasswordUpdate, 'S', 1, 1), business(ftd.TIDPasswordUpdate, 'F', 0, 1)} {
		d := passwordOnly(t, reason.FirstLogin, 140)
		if d.body(body); d.close != reason.Malformed {
			t.Errorf("% x: closed by %v", body, d.close)
		}
	}
}

func TestPasswordOnlyEnds(t *testing.T) {
	d := passwordOnly(t, reason.PasswordExpired, 141)
	for range 11 { // the terminal sends nothing, and need not
		d.tick(10 * time.Second)
	}
	if d.close != reason.StayOpen {
		t.Fatalf("closed by %v", d.close)
	}
	if d.tick(10 * time.Second); d.close != reason.PasswordTimeout {
		t.Errorf("closed by %v", d.close)
	}
}

// TestPasswordAnswersCountForNothing: no matter how often the core wants another password.
func TestPasswordAnswersCountForNothing(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.Authenticated)
	ok := encode(t, ftd.TIDPasswordUpdate, func(e *ftd.Encoder) { e.Error(&ftd.Error{}) })[4:]
	for range 100 {
		d.sendLogin()
		d.core = coreSession{}
		d.finish(reason.WeakPassword)
		d.deliver(ok)
	}
	if d.close != reason.StayOpen || len(d.sent) != 100 {
		t.Errorf("closed by %v after %d answers", d.close, len(d.sent))
	}
}

func TestCoreCodesReachTheTerminal(t *testing.T) {
	for _, c := range []struct {
		code  int
		text  string
		times int
		want  string
		close reason.Close
	}{
		{6020, "需要短信验证码", 1, "需要短信验证码 [ref REF123]", reason.StayOpen},
		{6017, strings.Repeat("码", 40), 1, strings.Repeat("码", 29) + " [ref REF123]", reason.StayOpen},
		{6014, "a\x00b\xffc\n", 1, "a?b?c? [ref REF123]", reason.StayOpen},
		{60, "", 1, "用户在线会话超出上限 too many sessions of this user [ref REF123]", reason.StayOpen},
		{4711, "", 1, " [ref REF123]", reason.StayOpen},
		{3, "wrong", 3, "wrong [ref REF123]", reason.TooManyRefusals},
		{63, "no", 1, "no [ref REF123]", reason.SourceRefused},
		{143, "no", 1, "no [ref REF123]", reason.SourceRefused},
		{-5, "odd", 1, "odd [ref REF123]", reason.StayOpen},
	} {
		d := newDialogue(t)
		d.reach(session.Authenticated)
		d.told = func(o *session.Outcome) { o.Code, o.Text = c.code, c.text }
		for range c.times {
			d.sendLogin()
			d.finish(reason.CoreRefused)
		}
		a := d.sent[len(d.sent)-1]
		if want := max(c.code, 3); a.code != want || a.text != c.want || len(a.text) > 100 || d.close != c.close {
			t.Errorf("%d: answered %d %q, closed by %v", c.code, a.code, a.text, d.close)
		}
	}
}

func TestLostCoreEndsTheSession(t *testing.T) {
	d := newDialogue(t)
	d.reach(session.LoggingIn)
	d.told = func(o *session.Outcome) { o.Lost = true }
	d.finish(reason.OK)
	if len(d.sent) != 2 || d.sent[0].tid != ftd.TIDUserLogin || d.sent[0].code != 0 || d.close != reason.CoreChanged {
		t.Fatalf("sent %+v, closed by %v", d.sent, d.close)
	}
	var f ftd.ForceExit
	if err := f.Decode([]byte(d.sent[1].exit)); err != nil || f.Code != '2' || !strings.HasPrefix(string(f.Msg), "交易核心已切换") {
		t.Errorf("%c %q, %v", f.Code, f.Msg, err)
	}
}

func TestExitSendsTheseBytes(t *testing.T) {
	cut := session.AppendForceExit(nil, '3', strings.Repeat("出", 50))
	for _, data := range []string{"1bye" + strings.Repeat(" ", 97), strings.Repeat("\xff", 5000), string(cut)} {
		d := trading(t)
		d.step(&session.Event{Kind: session.ExitAsked, Now: d.now, ForceExit: []byte(data), Why: reason.Kicked})
		want := data[:min(len(data), 4096-16-6)]
		if len(d.sent) != 1 || d.sent[0].tid != ftd.TIDForceExit || d.sent[0].exit != want || d.close != reason.Kicked {
			t.Errorf("%.20q: %d sent, closed by %v", data, len(d.sent), d.close)
		}
	}
}

func TestRequestCode(t *testing.T) {
	for state := session.Connected; state <= session.LoggedIn; state++ {
		d := newDialogue(t)
		d.core = coreSession{}
		d.reach(state)
		d.message(ftd.TIDRequestCode)
		switch {
		case state < session.Authenticated && d.close != reason.Malformed,
			state == session.Authenticated && (d.coded != 1 || len(d.sent) != 0),
			state > session.Authenticated && !slices.Equal(d.codes(), []int{77}):
			t.Errorf("%v: %d requests, sent %v, closed by %v", state, d.coded, d.sent, d.close)
		}
	}
	for _, c := range []struct {
		why  reason.Reason
		tid  ftd.TID
		code int
	}{{reason.CodeRate, ftd.TIDRequestCode, 90}, {reason.CoreAway, ftd.TIDRequestCode, 8}, {reason.UnknownRequest, ftd.TIDError, 77}} {
		d := newDialogue(t)
		d.reach(session.Authenticated)
		d.code = c.why
		d.message(ftd.TIDRequestCode)
		if len(d.sent) != 1 || d.sent[0].tid != c.tid || d.sent[0].code != c.code {
			t.Errorf("%v: sent %+v", c.why, d.sent)
		}
	}
}

func TestResumePoints(t *testing.T) {
	with := func(n int, cut bool) func(*ftd.Encoder) {
		return func(e *ftd.Encoder) {
			data := make([]byte, 0, 6*n)
			for i := range n {
				data = append(binary.BigEndian.AppendUint16(data, uint16(i+1)), 0xFF, 0xFF, 0xFF, 0xFF)
			}
			if cut {
				data = data[:len(data)-1]
			}
			e.Raw(ftd.FIDResumePoints, data)
		}
	}
	for _, c := range []struct {
		name  string
		n     int
		cut   bool
		close reason.Close
		said  []reason.Reason
	}{
		{"none", 0, false, reason.Malformed, nil},
		{"one", 1, false, reason.StayOpen, nil},
		{"eight", 8, false, reason.StayOpen, nil},
		{"nine", 9, false, reason.StayOpen, []reason.Reason{reason.IllegalField}},
		{"cut", 3, true, reason.Malformed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDialogue(t)
			d.reach(session.Authenticated)
			d.message(ftd.TIDUserLogin, loginRequest("9999", "88888888"), terminalInfo("1.0"), with(c.n, c.cut))
			if d.close != c.close || !slices.Equal(d.said, c.said) {
				t.Fatalf("closed by %v, said %v", d.close, d.said)
			}
			switch {
			case c.said != nil:
				if d.item != "ResumePoints" {
					t.Errorf("item %q", d.item)
				}
			case c.close == reason.StayOpen:
				if got := d.attempt.Resume.All(); len(got) != c.n || got[c.n-1] != (ftd.Point{Series: uint16(c.n), Number: -1}) {
					t.Errorf("resume %v", got)
				}
			}
		})
	}
}

// TestBusinessDoesNotAllocate: neither way.
func TestBusinessDoesNotAllocate(t *testing.T) {
	p := newPlayer(t)
	p.loggedIn.Session = core.Session(coreSession{})
	p.s = session.New(&settings, p.now)
	p.arrive(0)
	p.step(&session.Event{Kind: session.ChallengeDrawn, Now: p.now, Challenge: &p.challenge})
	p.arrive(1)
	p.step(&session.Event{Kind: session.OutcomeKnown, Now: p.now, Do: session.DoVerify, Outcome: &p.verified})
	p.arrive(2)
	p.step(&session.Event{Kind: session.OutcomeKnown, Now: p.now, Do: session.DoLogin, Op: session.OpLogin, Outcome: &p.loggedIn})
	body, number := business(3, 'S', 0, 0), uint32(0)
	refused := session.Outcome{Reason: reason.CoreFull, Ref: reason.Ref{'R', 'E', 'F', '1', '2', '3'}}
	wire := make([]byte, 0, 8192)
	n := testing.AllocsPerRun(100, func() {
		number++
		binary.BigEndian.PutUint32(body[8:], number)
		p.step(&session.Event{Kind: session.FrameArrived, Now: p.now, Frame: ftd.Frame{Type: ftd.FrameFTDC, Body: body}})
		if p.fx.Do != session.DoPass {
			t.Fatalf("asks for %v, closes by %v", p.fx.Do, p.fx.Close)
		}
		p.step(&session.Event{Kind: session.RequestRefused, Now: p.now, Outcome: &refused, Number: number})
		wire = p.s.Deliver(wire[:0], body, p.now)
	})
	if n != 0 || len(wire) == 0 {
		t.Errorf("%v allocations a message", n)
	}
}
