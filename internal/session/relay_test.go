package session_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

const (
	relayApp = "abcdef_relay_1.6.0"
	submitID = "019b7c1e-5c00-7d4e-8a3b-0123456789ab"
)

// vector is the frame of a file of test/vectors.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../test/vectors/" + name + ".vec")
	if err != nil {
		t.Fatal(err)
	}
	_, dump, _ := strings.Cut(string(text), "\n\n")
	var frame []byte
	for line := range strings.Lines(dump) {
		digits, _, _ := strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatal(err)
		}
		frame = append(frame, b...)
	}
	return frame
}

func relayedTerminal(e *ftd.Encoder) {
	e.RelayedTerminal(&ftd.RelayedTerminal{
		AppID: []byte("client_demo_1.0"), PublicIP: []byte("203.0.113.7"), PublicPort: 50001,
		LoginTime: []byte("2026-01-05 08:44:58"), TerminalType: '2',
	})
}

func submitRequest(id string) func(*ftd.Encoder) {
	return func(e *ftd.Encoder) {
		e.SubmitRequest(&ftd.SubmitRequest{
			BrokerID: []byte("9999"), UserID: []byte("88888888"), SubmitID: []byte(id), Attempt: ftd.AttemptFirst,
		})
	}
}

// id is the SubmitID of the nth submission of a test.
func id(n int) string { return fmt.Sprintf("019b7c1e-5c00-7d4e-8a3b-%012d", n) }

func (d *dialogue) submit(id string) {
	d.t.Helper()
	d.message(ftd.TIDTerminalSubmit, submitRequest(id), relayedTerminal, terminalInfo("1.0"))
}

// TestRefusedSubmitterMoves: a terminal that sends a submission is none of a relay, and its session goes on in another process.
func TestRefusedSubmitterMoves(t *testing.T) {
	for _, state := range []session.State{session.Authenticated, session.LoggedIn} {
		d := newDialogue(t)
		d.reach(state)
		if d.submit(submitID); !slices.Equal(d.codes(), []int{27}) || !d.s.Moves() {
			t.Errorf("%v: answered %v, moves %v", state, d.codes(), d.s.Moves())
		}
	}
}

// decided brings the outcome of the submission that has been on its way the longest.
func (d *dialogue) decided(why reason.Reason) {
	d.t.Helper()
	outcome := session.Outcome{Reason: why}
	copy(outcome.Ref[:], "4CV33T")
	if why.Accepted() {
		outcome.Submitted = submitReceipt()
	}
	first := d.submits[0]
	d.submits = d.submits[1:]
	d.step(&session.Event{Kind: session.SubmitDone, Now: d.now, Outcome: &outcome, SubmitID: first.Request.SubmitID})
}

func submitReceipt() *session.SubmitReceipt {
	return &session.SubmitReceipt{
		RecordID: uuid.MustParse("019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"), Account: "88888888", UserType: regulation.UserOperator,
		TradingDay: 20260105, Flag: regulation.FlagNormal, Via: via(),
	}
}

func via() session.Via {
	return session.Via{
		AppID: relayApp, Addr: netip.MustParseAddrPort("198.51.100.4:41022"),
		LoginTime: time.Date(2026, 1, 5, 8, 30, 0, 0, regulation.Zone),
	}
}

// relay is an operator relay's dialogue in a state.
func relay(t *testing.T, state session.State) *dialogue {
	d := newDialogue(t)
	d.appType = ftd.OperatorRelay
	d.terms = &ftd.RelayTerms{Window: 4, Rate: 2000, Burst: 10000, MaxTerminalAge: 345600, Features: '0'}
	d.reach(state)
	return d
}

// TestLogoutWaitsForSubmissions: each submission that came before a logout is answered, and the logout behind the last of them. What
// comes behind the logout is not taken.
func TestLogoutWaitsForSubmissions(t *testing.T) {
	d := relay(t, session.LoggedIn)
	for n := range 3 {
		d.submit(id(n))
	}
	d.sendLogout()
	d.submit(id(3))
	d.sendLogout()
	d.message(ftd.TIDTerminalEnd, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id(0))}) })
	d.request('S', 1)
	d.request('L', 9)
	d.message(ftd.TIDUserLogin)
	if len(d.submits) != 3 || len(d.sent) != 0 || len(d.gone) != 0 || len(d.passed) != 0 || d.close != reason.StayOpen {
		t.Fatalf("%d on their way, sent %+v, gone %v, %d passed, closed by %v", len(d.submits), d.sent, d.gone, len(d.passed), d.close)
	}
	if d.s.Passes(ftd.Frame{Type: ftd.FrameFTDC, Body: business(3, 'S', 0, 1)}) {
		t.Error("a business message behind the logout passes")
	}
	d.decided(reason.OK)
	d.decided(reason.OutOfScope)
	if len(d.sent) != 2 || len(d.said) != 0 || d.close != reason.StayOpen {
		t.Fatalf("before the last: sent %+v, said %v, closed by %v", d.sent, d.said, d.close)
	}
	d.decided(reason.OK)
	if !slices.Equal(d.codes(), []int{0, 9, 0, 0}) || d.sent[2].submit != id(2) || d.sent[3].tid != ftd.TIDUserLogout ||
		!slices.Equal(d.said, []reason.Reason{reason.OK}) || d.close != reason.LoggedOut {
		t.Errorf("sent %+v, said %v, closed by %v", d.sent, d.said, d.close)
	}

	d = relay(t, session.LoggedIn) // none is on its way any more
	d.submit(id(0))
	d.decided(reason.OK)
	if d.sendLogout(); !slices.Equal(d.codes(), []int{0, 0}) || d.close != reason.LoggedOut {
		t.Errorf("without submissions: sent %+v, closed by %v", d.sent, d.close)
	}
	d = relay(t, session.LoggedIn)
	d.submit(id(0))
	d.message(ftd.TIDUserLogout, logoutRequest("9999", "other"))
	d.submit(id(1))
	if d.decided(reason.OK); len(d.submits) != 1 || !slices.Equal(d.codes(), []int{2, 0}) || d.close != reason.StayOpen {
		t.Errorf("refused: %d on their way, sent %+v, closed by %v", len(d.submits), d.sent, d.close)
	}
}

// TestLogoutThatWaitsEnds: what ends a session ends one whose logout waits.
func TestLogoutThatWaitsEnds(t *testing.T) {
	for _, c := range []struct {
		why  reason.Close
		play func(*dialogue)
	}{
		{reason.EndedByOperator, func(d *dialogue) {
			exit := session.AppendForceExit(nil, session.ExitByOperator, "")
			d.step(&session.Event{Kind: session.ExitAsked, Now: d.now, ForceExit: exit, Why: reason.EndedByOperator})
		}},
		{reason.HeartbeatTimeout, func(d *dialogue) { d.tick(90 * time.Second) }},
	} {
		d := relay(t, session.LoggedIn)
		d.submit(id(0))
		d.sendLogout()
		if c.play(d); d.close != c.why || slices.ContainsFunc(d.sent, func(a answer) bool { return a.tid == ftd.TIDUserLogout }) {
			t.Errorf("%v: sent %+v, closed by %v", c.why, d.sent, d.close)
		}
	}
	d := relay(t, session.LoggedIn)
	d.submit(id(0))
	d.sendLogout()
	d.tick(60 * time.Second)
	d.frame(ftd.AppendHeartbeat(nil))
	d.tick(60 * time.Second) // a relay that sends heartbeats is heard
	if d.decided(reason.OK); d.close != reason.LoggedOut {
		t.Errorf("with heartbeats: closed by %v", d.close)
	}

	d = relay(t, session.LoggedIn) // the last answer is one refusal too many
	for range 1000 {
		d.submit(id(0))
		d.decided(reason.OutOfScope)
	}
	d.submit(id(0))
	d.sendLogout()
	var fx session.Effects
	refused := session.Outcome{Reason: reason.OutOfScope, Ref: reason.Ref([]byte("4CV33T"))}
	d.s.Step(&session.Event{Kind: session.SubmitDone, Now: d.now, Outcome: &refused, SubmitID: []byte(id(0))}, &fx)
	if fx.Close != reason.RelayRefusals || fx.Do != session.DoNothing || len(fx.Wire) == 0 {
		t.Errorf("closed by %v, asks for %v, %d bytes sent", fx.Close, fx.Do, len(fx.Wire))
	}
}

// TestSubmitOnTheWire: request, answer and refusal are the bytes of an independent encoder.
func TestSubmitOnTheWire(t *testing.T) {
	d := relay(t, session.LoggedIn)
	d.now = time.Date(2026, 1, 5, 8, 45, 0, 0, regulation.Zone)
	wire := vector(t, "terminal-submit")
	d.frame(wire)
	if len(d.submits) != 1 || len(d.sent) != 0 {
		t.Fatalf("%d submissions, answers %v, closed by %v", len(d.submits), d.sent, d.close)
	}
	a := d.submits[0]
	clear(wire) // what is kept belongs to the attempt
	told := a.Visit.Told
	got := fmt.Sprintf("%s %s %s %s %c|%s %s %d %s %c|%s %c %d|%q %q|%s %s", a.Request.BrokerID, a.Request.UserID, a.Request.SubmitID,
		a.LoggedIn.In(regulation.Zone).Format(regulation.TimeLayout), a.Request.Attempt,
		told.AppID, told.PublicIP, told.PublicPort, told.LoginTime, told.TerminalType,
		a.Info.KeyVersion, a.Info.Flag, len(a.Info.Ciphertext), a.Illegal, a.Visit.Illegal, a.AppID, a.Operator)
	want := "9999 88888888 " + submitID + " 2026-01-05 09:00:00 0|client_demo_1.0 203.0.113.7 50001 2026-01-05 08:44:58 2|1.0 0 256|\"\" \"\"|" +
		app + " 88888888"
	if got != want {
		t.Errorf("submitted %s\nwant      %s", got, want)
	}
	if a.Visit.Tagged || len(a.Visit.Field) != 94 || !a.Arrived.Equal(d.now) {
		t.Errorf("tagged %v, field of %d bytes, arrived %v", a.Visit.Tagged, len(a.Visit.Field), a.Arrived)
	}
	digest := sha256.Sum256(slices.Concat([]byte("tradefront relay record 1\x00"), fmt.Appendf(nil, "%-30s", relayApp), a.Content))
	if hex.EncodeToString(digest[:12]) != "d2a59c127c7d9a77feafcb02" {
		t.Errorf("the content's digest is %x", digest)
	}

	for _, c := range []struct {
		name    string
		outcome session.Outcome
	}{
		{"terminal-submit-answer", session.Outcome{Reason: reason.OK, Submitted: submitReceipt()}},
		{"terminal-submit-answer", session.Outcome{Reason: reason.Resubmitted, Submitted: submitReceipt()}},
		{"terminal-submit-refused", session.Outcome{Reason: reason.OutOfScope, Ref: reason.Ref([]byte("4CV33T"))}},
		{"terminal-submit-refused", session.Outcome{Reason: reason.UnknownCustomer, Ref: reason.Ref([]byte("4CV33T"))}},
	} {
		want := vector(t, c.name)
		s := d.s
		var fx session.Effects
		s.Step(&session.Event{Kind: session.SubmitDone, Now: d.now, Outcome: &c.outcome, SubmitID: a.Request.SubmitID}, &fx)
		if !bytes.Equal(fx.Wire, want) {
			t.Errorf("%s, %v: sent\n%x\nwant\n%x", c.name, c.outcome.Reason, fx.Wire, want)
		}
	}
}

// TestSubmitChecks walks down the order of checks: in case i the checks before i pass, and all from i on fail.
func TestSubmitChecks(t *testing.T) {
	full := func(d *dialogue) {
		for n := range 4 {
			d.submit(id(n))
		}
	}
	cases := []struct {
		why  reason.Reason
		code int
		play func(*testing.T) *dialogue
	}{
		{reason.WrongMode, 27, func(t *testing.T) *dialogue {
			d := passwordOnly(t, reason.WeakPassword, 0)
			d.draining = true
			return d
		}},
		{reason.PasswordFirst, 6, func(t *testing.T) *dialogue {
			d := relay(t, session.LoggingIn)
			d.core, d.draining = coreSession{}, true
			d.finish(reason.WeakPassword)
			return d
		}},
		{reason.NotLoggedIn, 6, func(t *testing.T) *dialogue {
			d := relay(t, session.Authenticated)
			d.draining = true
			return d
		}},
		{reason.Draining, 8, func(t *testing.T) *dialogue {
			d := relay(t, session.LoggedIn)
			full(d)
			d.draining = true
			return d
		}},
		{reason.RelayWindow, 90, func(t *testing.T) *dialogue {
			d := relay(t, session.LoggedIn)
			full(d)
			return d
		}},
	}
	order := make([]reason.Reason, 0, len(cases))
	for _, c := range cases {
		d := c.play(t)
		state, before := d.s.State(), len(d.submits)
		d.sent, d.said = nil, nil
		d.submit(submitID)
		if !slices.Equal(d.said, []reason.Reason{c.why}) || !slices.Equal(d.codes(), []int{c.code}) || d.close != reason.StayOpen {
			t.Errorf("%v: decided %v, answered %v, closed by %v", c.why, d.said, d.codes(), d.close)
			continue
		}
		a := d.sent[0]
		if a.tid != ftd.TIDTerminalSubmit || a.submit != submitID || !slices.Equal(a.fields, []ftd.FID{ftd.FIDSubmitRef, ftd.FIDError}) {
			t.Errorf("%v: answered %+v", c.why, a)
		}
		if d.s.State() != state || len(d.submits) != before {
			t.Errorf("%v: from %v to %v, %d submitted", c.why, state, d.s.State(), len(d.submits)-before)
		}
		order = append(order, c.why)
	}
	if !slices.Equal(order, session.SubmitChecks()) {
		t.Errorf("the session's order is %v, tested in the order %v", session.SubmitChecks(), order)
	}
}

// TestSubmitMalformed: what closes without an answer.
func TestSubmitMalformed(t *testing.T) {
	for _, c := range []struct {
		name  string
		state session.State
		frame func(testing.TB) []byte
		want  ftd.Fault
	}{
		{"before authentication", session.Challenged, func(t testing.TB) []byte { return vector(t, "terminal-submit") }, ftd.FaultUnknownTID},
		{"end before authentication", session.Connected, func(t testing.TB) []byte { return vector(t, "terminal-end") }, ftd.FaultUnknownTID},
		{"no request", session.LoggedIn, func(t testing.TB) []byte {
			return encode(t, ftd.TIDTerminalSubmit, relayedTerminal, terminalInfo("1.0"))
		}, ftd.FaultFieldMissing},
		{"no terminal", session.LoggedIn, func(t testing.TB) []byte {
			return encode(t, ftd.TIDTerminalSubmit, submitRequest(submitID), terminalInfo("1.0"))
		}, ftd.FaultFieldMissing},
		{"no information", session.LoggedIn, func(t testing.TB) []byte {
			return encode(t, ftd.TIDTerminalSubmit, submitRequest(submitID), relayedTerminal)
		}, ftd.FaultFieldMissing},
		{"short request", session.LoggedIn, func(t testing.TB) []byte { return vector(t, "submit-request-short") }, ftd.FaultFieldShort},
		{"short terminal", session.LoggedIn, func(t testing.TB) []byte { return vector(t, "relayed-terminal-short") }, ftd.FaultFieldShort},
		{"short information", session.LoggedIn, func(t testing.TB) []byte {
			return encode(t, ftd.TIDTerminalSubmit, submitRequest(submitID), relayedTerminal, func(e *ftd.Encoder) { e.Raw(ftd.FIDTerminalInfo, []byte("1.0")) })
		}, ftd.FaultFieldShort},
		{"short tag", session.LoggedIn, func(t testing.TB) []byte {
			return encode(t, ftd.TIDTerminalSubmit, submitRequest(submitID), relayedTerminal, terminalInfo("1.0"),
				func(e *ftd.Encoder) { e.Raw(ftd.FIDTerminalTag, []byte("MAC")) })
		}, ftd.FaultFieldShort},
		{"numbered", session.LoggedIn, func(testing.TB) []byte {
			e := ftd.Begin(nil, ftd.TIDTerminalSubmit)
			e.Sequence(0, 1)
			wire, _ := e.End()
			return wire
		}, ftd.FaultSequence},
		{"end of nothing", session.LoggedIn, func(t testing.TB) []byte { return encode(t, ftd.TIDTerminalEnd) }, ftd.FaultFieldMissing},
		{"twice", session.LoggedIn, func(t testing.TB) []byte {
			wire := vector(t, "terminal-submit-again")
			return append(bytes.Replace(wire, []byte{0, 0, 0x80, 0x0F}, []byte{0, 0, 0x80, 0x09}, 1), []byte{}...)
		}, ftd.FaultFieldTwice},
	} {
		d := relay(t, c.state)
		d.frame(c.frame(t))
		if d.close != reason.Malformed || d.fault != c.want || len(d.sent) != 0 || len(d.submits) != 0 {
			t.Errorf("%s: closed by %v, %v, answers %v, %d submitted", c.name, d.close, d.fault, d.sent, len(d.submits))
		}
	}
}

// TestSubmitIllegalItems: an item that is not of its form is named, and judged by the gateway in its place.
func TestSubmitIllegalItems(t *testing.T) {
	for _, c := range []struct {
		at              int // in the frame
		byte            byte
		illegal, relays string
	}{
		{90, '0', "", ""},
		{90, '1', "", ""},
		{90, '2', "SubmitRequest.Attempt", ""},
		{26, 1, "SubmitRequest.BrokerID", ""},
		{36, '_', "SubmitRequest.UserID", ""},
		{36, 0, "SubmitRequest.UserID", ""},
		{54, 0x7F, "SubmitRequest.SubmitID", ""},
		{54, 'z', "", ""}, // no UUID, which the gateway finds
		{197, '@', "TerminalInfo.KeyVersion", ""},
		{197, 0xFF, "TerminalInfo.KeyVersion", ""},
		{205, 0xFF, "", ""}, // the gateway flags it
		{97, '@', "", "RelayedTerminal.AppID"},
		{97, 0, "", "RelayedTerminal.AppID"},
		{127, 0xFF, "", "RelayedTerminal.PublicIP"},
		{166, '-', "", "RelayedTerminal.PublicPort"},
		{171, 9, "", "RelayedTerminal.LoginTime"},
		{190, '7', "", ""},
		{190, '8', "", "RelayedTerminal.TerminalType"},
		{190, ' ', "", "RelayedTerminal.TerminalType"},
		{468, 0, "", "TerminalTag.MAC"},
		{508, 0, "", "TerminalTag.Tag"},
	} {
		d := relay(t, session.LoggedIn)
		wire := vector(t, "terminal-submit-again")
		wire[c.at] = c.byte
		d.frame(wire)
		if len(d.submits) != 1 {
			t.Errorf("%d: %d submitted, closed by %v", c.at, len(d.submits), d.close)
			continue
		}
		if a := d.submits[0]; a.Illegal != c.illegal || a.Visit.Illegal != c.relays || !a.Visit.Tagged {
			t.Errorf("%d: %q %q, want %q %q", c.at, a.Illegal, a.Visit.Illegal, c.illegal, c.relays)
		}
		d.decided(reason.IllegalField)
		if want := map[bool]string{true: "", false: string(wire[54:90])}[c.at == 54 && c.byte == 0x7F]; d.sent[0].submit != want {
			t.Errorf("%d: the refusal is about %q, want %q", c.at, d.sent[0].submit, want)
		}
	}
}

// TestSubmitContent: the RecordID is made of what a submission says, not of how often it was sent or what is beside it.
func TestSubmitContent(t *testing.T) {
	content := func(name string) string {
		d := relay(t, session.LoggedIn)
		d.frame(vector(t, name))
		return string(d.submits[0].Content)
	}
	first := content("terminal-submit")
	if len(first) != 64+94+9+256 || content("terminal-submit-again") != first || content("relayed-terminal-longer") != first {
		t.Error("Attempt, TerminalTag, or what a newer version adds to a field changes the content")
	}
	if content("terminal-submit-no-ciphertext") == first {
		t.Error("another terminal has the same content")
	}
}

// TestSubmissionsInAnyOrder: each is answered once, by its SubmitID, while others are on their way.
func TestSubmissionsInAnyOrder(t *testing.T) {
	d := relay(t, session.LoggedIn)
	for n := range 4 {
		d.submit(id(n))
	}
	d.submits[0], d.submits[3] = d.submits[3], d.submits[0]
	d.decided(reason.OK)
	d.decided(reason.OutOfScope)
	d.submit(id(4))
	for len(d.submits) > 0 {
		d.decided(reason.OK)
	}
	got := make([]string, 0, 5)
	for _, a := range d.sent {
		got = append(got, fmt.Sprintf("%s %d", a.submit[35:], a.code))
	}
	if want := []string{"3 0", "1 9", "2 0", "0 0", "4 0"}; !slices.Equal(got, want) || d.close != reason.StayOpen {
		t.Errorf("answered %v, want %v, closed by %v", got, want, d.close)
	}
}

// TestNoSubmissionEndsTheSession: at no code, since many customers are behind this connection.
func TestNoSubmissionEndsTheSession(t *testing.T) {
	d := relay(t, session.LoggedIn)
	for why := range reason.DisabledCustomer + 1 {
		for range 4 { // the third error 3 would end a terminal's session
			d.submit(submitID)
			d.decided(why)
		}
		if d.close != reason.StayOpen {
			t.Fatalf("%v: closed by %v", why, d.close)
		}
	}
	if len(d.sent) != 4*int(reason.DisabledCustomer+1) {
		t.Errorf("%d answers", len(d.sent))
	}
}

// TestWindow: what is sent beyond it is refused and not kept; a relay that goes on without reading is closed.
func TestWindow(t *testing.T) {
	d := relay(t, session.LoggedIn)
	n := 0
	for d.close == reason.StayOpen && n < 100 {
		d.submit(id(n))
		n++
	}
	if n != 17 || len(d.submits) != 4 || len(d.sent) != 12 || d.close != reason.RelayFlood {
		t.Errorf("closed by %v after %d submissions: %d on their way, %d refused", d.close, n, len(d.submits), len(d.sent))
	}

	d = relay(t, session.LoggedIn)
	for range 20 { // a relay that counts badly, and waits
		for range 6 {
			d.submit(submitID)
		}
		for len(d.submits) > 0 {
			d.decided(reason.OK)
		}
	}
	if d.close != reason.StayOpen || len(d.sent) != 120 {
		t.Errorf("closed by %v after %d answers", d.close, len(d.sent))
	}
}

// TestSubmitRefusals: 1,000 may be saved up, 50 a second are forgotten; the session's own bound is another.
func TestSubmitRefusals(t *testing.T) {
	refusedUntilClose := func(each time.Duration, most int) int {
		d := relay(t, session.LoggedIn)
		for n := range most {
			d.submit(submitID)
			d.decided(reason.OutOfScope)
			if d.close != reason.StayOpen {
				if d.close != reason.RelayRefusals {
					t.Errorf("closed by %v", d.close)
				}
				return n + 1
			}
			d.now = d.now.Add(each)
		}
		return 0
	}
	if n := refusedUntilClose(0, 2000); n != 1001 {
		t.Errorf("at once: closed at the %dth refusal", n)
	}
	if n := refusedUntilClose(10*time.Millisecond, 3000); n < 1990 || n > 2010 {
		t.Errorf("100 a second: closed at the %dth refusal", n)
	}
	if n := refusedUntilClose(20*time.Millisecond, 5000); n != 0 {
		t.Errorf("50 a second: closed at the %dth refusal", n)
	}
	// A terminal that submits has the bound that it has for anything else.
	d := newDialogue(t)
	d.reach(session.LoggedIn)
	n := 0
	for ; d.close == reason.StayOpen && n < 100; n++ {
		d.submit(submitID)
	}
	if n != settings.Refusals+1 || d.close != reason.RefusalFlood {
		t.Errorf("a terminal: closed by %v at the %dth", d.close, n)
	}
}

// TestWhatTheFrontAboveLacks: 7, 8 and 90 of a front above a relay agent count for no bound of the relay below it; its other refusals do.
func TestWhatTheFrontAboveLacks(t *testing.T) {
	for code, want := range map[int]reason.Close{
		7: reason.StayOpen, 8: reason.StayOpen, 90: reason.StayOpen, 0: reason.RelayRefusals, 9: reason.RelayRefusals, 60: reason.RelayRefusals,
	} {
		d := relay(t, session.LoggedIn)
		outcome := session.Outcome{Reason: reason.UpstreamRefused, Code: code, Ref: reason.Ref([]byte("4CV33T"))}
		for range 2000 {
			if d.close != reason.StayOpen {
				break
			}
			d.submit(submitID)
			d.submits = nil
			d.step(&session.Event{Kind: session.SubmitDone, Now: d.now, Outcome: &outcome, SubmitID: []byte(submitID)})
		}
		if d.close != want {
			t.Errorf("%d: closed by %v after %d answers, want %v", code, d.close, len(d.sent), want)
		}
	}
}

// TestSubmitDuringLogin: submissions that come before the answer to the operator's login are no flood of frames.
func TestSubmitDuringLogin(t *testing.T) {
	d := relay(t, session.LoggingIn)
	for range 3 * settings.PendingFrames {
		d.submit(submitID)
	}
	d.finish(reason.OK)
	d.submit(submitID)
	if d.close != reason.StayOpen || len(d.submits) != 1 || d.sent[0].code != 6 {
		t.Errorf("closed by %v, %d submitted, answers %v", d.close, len(d.submits), d.codes())
	}
}

func TestTerminalEnd(t *testing.T) {
	for _, c := range []struct {
		state   session.State
		appType byte
		code    int
	}{
		{session.Authenticated, ftd.OperatorRelay, 6},
		{session.LoggedIn, '1', 27},
		{session.LoggedIn, ftd.InvestorRelay, 27},
		{session.LoggedIn, ftd.OperatorRelay, 0},
	} {
		d := newDialogue(t)
		d.appType = c.appType
		d.reach(c.state)
		d.draining = true
		d.frame(vector(t, "terminal-end"))
		if len(d.sent) != 1 || d.sent[0].code != c.code || d.sent[0].tid != ftd.TIDTerminalEnd || d.sent[0].submit != submitID || d.close != reason.StayOpen {
			t.Errorf("%v, AppType %c: answered %+v, closed by %v", c.state, c.appType, d.sent, d.close)
		}
		if want := map[bool]int{true: 1}[c.code == 0]; len(d.gone) != want {
			t.Errorf("%v, AppType %c: gone %v", c.state, c.appType, d.gone)
		}
	}
	d := relay(t, session.LoggedIn)
	d.frame(withByte(t, vector(t, "terminal-end"), "019b", 0))
	if len(d.gone) != 0 || d.sent[0].code != 15 || d.item != "SubmitRef.SubmitID" || d.sent[0].submit != "" {
		t.Errorf("an illegal SubmitID: gone %v, answered %+v, item %q", d.gone, d.sent, d.item)
	}
}

// TestTerminalExit: a relay that does not expect a ForceExit for one terminal would end all of them.
func TestTerminalExit(t *testing.T) {
	for _, c := range []struct {
		features byte
		state    session.State
		sent     int
	}{
		{'0', session.LoggedIn, 0}, {'1', session.LoggedIn, 1}, {'1', session.LoggingIn, 0}, {' ', session.LoggedIn, 0},
	} {
		d := relay(t, session.Connected)
		d.terms.Features = c.features
		d.reach(c.state)
		field := session.AppendForceExit(nil, '1', "out")
		d.step(&session.Event{Kind: session.TerminalExitAsked, Now: d.now, SubmitID: []byte(submitID), ForceExit: field})
		if len(d.sent) != c.sent || d.close != reason.StayOpen || d.s.State() != c.state {
			t.Errorf("%c in %v: sent %+v, closed by %v", c.features, c.state, d.sent, d.close)
			continue
		}
		if c.sent > 0 && (d.sent[0].tid != ftd.TIDForceExit || d.sent[0].submit != submitID || d.sent[0].exit != string(field)) {
			t.Errorf("sent %+v", d.sent[0])
		}
	}
}

// TestOperatorsLoginHasTerms, TestRelayedLogin: what a relay is told beside what a terminal is.
func TestOperatorsLoginHasTerms(t *testing.T) {
	d := relay(t, session.LoggingIn)
	d.finish(reason.OK)
	want := []ftd.FID{ftd.FIDLoginResponse, ftd.FIDRelayTerms, ftd.FIDError}
	if a := d.sent[0]; !slices.Equal(a.fields, want) || a.code != 0 || d.attempt != nil {
		t.Errorf("answered %+v", a)
	}
}

func TestRelayedLogin(t *testing.T) {
	v := via()
	d := newDialogue(t)
	d.appType, d.via = ftd.InvestorRelay, &v
	d.reach(session.Authenticated)
	wire := vector(t, "login-request-relayed")
	d.frame(wire)
	clear(wire)
	if d.attempt == nil || d.attempt.Relayed == nil {
		t.Fatalf("no relayed login, answers %v", d.sent)
	}
	r := d.attempt.Relayed
	if string(r.Told.AppID) != "client_demo_1.0" || string(r.Told.PublicIP) != "203.0.113.7" || r.Told.PublicPort != 50001 ||
		string(r.Told.LoginTime) != "2026-01-05 08:44:58" || r.Told.TerminalType != '2' || r.Illegal != "" || r.Tagged ||
		string(r.Field[:15]) != "client_demo_1.0" || len(r.Field) != 94 || d.attempt.AppType != ftd.InvestorRelay {
		t.Errorf("relayed %+v of %+v", r, d.attempt)
	}
	d.finish(reason.OK)
	if a := d.sent[0]; !slices.Equal(a.fields, []ftd.FID{ftd.FIDLoginResponse, ftd.FIDRelayRecorded, ftd.FIDError}) || a.code != 0 {
		t.Errorf("answered %+v", a)
	}
}

// TestRelayedLoginOrder: RelayedTerminal belongs to a many-to-many relay and to no other; there the broker comes first,
// and what the relay told is the gateway's to judge.
func TestRelayedLoginOrder(t *testing.T) {
	badTerminal := func(e *ftd.Encoder) {
		e.RelayedTerminal(&ftd.RelayedTerminal{AppID: []byte("a@b"), TerminalType: '9'})
	}
	for _, c := range []struct {
		name    string
		appType byte
		state   session.State
		broker  string
		user    string
		relayed func(*ftd.Encoder)
		code    int // 0: it goes to the gateway
	}{
		{"direct with it", '1', session.Authenticated, "9999", "8", relayedTerminal, 27},
		{"direct with it, all else wrong", '1', session.Authenticated, "1", "_", badTerminal, 27},
		{"operator's own with it", ftd.OperatorRelay, session.Authenticated, "9999", "8", relayedTerminal, 27},
		{"many-to-many without", ftd.InvestorRelay, session.Authenticated, "1", "_", nil, 27},
		{"the state comes first", '1', session.Challenged, "1", "_", relayedTerminal, 64},
		{"the state comes first", '1', session.LoggedIn, "1", "_", relayedTerminal, 5},
		{"broker before items", ftd.InvestorRelay, session.Authenticated, "1", "_", badTerminal, 2},
		{"account", ftd.InvestorRelay, session.Authenticated, "9999", "_", badTerminal, 15},
		{"the gateway judges", ftd.InvestorRelay, session.Authenticated, "9999", "8", badTerminal, 0},
		{"direct: items before broker", '1', session.Authenticated, "1", "_", nil, 15},
		{"operator", ftd.OperatorRelay, session.Authenticated, "9999", "8", nil, 0},
	} {
		d := newDialogue(t)
		d.appType = c.appType
		d.reach(c.state)
		fields := []func(*ftd.Encoder){loginRequest(c.broker, c.user), terminalInfo("1.0")}
		if c.relayed != nil {
			fields = append(fields, c.relayed)
		}
		d.message(ftd.TIDUserLogin, fields...)
		if d.close != reason.StayOpen || (c.code == 0) != (d.attempt != nil) || c.code != 0 && !slices.Equal(d.codes(), []int{c.code}) {
			t.Errorf("%s: answered %v, closed by %v, login on its way %v", c.name, d.codes(), d.close, d.attempt != nil)
		}
		if c.name == "the gateway judges" && d.attempt.Relayed.Illegal != "RelayedTerminal.AppID" {
			t.Errorf("illegal is %q", d.attempt.Relayed.Illegal)
		}
	}
	d := newDialogue(t)
	d.reach(session.Authenticated)
	d.message(ftd.TIDUserLogin, loginRequest("9999", "8"), terminalInfo("1.0"), func(e *ftd.Encoder) { e.Raw(ftd.FIDRelayedTerminal, []byte("a")) })
	if d.close != reason.Malformed || d.fault != ftd.FaultFieldShort {
		t.Errorf("a short field: closed by %v, %v", d.close, d.fault)
	}
}

// submitter steps an operator relay's session through submissions.
type submitter struct {
	player
	frame    ftd.Frame
	accepted session.Outcome
	refused  session.Outcome
}

func newSubmitter(t testing.TB) *submitter {
	s := &submitter{player: *newPlayer(t)}
	s.verified.AppType = ftd.OperatorRelay
	s.loggedIn.Receipt.Terms = &ftd.RelayTerms{Window: 256}
	s.accepted = session.Outcome{Submitted: submitReceipt()}
	s.refused = session.Outcome{Reason: reason.OutOfScope, Ref: reason.Ref([]byte("4CV33T"))}
	s.s = session.New(&settings, s.now)
	s.arrive(0)
	s.step(&session.Event{Kind: session.ChallengeDrawn, Now: s.now, Challenge: &s.challenge})
	s.arrive(1)
	s.step(&session.Event{Kind: session.OutcomeKnown, Now: s.now, Do: session.DoVerify, Outcome: &s.verified})
	s.arrive(2)
	s.step(&session.Event{Kind: session.OutcomeKnown, Now: s.now, Do: session.DoLogin, Op: session.OpLogin, Outcome: &s.loggedIn})
	s.frame, _, _ = ftd.DecodeFrame(vector(t, "terminal-submit"), ftd.MaxBodyLen)
	return s
}

// submit is one submission, without the copy that leaves with it.
func (s *submitter) submit(outcome *session.Outcome) {
	s.step(&session.Event{Kind: session.FrameArrived, Now: s.now, Frame: s.frame})
	id := s.fx.SubmitID
	s.step(&session.Event{Kind: session.SubmitDone, Now: s.now, Outcome: outcome, SubmitID: id})
	s.now = s.now.Add(time.Second)
}

func TestSubmitDoesNotAllocate(t *testing.T) {
	s := newSubmitter(t)
	for _, outcome := range []*session.Outcome{&s.accepted, &s.refused} {
		if n := testing.AllocsPerRun(100, func() { s.submit(outcome) }); n != 0 || s.fx.Close != reason.StayOpen || len(s.fx.Wire) == 0 {
			t.Errorf("%v: %v allocations a submission, closed by %v", outcome.Reason, n, s.fx.Close)
		}
	}
	s.step(&session.Event{Kind: session.FrameArrived, Now: s.now, Frame: s.frame})
	if n := testing.AllocsPerRun(100, func() { s.fx.Submit.Clone() }); n != 2 {
		t.Errorf("%v allocations a copy, want that of the attempt and that of its bytes", n)
	}
}

// BenchmarkSubmit is a submission and its answer, with the copy that leaves the connection's owner.
func BenchmarkSubmit(b *testing.B) {
	s := newSubmitter(b)
	b.ReportAllocs()
	for b.Loop() {
		s.step(&session.Event{Kind: session.FrameArrived, Now: s.now, Frame: s.frame})
		a := s.fx.Submit.Clone()
		s.step(&session.Event{Kind: session.SubmitDone, Now: s.now, Outcome: &s.accepted, SubmitID: a.Request.SubmitID})
	}
}

// TestWindowOfAPoliteRelay: the store hangs, the window is full, and the relay tries one again each quarter of a second: it
// reads each refusal, and keeps its connection.
func TestWindowOfAPoliteRelay(t *testing.T) {
	d := relay(t, session.LoggedIn)
	for n := range 400 {
		d.submit(id(n))
		d.now = d.now.Add(250 * time.Millisecond)
	}
	if d.close != reason.StayOpen || len(d.submits) != 4 || len(d.sent) != 396 {
		t.Errorf("closed by %v, %d on their way, %d refused", d.close, len(d.submits), len(d.sent))
	}
}

// TestSurplusTerminalEndsAreBounded: TerminalEnds that end a terminal are never too many. Of those that end nothing as many may
// gather as the relay's burst, and its rate is forgotten each second: no number of them in a relay's life ends its connection.
func TestSurplusTerminalEndsAreBounded(t *testing.T) {
	ends := func(terms ftd.RelayTerms, surplus bool, each time.Duration, most int) int {
		d := newDialogue(t)
		d.appType, d.terms = ftd.OperatorRelay, &terms
		d.reach(session.LoggedIn)
		d.surplus = surplus
		for n := range most {
			d.frame(vector(t, "terminal-end"))
			if d.close != reason.StayOpen {
				if d.close != reason.RelayFlood {
					t.Errorf("closed by %v", d.close)
				}
				return n + 1
			}
			d.now = d.now.Add(each)
		}
		return 0
	}
	small, large := ftd.RelayTerms{Window: 4, Rate: 1, Burst: 1}, ftd.RelayTerms{Window: 4, Rate: 200, Burst: 5000}
	for _, c := range []struct {
		what    string
		terms   ftd.RelayTerms
		surplus bool
		each    time.Duration
		most    int
		closed  int
	}{
		{"live ones", small, false, 0, 20_000, 0},
		{"a slow relay, at once", small, true, 0, 2000, 1001},
		{"a slow relay, 50 a second", small, true, 20 * time.Millisecond, 20_000, 0},
		{"at once", large, true, 0, 6000, 5001},
		{"200 a second", large, true, 5 * time.Millisecond, 20_000, 0},
		{"400 a second", large, true, 2500 * time.Microsecond, 20_000, 10_000},
	} {
		if n := ends(c.terms, c.surplus, c.each, c.most); n < c.closed-1 || n > c.closed+1 {
			t.Errorf("%s: closed at the %dth, want %d", c.what, n, c.closed)
		}
	}
	d := relay(t, session.Authenticated)
	for range 20 {
		d.frame(vector(t, "terminal-end"))
	}
	if d.close != reason.StayOpen {
		t.Errorf("before the login: closed by %v", d.close)
	}
}
