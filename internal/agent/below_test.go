package agent

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

const toldField = "client_demo_1.0               2001:DB8::7                            500012026-01-05 08:44:582"

// chained is an operator agent whose core lets an operator in.
func chained(t *testing.T) *office {
	t.Helper()
	o := options(true)
	o.Chained, o.ExitsBelow = true, true
	f := open(t, o)
	f.core.user = core.User{Account: "7000", UserType: regulation.UserOperator}
	return f
}

// relayLogin logs the operator of a relay below in.
func (f *office) relayLogin(id int32) (*terminal, session.Outcome) {
	line := new(terminal)
	a := attempt(line, info(byte(id)))
	a.AppType, a.AppID = '3', []byte("below_relay_1")
	return line, f.agent.Login(context.Background(), peer(id), &a)
}

// submission is a report of a relay below, of another terminal and ciphertext for each n.
func submission(n byte) *session.SubmitAttempt {
	s := &session.SubmitAttempt{
		Arrived: time.Now(), AppID: []byte("below_relay_1"), Operator: []byte("7000"), BrokerID: []byte(broker),
		Info: session.TerminalInfo{KeyVersion: []byte("1.0"), Flag: '0', Ciphertext: info(n)},
	}
	s.Request = ftd.SubmitRequest{
		BrokerID: []byte(broker), UserID: []byte("66666666"), SubmitID: []byte(client.NewSubmitID(time.Now()).String()), Attempt: ftd.AttemptFirst,
	}
	s.Visit.Field = []byte(toldField)
	s.Content = append([]byte(toldField), n)
	if err := s.Visit.Told.Decode(s.Visit.Field); err != nil {
		panic(err)
	}
	return s
}

func (f *office) mustSubmit(id int32, n byte) client.SubmitID {
	f.t.Helper()
	s := submission(n)
	if got := f.agent.Submit(context.Background(), peer(id), s); got.Reason != reason.OK {
		f.t.Fatalf("submission %d: %+v", n, got)
	}
	name, _ := client.ParseSubmitID(string(s.Request.SubmitID))
	return name
}

// TestRelayBelow: its operator's login makes no record and says what it may ask; what it reports goes on as it came.
func TestRelayBelow(t *testing.T) {
	t.Parallel()
	f := chained(t)
	_, got := f.relayLogin(1)
	want := ftd.RelayTerms{Window: 256, Rate: 2000, Burst: 5000, MaxTerminalAge: 3600, Features: '1'}
	if r := got.Receipt; got.Reason != reason.OK || r == nil || r.Terms == nil || *r.Terms != want || r.RecordID.Version() != 0 || r.UserType != '2' || r.TradingDay < 20260101 {
		t.Fatalf("%+v", got)
	}
	if len(f.relay.sent) != 0 || f.agent.Online() != 0 || !f.agent.Visits()[1].Relay {
		t.Errorf("%d submissions, %d terminals, %+v", len(f.relay.sent), f.agent.Online(), f.agent.Visits())
	}
	if line := f.last(); line.Event != logs.EventLogin || line.RelayAppID != "below_relay_1" || line.RelayMode != "3" || line.Account != "88888888" {
		t.Errorf("audit line %+v", line)
	}

	s := submission(7)
	s.Request.Attempt, s.Visit.Tagged, s.Visit.Tag = ftd.AttemptAgain, true, ftd.TerminalTag{MAC: []byte("00-11"), Tag: []byte("u|1")}
	out := f.agent.Submit(t.Context(), peer(1), s)
	sent := f.relay.sent[0]
	if sent.UserID != "66666666" || sent.Passed == nil || sent.Passed.SubmitID.String() != string(s.Request.SubmitID) || !sent.Passed.Again ||
		string(sent.Passed.Terminal) != toldField || sent.Terminal.Tag == nil || *sent.Terminal.Tag != (client.TerminalTag{MAC: "00-11", Tag: "u|1"}) {
		t.Errorf("sent %+v", sent)
	}
	r := out.Submitted
	if out.Reason != reason.OK || r.RecordID.String() != record || r.Account != "66666666" || r.UserType != '2' || r.TradingDay != 20260105 || r.Flag != '0' ||
		r.Via.AppID != "a_relay_1" || r.Via.Addr != netip.MustParseAddrPort("198.51.100.4:41022") || r.Via.LoginTime.IsZero() {
		t.Errorf("answered %+v", r)
	}
	line := f.last()
	if line.Event != logs.EventSubmit || line.RecordID.String() != record || line.SubmitID != string(s.Request.SubmitID) || line.Operator != "7000" || line.Attempt != "1" ||
		line.AppID != "client_demo_1.0" || line.TerminalAddress != "2001:db8::7" || line.TerminalPort != 50001 || line.Account != "66666666" {
		t.Errorf("audit line %+v", line)
	}
	if v := f.agent.Visits()[1]; v.Below != 1 || f.agent.Online() != 1 {
		t.Errorf("%+v, %d terminals", v, f.agent.Online())
	}
	check(t, "the day", f.agent.today(), 20260105)
}

// TestOperatorsBelow: who is no operator does not get in, nor does a relay without a front.
func TestOperatorsBelow(t *testing.T) {
	t.Parallel()
	f := chained(t)
	f.core.user.UserType = regulation.UserCustomer
	if _, got := f.relayLogin(1); got.Reason != reason.NotOperator || got.Reason.Code() != 9 || len(f.core.aborted) != 1 {
		t.Errorf("%+v, aborted %v", got, f.core.aborted)
	}
	f.core.err = &core.Refused{Reason: reason.WrongPassword}
	if _, got := f.relayLogin(1); got.Reason != reason.WrongPassword {
		t.Errorf("%+v", got)
	}
	f.relay.stats = client.RelayStats{}
	if _, got := f.relayLogin(1); got.Reason != reason.UpstreamAway || len(f.core.asked) != 2 {
		t.Errorf("%+v, %d asked", got, len(f.core.asked))
	}
	if len(f.agent.Visits()) != 0 {
		t.Errorf("%+v", f.agent.Visits())
	}
}

// TestChecksOfASubmissionBelow are those that need no front, in the order of docs/protocol.md.
func TestChecksOfASubmissionBelow(t *testing.T) {
	t.Parallel()
	steps := []struct {
		want   reason.Reason
		item   string
		change func(f *office, s *session.SubmitAttempt)
	}{
		{reason.IllegalField, "RelayedTerminal.PublicIP", func(_ *office, s *session.SubmitAttempt) { s.Visit.Illegal = "RelayedTerminal.PublicIP" }},
		{reason.IllegalField, "SubmitRequest.UserID", func(_ *office, s *session.SubmitAttempt) { s.Illegal = "SubmitRequest.UserID" }},
		{reason.SubmitID, "", func(_ *office, s *session.SubmitAttempt) {
			s.Request.SubmitID = []byte("019B7C1E-5C00-7D4E-8A3B-0123456789AB")
		}},
		{reason.BrokerMismatch, "", func(_ *office, s *session.SubmitAttempt) { s.Request.BrokerID = []byte("8888") }},
		{reason.Draining, "", func(f *office, _ *session.SubmitAttempt) { f.agent.Drain(context.Background()) }},
		{reason.WrongKind, "", func(f *office, _ *session.SubmitAttempt) { f.agent.opt.Chained = false }},
	}
	f, s := chained(t), submission(1)
	f.relayLogin(1)
	for _, step := range steps { // each fault joins those before, and is found first
		step.change(f, s)
		got := f.agent.Submit(t.Context(), peer(1), s)
		if line := f.last(); got.Reason != step.want || line.Item != step.item || line.Ref != string(got.Ref[:]) || len(f.relay.sent) != 0 {
			t.Errorf("%v, want %v; audit line %+v", got.Reason, step.want, line)
		}
	}
	if got := f.agent.EndTerminal(peer(1), []byte("7000"), s.Request.SubmitID); got.Reason != reason.WrongKind {
		t.Errorf("TerminalEnd: %+v", got)
	}
}

// TestTimesAreTheFrontsToJudge: the firm sets at its fronts how old a SubmitID may be, up to a day; the front's 15 is the answer.
func TestTimesAreTheFrontsToJudge(t *testing.T) {
	t.Parallel()
	f := chained(t)
	f.relayLogin(1)
	for i, age := range []time.Duration{23 * time.Hour, -9 * time.Minute, 25 * time.Hour} {
		s := submission(byte(i))
		s.Request.SubmitID = []byte(client.NewSubmitID(time.Now().Add(-age)).String())
		if age > 24*time.Hour {
			f.relay.answer = fails(&client.Error{Code: 15, Text: "too old", Ref: "UPREF1"})
		}
		got := f.agent.Submit(t.Context(), peer(1), s)
		check(t, "sent", len(f.relay.sent), i+1)
		if refused := age > 24*time.Hour; refused != (got.Code == 15 && got.Text == "too old") || refused == (got.Reason == reason.OK) {
			t.Errorf("%v old: %+v", age, got)
		}
	}
}

// TestRefusalsBelow: the relay below gets the front's code, also 9, and decides by itself what its terminal gets.
func TestRefusalsBelow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want reason.Reason
		code int
	}{
		"9":        {&client.Error{Code: 9, Text: "no", Ref: "UPREF1"}, reason.UpstreamRefused, 9},
		"63":       {&client.Error{Code: 63, Text: "no", Ref: "UPREF1"}, reason.UpstreamRefused, 63},
		"27":       {&client.Error{Code: 27, Text: "no", Ref: "UPREF1"}, reason.UpstreamAway, 8},
		"taken":    {client.ErrSubmitIDTaken, reason.Overloaded, 90},
		"in doubt": {client.ErrInDoubt, reason.StoreInDoubt, 8},
		"down":     {&client.DownError{Cause: errors.New("no")}, reason.UpstreamAway, 8},
	} {
		f := chained(t)
		f.relayLogin(1)
		f.relay.answer = fails(c.err)
		got := f.agent.Submit(t.Context(), peer(1), submission(1))
		code := got.Code
		if code == 0 {
			code = got.Reason.Code()
		}
		if got.Reason != c.want || code != c.code || f.agent.Online() != 0 || f.agent.visits.inFlight != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if _, is := errors.AsType[*client.Error](c.err); is && f.last().UpstreamRef != "UPREF1" {
			t.Errorf("%s: audit line %+v", name, f.last())
		}
	}
	f := chained(t)
	f.relayLogin(1)
	f.relay.answer = func(s client.Submission) (client.Receipt, error) {
		r, err := good(s)
		r.RecordID = "none"
		return r, err
	}
	if got := f.agent.Submit(t.Context(), peer(1), submission(1)); got.Reason != reason.StoreInDoubt || f.relay.ends() != 1 {
		t.Errorf("a bad answer: %+v, %d ends", got, f.relay.ends())
	}
}

// TestEndsBelow: TerminalEnd ends one visit of its own session, the end of the session all of them, and nothing of another's.
func TestEndsBelow(t *testing.T) {
	t.Parallel()
	f := chained(t)
	f.relayLogin(1)
	f.relayLogin(2)
	one, two, three, other := f.mustSubmit(1, 1), f.mustSubmit(1, 2), f.mustSubmit(1, 3), f.mustSubmit(2, 4)
	end := func(at int32, id string) session.Outcome {
		return f.agent.EndTerminal(peer(at), []byte("7000"), []byte(id))
	}
	for i, id := range []string{one.String(), one.String(), other.String()} {
		got := end(1, id)
		check(t, "TerminalEnd", got.Reason, reason.OK)
		check(t, "it ended nothing", got.Surplus, i > 0)
	}
	check(t, "TerminalEnd of no SubmitID", end(1, "x").Reason, reason.SubmitID)
	if !slices.Equal(f.relay.ended, []client.SubmitID{one}) || f.agent.Online() != 3 {
		t.Errorf("ended %v, %d left", f.relay.ended, f.agent.Online())
	}
	if line := f.last(); line.Event != logs.EventSubmitEnd || line.Operator != "7000" {
		t.Errorf("audit line %+v", line)
	}
	f.agent.Ended(peer(1), nil, reason.PeerClosed)
	if f.relay.ends() != 3 || !slices.Contains(f.relay.ended, two) || !slices.Contains(f.relay.ended, three) || f.agent.Online() != 1 {
		t.Errorf("ended %v, %d left", f.relay.ended, f.agent.Online())
	}
	// A submission whose relay had gone meanwhile.
	late := f.agent.Submit(t.Context(), peer(1), submission(5))
	f.agent.Unanswered(peer(1), late)
	if line := f.last(); f.relay.ends() != 4 || f.agent.Online() != 1 || line.Event != logs.EventUnanswered || line.RecordID.String() != record || line.Account != "66666666" {
		t.Errorf("%d ends, %d left, audit line %+v", f.relay.ends(), f.agent.Online(), line)
	}
}

// TestTheFrontEndsATerminalBelow: its relay is told, if it may be.
func TestTheFrontEndsATerminalBelow(t *testing.T) {
	t.Parallel()
	for _, may := range []bool{true, false} {
		f := chained(t)
		f.agent.opt.ExitsBelow = may
		line, got := f.relayLogin(1)
		check(t, "features", got.Receipt.Terms.Features == '1', may)
		id := f.mustSubmit(1, 1)
		f.mustSubmit(1, 2)
		exit := client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: id, Err: &client.ForceExit{Code: '1', Msg: "go"}}
		f.agent.RelayEvent(exit)
		if told := len(line.visits) == 1 && client.SubmitID(line.visits[0]) == id; told != may || len(line.gone()) != 0 || f.agent.Online() != 1 {
			t.Errorf("told %v, gone %v, %d left", line.visits, line.gone(), f.agent.Online())
		}
		check(t, "warnings", f.logged("cannot be told") == 1, !may)
		f.relay.answer = func(s client.Submission) (client.Receipt, error) { // it overtakes the answer
			exit.Terminal = s.Passed.SubmitID
			f.agent.RelayEvent(exit)
			return good(s)
		}
		f.mustSubmit(1, 3)
		check(t, "terminals", f.agent.Online(), 1)
	}
}

// TestSentAgainFromBelow: what a relay below sends again is answered as recorded while its terminal is live, also on another
// connection, and is not sent up again; other content under that SubmitID is refused.
func TestSentAgainFromBelow(t *testing.T) {
	t.Parallel()
	f := chained(t)
	f.relayLogin(1)
	f.relayLogin(2)
	s := submission(9)
	s.Info.Flag = '2' // is the relay's below to judge, and the front's
	first := f.agent.Submit(t.Context(), peer(1), s)
	s.Request.Attempt = ftd.AttemptAgain
	again := f.agent.Submit(t.Context(), peer(2), s)
	if first.Submitted == nil || again.Submitted == nil || *again.Submitted != *first.Submitted || len(f.relay.sent) != 1 || f.relay.sent[0].AbnormalFlag != '2' {
		t.Fatalf("%+v, then %+v, sent %d times", first.Submitted, again.Submitted, len(f.relay.sent))
	}
	if line := f.last(); line.Reason != "resubmitted" || line.RecordID.String() != record || line.SessionID != 2 {
		t.Errorf("audit line %+v", line)
	}
	other := submission(10)
	other.Request.SubmitID = s.Request.SubmitID
	if got := f.agent.Submit(t.Context(), peer(2), other); got.Reason != reason.SubmitID || len(f.relay.sent) != 1 {
		t.Errorf("other content: %+v", got)
	}
	f.agent.Ended(peer(1), nil, reason.PeerClosed) // the terminal has moved on to the other connection
	check(t, "ends", f.relay.ends(), 0)
	f.agent.Ended(peer(2), nil, reason.PeerClosed)
	check(t, "ends", f.relay.ends(), 1)
	if got := f.agent.Submit(t.Context(), peer(3), s); got.Reason != reason.OK || len(f.relay.sent) != 2 || !f.relay.sent[1].Passed.Again {
		t.Errorf("once it has gone: %+v", got)
	}
}

// TestRelaysBelowLoseTheFrontToo: past the grace a relay below is sent away with the terminals, and goes to another front.
func TestRelaysBelowLoseTheFrontToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := chained(t)
		line, _ := f.relayLogin(1)
		f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayDown})
		time.Sleep(2 * time.Minute)
		if gone := line.gone(); len(gone) != 1 || gone[0].code != session.ExitCoreChanged {
			t.Errorf("told %v", gone)
		}
	})
}

// TestTheDayBeforeAFrontSaid: the clock's.
func TestTheDayBeforeAFrontSaid(t *testing.T) {
	t.Parallel()
	f := chained(t)
	f.agent.parts.Now = func() time.Time { return time.Date(2026, 1, 5, 23, 0, 0, 0, time.UTC) }
	check(t, "the day", f.agent.today(), 20260106)
	f.agent.noteDay("no day")
	check(t, "the day", f.agent.today(), 20260106)
}

// TestTheLineOfARefusedSubmission: what the session refuses of a relay below has a line by which explain finds it, as what the
// agent refuses itself.
func TestTheLineOfARefusedSubmission(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	f.agent.opt.Chained = true
	s, from := submission(1), peer(1)
	from.Relays = true
	for op, event := range map[session.Op]string{session.OpSubmit: "submit", session.OpSubmitEnd: "submit_end"} {
		got := f.agent.RefuseSubmit(from, op, s, reason.RelayWindow, "")
		line := f.last()
		if got.Reason != reason.RelayWindow || line.Event != event || line.SubmitID != string(s.Request.SubmitID) || line.RelayAppID != string(s.AppID) ||
			line.RelayMode != "3" || line.Operator != string(s.Operator) || line.Ref != string(got.Ref[:]) || line.Reason != "relay_window" || line.Code != 90 {
			t.Errorf("%v: %+v", event, line)
		}
		if op == session.OpSubmit && (line.AppID != "client_demo_1.0" || line.Account != string(s.Request.UserID)) {
			t.Errorf("whose terminal it was: %+v", line)
		}
	}
}
