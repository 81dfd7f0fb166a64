package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// twice sends the same submission on two sessions, the second while the first has no answer; meanwhile comes before the answer, which
// is a front's 0 unless refused is set.
func twice(t *testing.T, f *office, refused error, meanwhile func()) (first, second session.Outcome) {
	t.Helper()
	answer := make(chan struct{})
	f.relay.answer = func(s client.Submission) (client.Receipt, error) {
		<-answer
		if refused != nil {
			return client.Receipt{}, refused
		}
		return good(s)
	}
	s := submission(9)
	again := *s
	again.Request.Attempt = ftd.AttemptAgain
	one, two := make(chan session.Outcome, 1), make(chan session.Outcome, 1)
	go func() { one <- f.agent.Submit(context.Background(), peer(1), s) }()
	synctest.Wait()
	go func() { two <- f.agent.Submit(context.Background(), peer(2), &again) }()
	synctest.Wait()
	if len(one)+len(two) != 0 {
		t.Fatal("a submission is answered before the front did")
	}
	meanwhile()
	close(answer)
	first, second = <-one, <-two
	check(t, "sent", len(f.relay.sent), 1)
	check(t, "flights", len(f.agent.visits.flights), 0)
	check(t, "in flight", f.agent.visits.inFlight, 0)
	return first, second
}

// TestTheSameMeanwhile: what comes again while its answer is awaited waits for that answer, and is not sent up again. The terminal
// is of the connection that it came on last, if that is there.
func TestTheSameMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		gone []int32 // sessions that end before the answer
		live int     // terminals, once those have had their Unanswered
		of   int32   // whose the terminal is
	}{
		"both are there":        {nil, 1, 2},
		"the first has gone":    {[]int32{1}, 1, 2},
		"the second has gone":   {[]int32{2}, 1, 1},
		"both have gone":        {[]int32{1, 2}, 0, 0},
		"both, the first later": {[]int32{2, 1}, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := chained(t)
			f.relayLogin(1)
			f.relayLogin(2)
			first, second := twice(t, f, nil, func() {
				for _, id := range c.gone {
					f.agent.Ended(peer(id), nil, reason.PeerClosed)
				}
			})
			if first.Submitted == nil || second.Submitted == nil || *first.Submitted != *second.Submitted || second.Reason != reason.OK {
				t.Fatalf("%s: %+v, then %+v", name, first, second)
			}
			outcome := map[int32]session.Outcome{1: first, 2: second}
			for _, id := range c.gone {
				f.agent.Unanswered(peer(id), outcome[id])
			}
			check(t, name+": terminals", f.agent.Online(), c.live)
			check(t, name+": ends", f.relay.ends(), 1-c.live)
			if c.of != 0 {
				check(t, name+": its terminals", f.agent.Visits()[c.of].Below, 1)
			}
		})
	}
}

// TestTheSameRefusedMeanwhile: both get the front's code, each by a reference of its own; then the submission may come again.
func TestTheSameRefusedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := chained(t)
		f.relayLogin(1)
		f.relayLogin(2)
		first, second := twice(t, f, &client.Error{Code: 63, Text: "no", Ref: "UPREF1"}, func() {})
		if first.Code != 63 || second.Code != 63 || second.Text != "no" || first.Ref == second.Ref || f.agent.Online() != 0 {
			t.Errorf("%+v, then %+v", first, second)
		}
		f.relay.answer = nil
		f.mustSubmit(1, 9)
	})
}

// TestTheSameGivesUp: with its own context; the answer is then in doubt, and the terminal is of the first.
func TestTheSameGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := chained(t)
		f.agent.opt.LoginWork = 0
		f.relayLogin(1)
		f.relayLogin(2)
		first, second := twice(t, f, nil, func() {
			s := submission(9)
			for key := range f.agent.visits.flights {
				s.Request.SubmitID = []byte(key.id.String())
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			got := f.agent.Submit(ctx, peer(3), s)
			check(t, "given up", got.Reason, reason.StoreInDoubt)
		})
		if first.Submitted == nil || second.Submitted == nil || f.agent.Visits()[2].Below != 1 {
			t.Errorf("%+v, then %+v", first, second)
		}
	})
}

// TestAFlightThatPanics is answered to those that wait for it.
func TestAFlightThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := chained(t)
		f.relayLogin(1)
		answer, done := make(chan struct{}), make(chan any, 1)
		f.relay.answer = func(client.Submission) (client.Receipt, error) {
			<-answer
			panic("a part")
		}
		s := submission(9)
		go func() {
			defer func() { done <- recover() }()
			f.agent.Submit(context.Background(), peer(1), s)
		}()
		synctest.Wait()
		two := make(chan session.Outcome, 1)
		go func() { two <- f.agent.Submit(context.Background(), peer(1), s) }()
		synctest.Wait()
		close(answer)
		if got := <-two; got.Reason != reason.StoreInDoubt || <-done == nil || len(f.agent.visits.flights) != 0 {
			t.Errorf("%+v", got)
		}
	})
}
