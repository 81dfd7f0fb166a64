package agent

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

func fails(err error) func(client.Submission) (client.Receipt, error) {
	return func(client.Submission) (client.Receipt, error) { return client.Receipt{}, err }
}

// TestOperatorLogin: what goes up is what the agent saw, and what the terminal gets is what the front recorded.
func TestOperatorLogin(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	line, got := f.login(7)
	sent, at := f.relay.sent[0], peer(7).Addr
	if sent.UserID != "88888888" || sent.Terminal.AppID != "vendor_app_1" || sent.Terminal.PublicAddr != at || sent.Passed != nil ||
		time.Since(sent.Terminal.LoginTime) > time.Minute || sent.AbnormalFlag != '0' || sent.Terminal.Type != 0 {
		t.Errorf("sent %+v", sent)
	}
	r := got.Receipt
	if got.Reason != reason.OK || r.RecordID.String() != record || r.Public != at || r.FrontID != 101 || r.SessionID != 7 || r.SystemName != "the relay" ||
		r.TradingDay != 20260105 || r.LastLogin != "yesterday" || r.UserType != '1' || r.Terms != nil {
		t.Errorf("answered %+v", r)
	}
	if a := f.core.asked[0]; a.Source != at || a.AppID != "vendor_app_1" || string(a.Password) != "s3cret" && strings.Trim(string(a.Password), "\x00") != "" {
		t.Errorf("the core was asked %+v", a)
	}
	if o := f.core.opened; len(o) != 1 || o[0].RecordID.String() != record || len(f.core.aborted) != 0 {
		t.Errorf("the core was told %+v, %v", o, f.core.aborted)
	}
	audited := f.last()
	if v := f.agent.Visits()[7]; v.RecordID.String() != record || v.SubmitID != audited.SubmitID || audited.SubmitID == "" || audited.UserType != '1' {
		t.Errorf("visit %+v, audit line %+v", v, audited)
	}
	check(t, "terminals", f.agent.Online(), 1)
	if up, why := f.agent.Upstream(); !up || !strings.Contains(why, "logged in at a") {
		t.Errorf("%v %s", up, why)
	}
	f.agent.Ended(peer(7), nil, reason.PeerClosed)
	f.agent.Ended(peer(7), nil, reason.PeerClosed)
	if f.relay.ends() != 1 || f.relay.ended[0].String() != audited.SubmitID || f.agent.Online() != 0 || len(line.gone()) != 0 {
		t.Errorf("ended %v, %d left", f.relay.ended, f.agent.Online())
	}
}

// TestOperatorRefusals: each end of a submission is one answer to the terminal, and the core forgets the login.
func TestOperatorRefusals(t *testing.T) {
	t.Parallel()
	front := func(code int) error { return &client.Error{Code: code, Text: "front says no", Ref: "UPREF1"} }
	for name, c := range map[string]struct {
		err  error
		want reason.Reason
		code int // 0 for the reason's
		text string
	}{
		"7":            {front(7), reason.UpstreamRefused, 7, "front says no"},
		"8":            {front(8), reason.UpstreamRefused, 8, "front says no"},
		"90":           {front(90), reason.UpstreamRefused, 90, "front says no"},
		"15":           {front(15), reason.UpstreamRefused, 15, "front says no"},
		"63":           {front(63), reason.UpstreamRefused, 63, "front says no"},
		"49":           {front(49), reason.UpstreamRefused, 49, "front says no"},
		"60":           {front(60), reason.UpstreamRefused, 60, "front says no"},
		"9":            {front(9), reason.UpstreamRefused, 3, ""},
		"2":            {front(2), reason.UpstreamAway, 0, ""},
		"6":            {front(6), reason.UpstreamAway, 0, ""},
		"27":           {front(27), reason.UpstreamAway, 0, ""},
		"down":         {&client.DownError{Cause: errors.New("refused")}, reason.UpstreamAway, 0, ""},
		"ended":        {&client.EndedError{Cause: errors.New("refused")}, reason.UpstreamAway, 0, ""},
		"full":         {client.ErrRelayFull, reason.Overloaded, 0, ""},
		"in doubt":     {errors.Join(context.DeadlineExceeded, client.ErrInDoubt), reason.StoreInDoubt, 0, ""},
		"sent away":    {&client.ForceExit{Code: '3'}, reason.StoreInDoubt, 0, ""},
		"deadline":     {context.DeadlineExceeded, reason.LoginDeadline, 0, ""},
		"unsendable":   {errors.New("client: an item is too long"), reason.IllegalField, 0, ""},
		"a bad answer": {nil, reason.StoreInDoubt, 0, ""},
	} {
		f := open(t, options(true))
		f.relay.answer = fails(c.err)
		if c.err == nil {
			f.relay.answer = func(s client.Submission) (client.Receipt, error) {
				r, err := good(s)
				r.TradingDay = "today"
				return r, err
			}
		}
		_, got := f.login(1)
		line := f.last()
		if got.Reason != c.want || got.Code != c.code || got.Text != c.text || got.Receipt != nil || line.Reason != c.want.String() || line.Ref != string(got.Ref[:]) {
			t.Errorf("%s: %+v, want %v %d %q; audit line %+v", name, got, c.want, c.code, c.text, line)
		}
		if refused, is := errors.AsType[*client.Error](c.err); is && (line.UpstreamRef != refused.Ref || c.code == 0 && f.logged("what is the relay's own") != 1) {
			t.Errorf("%s: audit line %+v, %d lines in the log", name, line, f.logged("relay's own"))
		}
		if len(f.core.aborted) != 1 || f.agent.Online() != 0 || f.agent.visits.inFlight != 0 || c.err == nil && f.relay.ends() != 1 {
			t.Errorf("%s: aborted %v, %d online, %d in flight, %d ends", name, f.core.aborted, f.agent.Online(), f.agent.visits.inFlight, f.relay.ends())
		}
		// The ciphertext may come again, unless it may have been recorded.
		f.relay.answer = nil
		if _, got := f.login(1); got.Receipt == nil || (got.Receipt.Flag == '3') != (c.want == reason.StoreInDoubt) {
			t.Errorf("%s: the next try is %+v", name, got.Receipt)
		}
	}
}

// TestOperatorWithoutAFront: no password is looked at, and the terminal gets 8.
func TestOperatorWithoutAFront(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	f.relay.stats = client.RelayStats{Down: errors.New("a: front answered 63")}
	if _, got := f.login(1); got.Reason != reason.UpstreamAway || len(f.core.asked) != 0 || len(f.relay.sent) != 0 {
		t.Errorf("%+v", got)
	}
	if up, why := f.agent.Upstream(); up || !strings.Contains(why, "63") {
		t.Errorf("%v %s", up, why)
	}
}

// TestTheCoreSaysNo: then nothing is reported.
func TestTheCoreSaysNo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want reason.Reason
	}{
		"wrong password": {&core.Refused{Reason: reason.WrongPassword}, reason.WrongPassword},
		"core away":      {errors.New("no core"), reason.CoreAway},
	} {
		f := open(t, options(true))
		f.core.err = c.err
		if _, got := f.login(1); got.Reason != c.want || len(f.relay.sent) != 0 || len(f.core.aborted) != 0 || f.last().UpstreamRef != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	f := open(t, options(true))
	f.core.openErr = core.ErrLost
	if _, got := f.login(1); got.Reason != reason.OK || !got.Lost {
		t.Errorf("a core that is gone after the record: %+v", got)
	}
}

// TestTheAuditLineHangs: the login counts, is answered all the same, and the log says so.
func TestTheAuditLineHangs(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	f.err = context.DeadlineExceeded
	f.mustLogin(1)
	check(t, "lines in the log", f.logged("audit line may be missing"), 1)
}

// TestATerminalIsGoneBeforeItsAnswer: it is ended at the front, and the audit log has it.
func TestATerminalIsGoneBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	_, got := f.login(1)
	f.agent.Unanswered(peer(1), got)
	if line := f.last(); line.Event != logs.EventUnanswered || line.RecordID.String() != record || f.relay.ends() != 1 || f.agent.Online() != 0 {
		t.Errorf("%+v, %d ends", line, f.relay.ends())
	}
	f.agent.Unanswered(peer(2), session.Outcome{Reason: reason.UpstreamAway})
	check(t, "ends", f.relay.ends(), 1)
}

// TestTheFrontEndsOneTerminal: the others stay; an end that overtakes the answer of its login is not lost.
func TestTheFrontEndsOneTerminal(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	one, two := f.mustLogin(1), f.mustLogin(2)
	id, err := client.ParseSubmitID(f.agent.Visits()[1].SubmitID)
	if err != nil {
		t.Fatal(err)
	}
	f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: id, Err: &client.ForceExit{Code: '1', Msg: "margin call"}})
	if gone := one.gone(); len(gone) != 1 || gone[0].code != '1' || gone[0].text != "margin call" || len(two.gone()) != 0 {
		t.Errorf("told %v, the other %v", gone, two.gone())
	}
	id, _ = client.ParseSubmitID(f.agent.Visits()[2].SubmitID)
	f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalRefused, Terminal: id, Err: &client.Error{Code: 63}})
	if gone := two.gone(); len(gone) != 1 || gone[0].code != session.ExitCoreChanged || !strings.Contains(gone[0].text, "log in again") {
		t.Errorf("told %v", gone)
	}

	f.relay.answer = func(s client.Submission) (client.Receipt, error) {
		r, err := good(s)
		f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: r.SubmitID, Err: &client.ForceExit{Code: '1', Msg: "at once"}})
		f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: client.NewSubmitID(time.Now()), Err: &client.ForceExit{}})
		return r, err
	}
	if gone := f.mustLogin(3).gone(); len(gone) != 1 || gone[0].text != "at once" || f.agent.visits.early != nil {
		t.Errorf("told %v, kept %v", gone, f.agent.visits.early)
	}
	f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: client.NewSubmitID(time.Now()), Err: &client.ForceExit{}})
	if f.agent.visits.early != nil {
		t.Error("an end of a terminal that is not known is kept, and no login is on its way")
	}
}

// TestEndsThatNothingAsksFor are bounded, also where some login is always on its way.
func TestEndsThatNothingAsksFor(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	f.agent.visits.submitting()
	for range 3 * maxEarly {
		f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalExit, Terminal: client.NewSubmitID(time.Now()), Err: &client.ForceExit{}})
		if n := len(f.agent.visits.early); n == 0 || n > maxEarly {
			t.Fatalf("%d are kept", n)
		}
	}
}

// TestReportedAgain: a further record of a live terminal is a line of its own.
func TestReportedAgain(t *testing.T) {
	t.Parallel()
	f := open(t, options(true))
	f.mustLogin(5)
	name, _ := client.ParseSubmitID(f.agent.Visits()[5].SubmitID)
	other := client.NewSubmitID(time.Now())
	f.agent.RelayEvent(client.RelayEvent{Kind: client.RelayTerminalReported, Terminal: name, Receipt: client.Receipt{
		SubmitID: other, RecordID: "019b7c1e-5c00-82a5-9c12-000000000000", UserID: "88888888",
	}})
	if line := f.last(); line.Event != logs.EventReportedAgain || line.SessionID != 5 || line.SubmitID != other.String() || line.Account != "88888888" ||
		line.RecordID != uuid.MustParse("019b7c1e-5c00-82a5-9c12-000000000000") {
		t.Errorf("%+v", line)
	}
}

// TestGrace: the front is lost, and back in time or not.
func TestGrace(t *testing.T) {
	down := client.RelayEvent{Kind: client.RelayDown, Err: errors.New("EOF")}
	up := client.RelayEvent{Kind: client.RelayUp}
	for name, c := range map[string]struct {
		play      func(tell func(client.RelayEvent))
		gone      int // of 200 terminals
		from, to  time.Duration
		atLeaving time.Duration // when it is looked
	}{
		"back within": {func(tell func(client.RelayEvent)) {
			tell(down)
			time.Sleep(59 * time.Second)
			tell(up)
		}, 0, 0, 0, time.Hour},
		"past it": {func(tell func(client.RelayEvent)) { tell(down) }, 200, 60 * time.Second, 70 * time.Second, time.Hour},
		"the grace begins with the first": {func(tell func(client.RelayEvent)) {
			tell(down)
			time.Sleep(50 * time.Second)
			tell(down)
		}, 200, 60 * time.Second, 70 * time.Second, time.Hour},
		"back while they are sent away": {func(tell func(client.RelayEvent)) {
			tell(down)
			time.Sleep(65*time.Second + time.Millisecond)
			tell(up)
		}, 102, 60 * time.Second, 65 * time.Second, time.Hour},
		"lost again": {func(tell func(client.RelayEvent)) {
			tell(down)
			time.Sleep(30 * time.Second)
			tell(up)
			tell(down)
		}, 200, 90 * time.Second, 100 * time.Second, time.Hour},
		"no front is left": {func(tell func(client.RelayEvent)) {
			tell(down)
			time.Sleep(time.Second)
			tell(client.RelayEvent{Kind: client.RelayEnded, Err: errors.New("3")})
		}, 200, time.Second, 11 * time.Second, time.Hour},
		"the agent is closed": {func(tell func(client.RelayEvent)) { tell(down) }, 0, 0, 0, 59 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := open(t, options(true))
			lines := make([]*terminal, 200)
			for i := range lines {
				lines[i] = f.mustLogin(int32(i))
			}
			began := time.Now()
			c.play(f.agent.RelayEvent)
			time.Sleep(c.atLeaving - time.Since(began))
			f.agent.Close()
			n := 0
			for _, l := range lines {
				for _, x := range l.gone() {
					n++
					if at := x.at.Sub(began); at < c.from || at > c.to || x.why != reason.UpstreamLost || x.code != session.ExitCoreChanged {
						t.Fatalf("%s: told %+v after %v, want between %v and %v", name, x, at, c.from, c.to)
					}
				}
			}
			check(t, name+": terminals sent away", n, c.gone)
		})
	}
}

// TestDrain: nothing new, and all are sent away, spread as far as the context allows.
func TestDrain(t *testing.T) {
	for patience, want := range map[time.Duration]time.Duration{time.Minute: 10 * time.Second, 2 * time.Second: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := open(t, options(true))
			lines := make([]*terminal, 250)
			for i := range lines {
				lines[i] = f.mustLogin(int32(i))
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			began := time.Now()
			f.agent.Drain(ctx)
			if took := time.Since(began); took > want || took < want*9/10-time.Second {
				t.Errorf("drained in %v, want about %v", took, want)
			}
			for i, l := range lines {
				if gone := l.gone(); len(gone) != 1 || gone[0].why != reason.FrontDraining || !strings.Contains(gone[0].text, "stopping") {
					t.Fatalf("terminal %d was told %v", i, gone)
				}
			}
			if _, got := f.login(300); got.Reason != reason.Draining {
				t.Errorf("a login after it: %+v", got)
			}
		})
	}
}

// TestWhatTheLogSays: each event of the way up has its line, with what to do.
func TestWhatTheLogSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t, options(true))
		for want, e := range map[string]client.RelayEvent{
			"logged in at a front":              {Kind: client.RelayUp, Login: client.LoginResult{TradingDay: "20260106"}},
			"terminals stay for upstream.grace": {Kind: client.RelayDown},
			"another attempt follows":           {Kind: client.RelayUnreachable},
			"then restart":                      {Kind: client.RelayRefused},
			"tradefront relay show":             {Kind: client.RelayRests, RetryIn: 30 * time.Second},
			"no front is left":                  {Kind: client.RelayEnded},
		} {
			f.agent.RelayEvent(e)
			check(t, want, f.logged(want), 1)
		}
		check(t, "the day", f.agent.today(), 20260106)
	})
}
