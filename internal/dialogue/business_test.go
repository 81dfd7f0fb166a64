package dialogue

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// firm is a handler whose core takes business, that core's session, and the connection.
type firm struct {
	refuser
	sink
	ends   chan func()
	unsent int

	outcome  session.Outcome // of the next login
	line     core.Terminal
	gone     *atomic.Bool // of the login before
	calls    []string
	wait     bool
	full     reason.Reason
	binding  reason.Reason // what MayChangePassword says
	answered bool          // the terminal has another refusal of what Refused is told of

	passed, delivered, paused int
}

func (*firm) Verify(session.Peer, *session.AuthAttempt) session.Outcome {
	return session.Outcome{AppType: '1'}
}

func (f *firm) MayChangePassword(session.Peer, []byte, []byte) reason.Reason { return f.binding }

func (f *firm) Login(_ context.Context, _ session.Peer, a *session.LoginAttempt) session.Outcome {
	f.line, f.gone = a.Line, a.Gone
	return f.outcome
}

func (f *firm) Unsent() int             { return f.unsent }
func (f *firm) Terminal() core.Terminal { return f }
func (f *firm) BusinessPassed(n int)    { f.passed += n }
func (f *firm) BusinessDelivered(n int) { f.delivered += n }
func (f *firm) BusinessPaused()         { f.paused++ }

func (*firm) Deliver([]byte)                       {}
func (*firm) Refuse(uint16, uint32, reason.Reason) {}
func (*firm) Exit([]byte, reason.Close)            {}

func (f *firm) Wait() bool { return f.wait }
func (f *firm) Flush()     { f.calls = append(f.calls, "flush") }

func (f *firm) Pass(h ftd.Header, body []byte) reason.Reason {
	if f.full != reason.OK {
		return f.full
	}
	if binary.BigEndian.Uint32(body[8:]) != h.SequenceNumber {
		return reason.IllegalField
	}
	f.calls = append(f.calls, string(rune('0'+h.SequenceNumber)))
	return reason.OK
}

func (f *firm) Refused(h ftd.Header, why reason.Reason) reason.Reason {
	f.calls = append(f.calls, fmt.Sprintf("refused %d%c", h.SequenceNumber, h.Chain))
	if f.answered {
		return reason.OK
	}
	return why
}

func (f *firm) Close(why ftd.ReasonCode, _ string) {
	f.calls = append(f.calls, "close "+string(rune(why)))
}

// Later keeps the end of a login until the test wants it.
func (f *firm) Later(end func(ended bool)) {
	done := make(chan struct{})
	f.ends <- func() { end(false); close(done) }
	<-done
}

// answers takes the messages that were written.
func (f *firm) answers(t *testing.T) (all []terminaltest.Reply) {
	t.Helper()
	var inbox terminaltest.Inbox
	inbox.Add(f.written.Bytes())
	f.written.Reset()
	for {
		r, ok, err := inbox.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, r)
	}
}

func numbers(all []terminaltest.Reply) (n []uint32) {
	for _, r := range all {
		n = append(n, r.SequenceNumber)
	}
	return n
}

// loggingIn is a dialogue whose login has left the owner; in ends it.
func loggingIn(t *testing.T, limits Limits, outcome session.Outcome) (f *firm, d *Dialogue, in func()) {
	t.Helper()
	f = &firm{outcome: outcome}
	f.ends = make(chan func(), 1)
	if outcome.Session == nil && !outcome.Lost {
		f.outcome.Session = f
	}
	if outcome.Reason == reason.OK {
		f.outcome.Receipt = &session.Receipt{
			RecordID: uuid.New(), Account: "8", UserType: regulation.UserCustomer, TradingDay: 20260105, LoginTime: time.Now(),
			Public: home, Flag: regulation.FlagNormal, FrontID: 1, SessionID: 1,
		}
	}
	driver := New(&session.Settings{
		AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: time.Minute, PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512,
	}, limits, f, f, zap.NewNop())
	dialogue := driver.Begin(f, new(Scratch), session.Peer{SessionID: 1, Addr: home}, time.Now())
	d = &dialogue
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	f.send(d, terminaltest.Ask(id), terminaltest.Answer(id, [client.ChallengeLen]byte{}), terminaltest.Login(client.LoginRequest{
		BrokerID: "9999", UserID: "8", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0',
	}))
	end := <-f.ends
	if f.line != core.Terminal(f) {
		t.Error("the login does not know where the core's messages go")
	}
	f.answers(t)
	return f, d, end
}

// TestLoginLearnsThatItsTerminalHasGone: while it is on its way.
func TestLoginLearnsThatItsTerminalHasGone(t *testing.T) {
	f, d, in := loggingIn(t, plenty, session.Outcome{Reason: reason.TerminalGone, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}})
	if f.gone.Load() {
		t.Fatal("the terminal is there")
	}
	d.End(reason.PeerClosed)
	if !f.gone.Load() {
		t.Error("the login was not told")
	}
	if in(); len(f.answers(t)) != 0 || d.driver.LoginsInFlight() != 0 {
		t.Errorf("%d logins are in flight", d.driver.LoginsInFlight())
	}
	f, d, in = loggingIn(t, plenty, session.Outcome{})
	in()
	if d.End(reason.PeerClosed); f.gone.Load() {
		t.Error("a login was told that had ended before")
	}
}

func trading(t *testing.T, limits Limits) (*firm, *Dialogue) {
	t.Helper()
	f, d, in := loggingIn(t, limits, session.Outcome{})
	in()
	if got := f.answers(t); len(got) != 1 || got[0].Code != 0 {
		t.Fatalf("answered %+v", got)
	}
	return f, d
}

func (f *firm) send(d *Dialogue, frames ...[]byte) (used int) {
	return d.Receive(bytes.Join(frames, nil), time.Now())
}

func request(number uint32) []byte { return terminaltest.Request(3, number) }

func delivery(number uint32) []byte { return request(number)[ftd.FrameHeaderLen:] }

var home = netip.MustParseAddrPort("203.0.113.7:50123")

var plenty = Limits{Logins: 1, Unsent: 1 << 16}

func TestOneFlushForAllRequests(t *testing.T) {
	f, d := trading(t, plenty)
	f.send(d, request(1), request(2), ftd.AppendHeartbeat(nil), request(3))
	f.send(d, ftd.AppendHeartbeat(nil))
	d.End(reason.PeerClosed)
	if want := []string{"1", "2", "3", "flush", "close 2"}; !slices.Equal(f.calls, want) || f.passed != 3 {
		t.Errorf("the core saw %q, %d passed", f.calls, f.passed)
	}
}

// TestPausedLeavesTheRestUnread: in its order, what is no request too.
func TestPausedLeavesTheRestUnread(t *testing.T) {
	f, d := trading(t, plenty)
	f.wait = true
	logout := terminaltest.Logout("9999", "8")
	rest := slices.Concat(request(1), request(2), logout)
	buf := append(ftd.AppendHeartbeat(nil), rest...)
	used := d.Receive(buf, time.Now())
	if used != 6 || !d.Paused() || d.MayGoOn(time.Now()) || f.paused != 1 || !bytes.Equal(buf[used:], rest) {
		t.Fatalf("used %d, paused %v, %d times", used, d.Paused(), f.paused)
	}
	if d.Receive(rest, time.Now()) != 0 || f.paused != 1 {
		t.Error("asked again, it took something, or counted another pause")
	}
	f.wait = false
	if used := d.Receive(rest, time.Now()); used != len(rest) || d.Paused() || d.Closing() != reason.LoggedOut {
		t.Errorf("used %d of %d, paused %v, closing %v", used, len(rest), d.Paused(), d.Closing())
	}
	d.End(reason.PeerClosed)
	if want := []string{"1", "2", "flush", "close 1"}; !slices.Equal(f.calls, want) {
		t.Errorf("the core saw %q", f.calls)
	}
}

// TestPausedTerminalIsHeard: the heartbeats of a terminal that is not read count all the same.
func TestPausedTerminalIsHeard(t *testing.T) {
	f, d := trading(t, plenty)
	f.wait = true
	now := time.Now()
	buf := request(1)
	d.Receive(bytes.Clone(buf), now)
	for range 10 {
		now = now.Add(60 * time.Second)
		buf = ftd.AppendHeartbeat(buf)
		d.Receive(bytes.Clone(buf), now)
		if d.Tick(now); d.Closing() != reason.StayOpen {
			t.Fatalf("closing %v", d.Closing())
		}
	}
	for range 2 { // nothing more comes
		now = now.Add(60 * time.Second)
		d.Receive(bytes.Clone(buf), now)
		d.Tick(now)
	}
	if d.Closing() != reason.HeartbeatTimeout {
		t.Errorf("closing %v", d.Closing())
	}
}

func TestRequestsASecond(t *testing.T) {
	limits := plenty
	limits.RequestsPerSecond = 2
	f, d := trading(t, limits)
	now := time.Now()
	buf := slices.Concat(request(1), request(2), request(3), request(4))
	used := d.Receive(bytes.Clone(buf), now)
	if !d.Paused() || f.passed != 2 {
		t.Fatalf("%d passed at once", f.passed)
	}
	buf = buf[used:]
	now = now.Add(499 * time.Millisecond)
	if d.MayGoOn(now) || d.Receive(bytes.Clone(buf), now) != 0 {
		t.Error("goes on too soon")
	}
	now = now.Add(time.Millisecond)
	if d.Receive(bytes.Clone(buf), now); f.passed != 3 {
		t.Errorf("%d passed after half a second", f.passed)
	}

	limits.RefuseRequests = true
	f, d = trading(t, limits)
	f.send(d, request(1), request(2), request(3), request(4))
	got := f.answers(t)
	if f.passed != 2 || d.Paused() || !slices.Equal(numbers(got), []uint32{3, 4}) || got[0].Code != 90 {
		t.Errorf("%d passed, answered %v", f.passed, numbers(got))
	}
}

// part is a part of a long message.
func part(number uint32, chain byte) []byte {
	frame := request(number)
	frame[ftd.FrameHeaderLen+5] = chain
	return frame
}

// TestALongMessageOverTheRateIsRefusedOnce: the core's session is told which part the front refused, in place of Pass; the terminal reads that
// the core has got some parts, and the rest is passed over. If another refusal is on its way the terminal gets none.
func TestALongMessageOverTheRateIsRefusedOnce(t *testing.T) {
	limits := plenty
	limits.RequestsPerSecond, limits.RefuseRequests = 2, true
	for _, answered := range []bool{false, true} {
		f, d := trading(t, limits)
		f.answered = answered
		f.send(d, part(1, 'F'), part(1, 'C'), part(1, 'C'))
		got := f.answers(t)
		if want := []string{"1", "1", "refused 1C", "flush"}; !slices.Equal(f.calls, want) {
			t.Errorf("the core saw %q", f.calls)
		}
		if answered {
			if len(got) != 0 {
				t.Errorf("answered beside the other refusal: %+v", got)
			}
			continue
		}
		if len(got) != 1 || got[0].Code != 90 || !bytes.Contains(got[0].Frame, []byte("未完整转发")) {
			t.Errorf("answered %+v", got)
		}
		d.Receive(part(1, 'L'), time.Now().Add(time.Hour))
		if more := f.answers(t); len(more) != 0 || len(f.calls) != 4 {
			t.Errorf("the rest: answered %+v, the core saw %q", more, f.calls)
		}
	}
}

// TestTheCoreKnowsOfNumbersThatTheFrontTook: a message of the front's own takes a number of the dialog's, is answered 77, and a core's answer
// to it would be the second.
func TestTheCoreKnowsOfNumbersThatTheFrontTook(t *testing.T) {
	f, d := trading(t, plenty)
	f.send(d, terminaltest.Request(0x9001, 1), terminaltest.Request(0x9001, 7), request(2))
	if got := f.answers(t); len(got) != 2 || got[0].Code != 77 || got[1].Code != 77 {
		t.Errorf("answered %+v", got)
	}
	if want := []string{"refused 1S", "2", "flush"}; !slices.Equal(f.calls, want) {
		t.Errorf("the core saw %q", f.calls)
	}
}

// TestAMessageOfWhichNothingWasPassedSaysSo: also a long one whose first part is refused.
func TestAMessageOfWhichNothingWasPassedSaysSo(t *testing.T) {
	for _, frames := range [][][]byte{{request(1)}, {part(1, 'F'), part(1, 'L')}} {
		f, d := trading(t, plenty)
		f.full = reason.CoreNoCredit
		f.send(d, frames...)
		if got := f.answers(t); len(got) != 1 || !bytes.Contains(got[0].Frame, []byte("nothing was passed on")) {
			t.Errorf("answered %+v", got)
		}
	}
}

// TestMailFollowsTheLogin: it is held until the answer, in its order; a kick too.
func TestMailFollowsTheLogin(t *testing.T) {
	f, d, in := loggingIn(t, plenty, session.Outcome{})
	d.Take(AppendDelivery(AppendDelivery(nil, delivery(1)), delivery(2)), time.Now())
	mail := AppendRefusal(AppendDelivery(nil, delivery(3)), 0, 9, reason.CoreUnanswered)
	d.Take(AppendExit(mail, session.AppendForceExit(nil, '1', "bye"), reason.Kicked), time.Now())
	d.Take(AppendDelivery(nil, delivery(4)), time.Now()) // behind the end
	if f.written.Len() != 0 {
		t.Fatal("something went out before the answer")
	}
	in()
	got := f.answers(t)
	if len(got) != 6 || !slices.Equal(numbers(got), []uint32{0, 1, 2, 3, 9, 0}) || got[0].TID != ftd.TIDUserLogin ||
		got[5].TID != ftd.TIDForceExit || d.Closing() != reason.Kicked || f.delivered != 3 {
		t.Errorf("sent %v, closing %v", numbers(got), d.Closing())
	}
	d.End(reason.PeerClosed)
	if want := []string{"close 3"}; !slices.Equal(f.calls, want) {
		t.Errorf("the core saw %q", f.calls)
	}
}

func TestHeldMailIsBounded(t *testing.T) {
	f, d, in := loggingIn(t, Limits{Logins: 1, Unsent: 1000}, session.Outcome{})
	mail := AppendDelivery(nil, make([]byte, ftd.MaxBodyLen))
	for n := 0; d.Closing() == reason.StayOpen && n <= maxKept; n += len(mail) {
		d.Take(mail, time.Now())
	}
	if d.Closing() != reason.SlowReader || len(d.kept) > maxKept {
		t.Errorf("closing %v with %d bytes", d.Closing(), len(d.kept))
	}
	d.End(reason.PeerClosed)
	in()
	if f.written.Len() != 0 {
		t.Error("a terminal that is gone was written to")
	}
}

// TestMuchMailAtOnce: what the socket takes is not counted as unread, and no frame is cut.
func TestMuchMailAtOnce(t *testing.T) {
	f, d := trading(t, Limits{Logins: 1, Unsent: 1000})
	var mail Mail
	for n := range uint32(500) {
		mail = AppendDelivery(mail, delivery(n))
	}
	d.Take(mail, time.Now())
	if got := f.answers(t); len(got) != 500 || d.Closing() != reason.StayOpen {
		t.Fatalf("%d sent, closing %v", len(got), d.Closing())
	}
	f.unsent = 990
	if d.Take(mail, time.Now()); d.Closing() != reason.SlowReader {
		t.Errorf("closing %v", d.Closing())
	}
}

// TestPasswordThenLogin: the session of before is the core's to forget; the new one is closed at the end.
func TestPasswordThenLogin(t *testing.T) {
	f, d, in := loggingIn(t, plenty, session.Outcome{Reason: reason.FirstLogin, Code: 140, Text: "first", Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}})
	in()
	if got := f.answers(t); len(got) != 1 || got[0].Code != 140 || d.State() != session.PasswordOnly {
		t.Fatalf("answered %+v, %v", got, d.State())
	}
	f.send(d, terminaltest.Request(ftd.TIDPasswordUpdate, 5))
	changed := terminaltest.Message(ftd.TIDPasswordUpdate, func(e *ftd.Encoder) { e.Error(&ftd.Error{}) })[ftd.FrameHeaderLen:]
	d.Take(AppendDelivery(nil, changed), time.Now())
	if got := f.answers(t); len(got) != 1 || got[0].TID != ftd.TIDPasswordUpdate || d.State() != session.Authenticated {
		t.Fatalf("delivered %+v, %v", got, d.State())
	}
	d.End(reason.PasswordTimeout)
	if want := []string{"5", "flush", "close 2"}; !slices.Equal(f.calls, want) {
		t.Errorf("the core saw %q", f.calls)
	}
}

// TestPasswordOutsideTheBinding: the core does not see the change of a password through an AppID that was bound to others meanwhile; the
// terminal reads 63, as at a login.
func TestPasswordOutsideTheBinding(t *testing.T) {
	f, d, in := loggingIn(t, plenty, session.Outcome{Reason: reason.FirstLogin, Code: 140, Text: "first", Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}})
	in()
	f.answers(t)
	f.binding = reason.AppAccount
	f.send(d, terminaltest.Request(ftd.TIDPasswordUpdate, 5))
	if got := f.answers(t); len(got) != 1 || got[0].TID != ftd.TIDError || got[0].Code != 63 || d.Closing() != reason.SourceRefused ||
		!slices.Equal(f.calls, []string{"refused 5S"}) {
		t.Errorf("answered %+v, closing %v, the core saw %q", got, d.Closing(), f.calls)
	}
}

func TestCloseCodes(t *testing.T) {
	for why, want := range map[reason.Close]ftd.ReasonCode{
		reason.LoggedOut: '1', reason.PeerClosed: '2', reason.HeartbeatTimeout: '2', reason.CoreChanged: '2', reason.Kicked: '3',
		reason.EndedByOperator: '3', reason.SourceBanned: '3', reason.FrontDraining: '4', reason.Malformed: '5', reason.FrameFlood: '5', reason.SlowReader: '6',
	} {
		f, d := trading(t, plenty)
		d.End(why)
		if got := "close " + string(rune(want)); len(f.calls) != 1 || f.calls[0] != got {
			t.Errorf("%v: the core saw %q, want %q", why, f.calls, got)
		}
	}
}

func TestBusinessDoesNotAllocate(t *testing.T) {
	f, d := trading(t, plenty)
	quiet := &quietCore{}
	d.core = quiet
	frames, number := request(1), uint32(0)
	work, now := make([]byte, len(frames)), time.Now()
	mail := AppendDelivery(nil, delivery(1))
	n := testing.AllocsPerRun(100, func() {
		number++
		copy(work, frames)
		binary.BigEndian.PutUint32(work[ftd.FrameHeaderLen+8:], number)
		d.Receive(work, now)
		d.Take(mail, now)
		f.written.Reset()
	})
	if n != 0 || quiet.passed < 100 {
		t.Errorf("%v allocations a message, %d passed", n, quiet.passed)
	}
}

type quietCore struct{ passed int }

func (*quietCore) Wait() bool { return false }
func (*quietCore) Flush()     {}
func (c *quietCore) Pass(ftd.Header, []byte) reason.Reason {
	c.passed++
	return reason.OK
}
func (*quietCore) Refused(_ ftd.Header, why reason.Reason) reason.Reason { return why }

func (*quietCore) Close(ftd.ReasonCode, string) {}

// TestBusinessWithoutACore: each request is refused as at a front whose core does not know it, and there is no core to be told.
func TestBusinessWithoutACore(t *testing.T) {
	o, d := reporting(t, relayLimits)
	d.Receive(append(terminaltest.Request(3, 1), terminaltest.Request(0x7777, 2)...), time.Now())
	got := o.answers(t)
	if !slices.Equal(codes(got), []int{77, 77}) || !slices.Equal(numbers(got), []uint32{1, 2}) || d.Closing() != reason.StayOpen {
		t.Fatalf("answered %+v, closing by %v", got, d.Closing())
	}
	for _, r := range got {
		if _, has := r.Field(ftd.FIDErrorTargetSequence); !has || r.TID != ftd.TIDError {
			t.Errorf("%v, number %d: does not say what it is about", r.TID, r.SequenceNumber)
		}
	}
	if d.Receive(terminaltest.Request(3, 4), time.Now()); d.Closing() != reason.StayOpen || !slices.Equal(numbers(o.answers(t)), []uint32{4}) {
		t.Errorf("a gap: closing by %v", d.Closing())
	}
}
