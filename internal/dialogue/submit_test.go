package dialogue

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// office is a handler for an operator relay, and its connection. The test decides each submission, and is the owner.
type office struct {
	refuser
	sink

	jobs       chan job
	ends       chan func()
	away       atomic.Bool // Later fails
	unanswered atomic.Int64
	gone       []string
	writes     int
	core       *ledger // nil: the core takes no business
}

type job struct {
	attempt *session.SubmitAttempt
	decide  chan session.Outcome // closed: the submission panics
}

func (*office) Verify(session.Peer, *session.AuthAttempt) session.Outcome {
	return session.Outcome{AppType: ftd.OperatorRelay}
}

func (o *office) Login(context.Context, session.Peer, *session.LoginAttempt) session.Outcome {
	outcome := session.Outcome{Receipt: &session.Receipt{
		RecordID: uuid.New(), Account: "8", UserType: regulation.UserOperator, TradingDay: 20260105, LoginTime: time.Now(),
		Public: home, Flag: regulation.FlagNormal, FrontID: 1, SessionID: 1,
		Terms: &ftd.RelayTerms{Window: 256, Features: ftd.TermsTerminalExit},
	}}
	if o.core != nil {
		outcome.Session = o.core
	}
	return outcome
}

func (o *office) Submit(_ context.Context, _ session.Peer, a *session.SubmitAttempt) session.Outcome {
	j := job{a, make(chan session.Outcome)}
	o.jobs <- j
	outcome, decided := <-j.decide
	if !decided {
		panic("a submission's")
	}
	return outcome
}

func (o *office) EndTerminal(_ session.Peer, operator, submitID []byte) session.Outcome {
	o.gone = append(o.gone, string(operator)+" "+string(submitID))
	return session.Outcome{}
}

func (o *office) Disconnected(p session.Peer) {
	o.gone = append(o.gone, fmt.Sprint("connection ", p.SessionID))
}

func (o *office) Ended(_ session.Peer, userID []byte, why reason.Close) {
	o.gone = append(o.gone, fmt.Sprint("session of ", string(userID), ", ", why))
}

func (o *office) Unanswered(session.Peer, session.Outcome) { o.unanswered.Add(1) }

func (o *office) Write(b []byte) {
	o.writes++
	o.sink.Write(b)
}

func (o *office) Later(f func(ended bool)) {
	if o.away.Load() {
		f(true)
		return
	}
	done := make(chan struct{})
	o.ends <- func() { f(false); close(done) }
	<-done
}

// reporting is the dialogue of an operator relay that is logged in.
func reporting(t *testing.T, limits Limits) (*office, *Dialogue) {
	t.Helper()
	return reportingTo(t, limits, nil)
}

func reportingTo(t *testing.T, limits Limits, core *ledger) (*office, *Dialogue) {
	t.Helper()
	o := &office{jobs: make(chan job, 1<<10), ends: make(chan func(), 1), core: core}
	driver := New(&session.Settings{
		AuthTimeout: time.Minute, LoginTimeout: time.Minute, ChallengeTTL: time.Minute, PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512,
	}, limits, o, o, zap.NewNop())
	d := driver.Begin(o, new(Scratch), session.Peer{SessionID: 1, Addr: home, Relays: true}, time.Now())
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	d.Receive(bytes.Join([][]byte{
		terminaltest.Ask(id), terminaltest.Answer(id, [client.ChallengeLen]byte{}), terminaltest.Login(client.LoginRequest{
			BrokerID: "9999", UserID: "8", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0',
		}),
	}, nil), time.Now())
	(<-o.ends)()
	if got := o.answers(t); len(got) != 3 || got[2].Code != 0 {
		t.Fatalf("answered %+v", got)
	}
	o.writes = 0
	return o, &d
}

// answers takes the messages that were written.
func (o *office) answers(t *testing.T) (all []terminaltest.Reply) {
	t.Helper()
	var inbox terminaltest.Inbox
	inbox.Add(o.written.Bytes())
	o.written.Reset()
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

func codes(all []terminaltest.Reply) (c []int) {
	for _, r := range all {
		c = append(c, r.Code)
	}
	return c
}

func submission(n int) []byte {
	return terminaltest.Message(ftd.TIDTerminalSubmit, submissionFields(n, nil)...)
}

func submissionFields(n int, ciphertext []byte) []func(*ftd.Encoder) {
	return []func(*ftd.Encoder){
		func(e *ftd.Encoder) {
			e.SubmitRequest(&ftd.SubmitRequest{
				BrokerID: []byte("9999"), UserID: []byte("8"), SubmitID: fmt.Appendf(nil, "019b7c1e-5c00-7d4e-8a3b-%012d", n), Attempt: ftd.AttemptFirst,
			})
		},
		func(e *ftd.Encoder) {
			e.RelayedTerminal(&ftd.RelayedTerminal{
				AppID: []byte("c_d_1"), PublicIP: []byte("203.0.113.7"), PublicPort: 1, LoginTime: []byte("2026-01-05 08:44:58"), TerminalType: '2',
			})
		},
		func(e *ftd.Encoder) {
			e.TerminalInfo(&ftd.TerminalInfo{KeyVersion: []byte("1.0"), AbnormalFlag: '0', Ciphertext: ciphertext})
		},
	}
}

func submissions(from, to int) (wire []byte) {
	for n := from; n < to; n++ {
		wire = append(wire, submission(n)...)
	}
	return wire
}

var recorded = session.Outcome{Submitted: &session.SubmitReceipt{
	RecordID: uuid.New(), Account: "8", UserType: regulation.UserOperator, TradingDay: 20260105, Flag: regulation.FlagNormal,
	Via: session.Via{AppID: "a_b_1", Addr: home, LoginTime: time.Now()},
}}

var relayLimits = Limits{Logins: 300, Unsent: 1 << 16}

// TestSubmissionsShareAWrite: those that were decided while the owner was busy are answered at once.
func TestSubmissionsShareAWrite(t *testing.T) {
	o, d := reporting(t, relayLimits)
	wire := submissions(0, 40)
	if used := d.Receive(wire, time.Now()); used != len(wire) || o.writes != 0 {
		t.Fatalf("used %d of %d, %d writes", used, len(wire), o.writes)
	}
	for range 40 {
		(<-o.jobs).decide <- recorded
	}
	busy := func() bool {
		d.submits.mu.Lock()
		defer d.submits.mu.Unlock()
		return len(d.submits.done) == 40
	}
	await.True(t, "all are decided", busy)
	(<-o.ends)()
	if got := o.answers(t); len(got) != 40 || o.writes != 1 || slices.Max(codes(got)) != 0 {
		t.Errorf("%d answers in %d writes", len(got), o.writes)
	}
	await.True(t, "none is in flight", func() bool { return d.driver.LoginsInFlight() == 0 })
	if d.driver.relayed.Load() != 0 {
		t.Errorf("%d of relays are counted", d.driver.relayed.Load())
	}
}

// TestRelaysLeaveRoom: relays have their share, and direct customers the rest.
func TestRelaysLeaveRoom(t *testing.T) {
	o, d := reporting(t, Limits{Logins: 4, RelayLogins: 2, Unsent: 1 << 16})
	d.Receive(submissions(0, 3), time.Now())
	if got := o.answers(t); !slices.Equal(codes(got), []int{90}) {
		t.Errorf("answered %v", codes(got))
	}
	if why := d.driver.admit(false); why != reason.OK {
		t.Errorf("a direct login: %v", why)
	}
	d.driver.loginEnded(false)
	for range 2 {
		(<-o.jobs).decide <- recorded
		(<-o.ends)()
	}
	d.Receive(submission(3), time.Now())
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	if got := o.answers(t); !slices.Equal(codes(got), []int{0, 0, 0}) || d.Closing() != reason.StayOpen {
		t.Errorf("answered %v, closing by %v", codes(got), d.Closing())
	}
}

// TestPanicInASubmission: the relay is asked to send it again, and the others are recorded.
func TestPanicInASubmission(t *testing.T) {
	o, d := reporting(t, relayLimits)
	d.Receive(submissions(0, 2), time.Now())
	close((<-o.jobs).decide)
	(<-o.ends)()
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	got := o.answers(t)
	if !slices.Equal(codes(got), []int{90, 0}) || d.Closing() != reason.StayOpen || !bytes.Contains(got[0].Frame, []byte("submit the same again")) {
		t.Errorf("answered %+v, closing by %v", got, d.Closing())
	}
}

// TestSubmissionsOfAConnectionThatEnded are finished, and told to the handler; a drain waits for them.
func TestSubmissionsOfAConnectionThatEnded(t *testing.T) {
	for _, away := range []bool{false, true} {
		o, d := reporting(t, relayLimits)
		d.Receive(submissions(0, 8), time.Now())
		d.End(reason.PeerClosed)
		o.away.Store(away)
		drained := make(chan error)
		go func() { drained <- d.driver.Drain(t.Context()) }()
		owner := make(chan struct{})
		go func() {
			defer close(owner)
			for {
				select {
				case f := <-o.ends:
					f()
				case err := <-drained:
					if err != nil {
						t.Error(err)
					}
					return
				}
			}
		}()
		for n := range 8 {
			if done := o.unanswered.Load(); done > int64(n) {
				t.Errorf("%d unanswered of %d", done, n)
			}
			(<-o.jobs).decide <- recorded
		}
		<-owner
		if o.unanswered.Load() != 8 || o.writes != 0 || d.driver.LoginsInFlight() != 0 {
			t.Errorf("away %v: %d unanswered, %d writes, %d in flight", away, o.unanswered.Load(), o.writes, d.driver.LoginsInFlight())
		}
	}
}

// TestDrainingRefusesSubmissions: those that are on their way are answered.
func TestDrainingRefusesSubmissions(t *testing.T) {
	o, d := reporting(t, relayLimits)
	d.Receive(submission(0), time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if d.driver.Drain(ctx) == nil {
		t.Error("drained with a submission in flight")
	}
	d.Receive(submission(1), time.Now())
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	if got := o.answers(t); !slices.Equal(codes(got), []int{8, 0}) {
		t.Errorf("answered %v", codes(got))
	}
	if err := d.driver.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLogoutBehindSubmissions: a relay that sends submissions and UserLogout in one write has an answer to each, the logout's is the
// last, and what came behind it is not taken.
func TestLogoutBehindSubmissions(t *testing.T) {
	o, d := reporting(t, relayLimits)
	wire := append(append(submissions(0, 50), terminaltest.Logout("9999", "8")...), submission(50)...)
	wire = append(wire, 1, 0x80, 0, 0) // no frame, which is not looked at either
	if used := d.Receive(wire, time.Now()); used != len(wire) || d.Closing() != reason.StayOpen || o.writes != 0 {
		t.Fatalf("used %d of %d, closing by %v, %d writes", used, len(wire), d.Closing(), o.writes)
	}
	if n := d.driver.LoginsInFlight(); n != 50 {
		t.Fatalf("%d in flight", n)
	}
	for n := range 50 {
		if d.Closing() != reason.StayOpen {
			t.Fatalf("closing by %v before submission %d is decided", d.Closing(), n)
		}
		(<-o.jobs).decide <- recorded
		(<-o.ends)()
	}
	got := o.answers(t)
	if len(got) != 51 || slices.Max(codes(got)) != 0 || got[49].TID != ftd.TIDTerminalSubmit || got[50].TID != ftd.TIDUserLogout {
		t.Errorf("%d answers, the last %+v", len(got), got[len(got)-1])
	}
	if d.Closing() != reason.LoggedOut || o.unanswered.Load() != 0 {
		t.Errorf("closing by %v, %d unanswered", d.Closing(), o.unanswered.Load())
	}

	o, d = reporting(t, relayLimits) // one that goes away instead has no answer
	d.Receive(append(submission(0), terminaltest.Logout("9999", "8")...), time.Now())
	d.End(reason.PeerClosed)
	(<-o.jobs).decide <- recorded
	(<-o.ends)()
	if o.writes != 0 || o.unanswered.Load() != 1 || d.Closing() != reason.PeerClosed {
		t.Errorf("gone: %d writes, %d unanswered, closing by %v", o.writes, o.unanswered.Load(), d.Closing())
	}
}

// TestFloodOfSubmissions: 65,535 in one go cost one window of goroutines, three of answers, and the connection.
func TestFloodOfSubmissions(t *testing.T) {
	o, d := reporting(t, Limits{Logins: 1 << 16, Unsent: 1 << 16})
	const sent = 65535
	wire := submissions(0, sent)
	one := len(wire) / sent
	if used := d.Receive(wire, time.Now()); used != (4*256+1)*one || d.Closing() != reason.RelayFlood {
		t.Errorf("took %d submissions, closing by %v", used/one, d.Closing())
	}
	if n := d.driver.LoginsInFlight(); n != 256 || o.written.Len() != 3*256*198 {
		t.Errorf("%d in flight, %d bytes answered", n, o.written.Len())
	}
	d.End(reason.PeerClosed)
	go func() {
		for f := range o.ends {
			f()
		}
	}()
	for range 256 {
		(<-o.jobs).decide <- recorded
	}
	await.True(t, "all have ended", func() bool { return d.driver.LoginsInFlight() == 0 })
	close(o.ends)
	if n := o.unanswered.Load(); n != 256 {
		t.Errorf("%d unanswered", n)
	}
}

// TestOneTerminalEnds: by the relay's word, or by the front's, after which no TerminalEnd comes.
func TestOneTerminalEnds(t *testing.T) {
	o, d := reporting(t, relayLimits)
	id := fmt.Sprintf("019b7c1e-5c00-7d4e-8a3b-%012d", 7)
	d.Receive(terminaltest.Message(ftd.TIDTerminalEnd, func(e *ftd.Encoder) { e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)}) }), time.Now())
	d.Take(AppendTerminalExit(nil, [submitIDLen]byte([]byte(id)), session.AppendForceExit(nil, '1', "out")), time.Now())
	got := o.answers(t)
	if !slices.Equal(o.gone, []string{"8 " + id, "8 " + id}) || len(got) != 2 || got[0].TID != ftd.TIDTerminalEnd || got[0].Code != 0 ||
		got[1].TID != ftd.TIDForceExit || d.Closing() != reason.StayOpen {
		t.Errorf("gone %v, sent %+v, closing by %v", o.gone, got, d.Closing())
	}
	if d.session.State() != session.LoggedIn {
		t.Errorf("state %v", d.session.State())
	}
	d.End(reason.PeerClosed)
	if want := []string{"8 " + id, "8 " + id, "session of 8, peer_closed", "connection 1"}; !slices.Equal(o.gone, want) {
		t.Errorf("gone %q, want %q", o.gone, want)
	}
}

// unsure is an office whose core did not answer a login in time.
type unsure struct{ office }

func (*unsure) Login(context.Context, session.Peer, *session.LoginAttempt) session.Outcome {
	return session.Outcome{Reason: reason.CoreTimeout, Ref: reason.Ref{'A', 'B', 'C', 'D', 'E', 'F'}}
}

func (u *unsure) Renumbered(was int32, p session.Peer) {
	u.gone = append(u.gone, fmt.Sprint(was, " is ", p.SessionID))
}

// TestRenumberedRelay: the handler, which knows a relay's connection by its SessionID, is told the new one.
func TestRenumberedRelay(t *testing.T) {
	u := &unsure{office{ends: make(chan func(), 1)}}
	driver := New(&session.Settings{ChallengeTTL: time.Minute, BodyBeforeAuth: 512, Refusals: 4}, relayLimits, u, u, zap.NewNop())
	d := driver.Begin(u, new(Scratch), session.Peer{SessionID: 5, Addr: home, Relays: true}, time.Now())
	id := client.Identity{BrokerID: "9999", AppID: "a_b_1"}
	d.Receive(bytes.Join([][]byte{
		terminaltest.Ask(id), terminaltest.Answer(id, [client.ChallengeLen]byte{}), terminaltest.Login(client.LoginRequest{
			BrokerID: "9999", UserID: "8", Password: "p", KeyVersion: "1.0", AbnormalFlag: '0',
		}),
	}, nil), time.Now())
	(<-u.ends)()
	d.End(reason.PeerClosed)
	if want := []string{"5 is 2", "connection 2"}; !slices.Equal(u.gone, want) {
		t.Errorf("told %q, want %q", u.gone, want)
	}
}

// TestRelayThatNeverLoggedIn: the handler, which counts the connections of relays, is told of each end.
func TestRelayThatNeverLoggedIn(t *testing.T) {
	for _, relays := range []bool{false, true} {
		o := &office{}
		driver := New(&session.Settings{BodyBeforeAuth: 512}, relayLimits, o, o, zap.NewNop())
		d := driver.Begin(o, new(Scratch), session.Peer{SessionID: 5, Addr: home, Relays: relays}, time.Now())
		d.End(reason.AuthTimeout)
		if want := map[bool]int{true: 1}[relays]; len(o.gone) != want || relays && o.gone[0] != "connection 5" {
			t.Errorf("relays %v: gone %q", relays, o.gone)
		}
	}
}

// TestATerminalThatHasGoneBeforeItsAnswer: its end is passed on once, after the submission was accepted or refused.
func TestATerminalThatHasGoneBeforeItsAnswer(t *testing.T) {
	o, d := reporting(t, relayLimits)
	for n, outcome := range []session.Outcome{recorded, {Reason: reason.OutOfScope, Ref: noRef}} {
		o.gone = nil
		d.Receive(append(submission(n), endOf(n)...), time.Now())
		if len(o.gone) != 0 {
			t.Errorf("told %q before the submission was decided", o.gone)
		}
		(<-o.jobs).decide <- outcome
		(<-o.ends)()
		id := fmt.Sprintf("8 019b7c1e-5c00-7d4e-8a3b-%012d", n)
		if got := o.answers(t); !slices.Equal(o.gone, []string{id}) || !slices.Equal(codes(got), []int{0, outcome.Reason.Code()}) {
			t.Errorf("told %q, answered %v", o.gone, codes(got))
		}
	}
}

// TestEndOfOneOnItsWay: the first word that the terminal of a submission on its way has gone is of use, and no later one.
func TestEndOfOneOnItsWay(t *testing.T) {
	s := &submits{asked: make(map[string][]*asked)}
	attempt := &session.SubmitAttempt{}
	attempt.Request.SubmitID = []byte("one")
	said := func(id string) [2]bool { onWay, first := s.end([]byte(id)); return [2]bool{onWay, first} }
	s.ask(attempt)
	for _, want := range [][2]bool{{true, true}, {true, false}} {
		if got := said("one"); got != want {
			t.Errorf("on its way, first: %v, want %v", got, want)
		}
	}
	s.ask(attempt) // the relay sends it again
	if got := said("one"); got != [2]bool{true, true} {
		t.Errorf("sent again: %v", got)
	}
	if got := said("two"); got != [2]bool{} {
		t.Errorf("another: %v", got)
	}
}
