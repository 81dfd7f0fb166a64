package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// result is what a Submit returned.
type result struct {
	receipt client.Receipt
	err     error
}

// submitAll submits for n accounts at once; the channel has all results and is closed then.
func submitAll(r *client.Relay, n int) <-chan result {
	out := make(chan result, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			got, err := submitAs(r, fmt.Sprintf("user%05d", i))
			if err == nil && got.UserID != fmt.Sprintf("user%05d", i) {
				err = fmt.Errorf("the answer of %s for user%05d", got.UserID, i)
			}
			out <- result{got, err}
		})
	}
	go func() { wg.Wait(); close(out) }()
	return out
}

func refusalOf(t *testing.T, err error) int {
	t.Helper()
	var refused *client.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a refusal", err)
	}
	return refused.Code
}

// TestRelayAnswersInAnyOrder: each Submit gets its own answer, recorded or refused.
func TestRelayAnswersInAnyOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 40
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			var got []report
			for range n {
				x, err := f.report()
				if err != nil {
					return err
				}
				got = append(got, x)
			}
			slices.Reverse(got)
			for _, x := range got {
				answer := f.accept
				if strings.HasSuffix(x.user, "7") {
					answer = func(x report) error { return f.refuse(x, 9) }
				}
				if err := answer(x); err != nil {
					return err
				}
			}
			return f.untilClosed()
		}))
		recorded, refused := 0, 0
		for got := range submitAll(r, n) {
			switch {
			case got.err == nil:
				recorded++
			case refusalOf(t, got.err) == 9:
				refused++
			}
		}
		if s := r.Stats(); recorded != 36 || refused != 4 || s.Live != 36 || s.SentAgain != 0 {
			t.Errorf("%d recorded, %d refused, %+v", recorded, refused, s)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayWindow: no more than the front's window is unanswered, and not more than the relay's own either.
func TestRelayWindow(t *testing.T) {
	for own, want := range map[int]int{0: 7, 3: 3, 50: 7} {
		synctest.Test(t, func(t *testing.T) {
			terms := goodTerms()
			terms.Window = 7
			most := 0
			r, fr, _ := newRelay(t, func(o *client.RelayOptions) { o.Window = own }, then(
				func(f *front) error { return f.enter(terms) },
				func(f *front) error {
					in := make(chan report, 100)
					go func() {
						defer close(in)
						for {
							x, err := f.report()
							if err != nil {
								return
							}
							in <- x
						}
					}()
					for {
						synctest.Wait() // all has arrived that comes before an answer
						most = max(most, len(in))
						x, ok := <-in
						if !ok {
							return nil
						}
						if err := f.accept(x); err != nil {
							return err
						}
					}
				}))
			for got := range submitAll(r, 60) {
				if got.err != nil {
					t.Error(got.err)
				}
			}
			if most != want {
				t.Errorf("own window %d: %d were unanswered, want %d", own, most, want)
			}
			r.Close()
			fr.check(t)
		})
	}
}

// TestRelayPace: burst at once, then the rate.
func TestRelayPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terms := goodTerms()
		terms.Rate, terms.Burst = 10, 5
		var at []time.Duration
		start := time.Now()
		r, fr, _ := newRelay(t, nil, then(func(f *front) error { return f.enter(terms) }, func(f *front) error {
			return f.acceptUntilClosed(func(report) { at = append(at, time.Since(start)) })
		}))
		for got := range submitAll(r, 25) {
			if got.err != nil {
				t.Error(got.err)
			}
		}
		r.Close()
		fr.check(t)
		// The first attempt to connect waits a moment at most.
		if at[4] != at[0] || at[5]-at[0] < 90*time.Millisecond || at[24]-at[0] < 1900*time.Millisecond || at[24]-at[0] > 2100*time.Millisecond {
			t.Errorf("sent after %v", at)
		}
	})
}

// TestRelayAgainAfter90: under the same SubmitID, with Attempt '1', more slowly each time, and the caller sees one receipt.
func TestRelayAgainAfter90(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []report
		var at []time.Time
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			for range 5 {
				x, err := f.report()
				if err != nil {
					return err
				}
				seen, at = append(seen, x), append(at, time.Now())
				if err := f.refuse(x, 90); err != nil {
					return err
				}
			}
			return f.acceptUntilClosed(func(x report) { seen, at = append(seen, x), append(at, time.Now()) })
		}))
		got := mustSubmit(t, r, "88888888")
		if len(seen) != 6 {
			t.Fatalf("sent %d times", len(seen))
		}
		for i, x := range seen {
			if want := byte('1'); x.id != got.SubmitID.String() || i > 0 && x.attempt != want || i == 0 && x.attempt != '0' {
				t.Errorf("sent %d is %+v, the receipt is of %v", i, x, got.SubmitID)
			}
		}
		if first, last := at[1].Sub(at[0]), at[5].Sub(at[4]); first < 25*time.Millisecond || last < 400*time.Millisecond {
			t.Errorf("paused %v first, %v at last", first, last)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayOnePauseForAWindow: a window of 90s is one pause, not one each.
func TestRelayOnePauseForAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			var got []report
			for range n {
				x, err := f.report()
				if err != nil {
					return err
				}
				got = append(got, x)
			}
			for _, x := range got {
				if err := f.refuse(x, 90); err != nil {
					return err
				}
			}
			return acceptAll(f)
		}))
		start := time.Now()
		for got := range submitAll(r, n) {
			if got.err != nil {
				t.Error(got.err)
			}
		}
		// One pause is 25 to 50 ms, and connecting takes 200 ms at most.
		if passed := time.Since(start); passed > 300*time.Millisecond || r.Stats().SentAgain != n {
			t.Errorf("took %v, %+v", passed, r.Stats())
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayRefused: any code but 90 and 8 is the caller's at once, and is not sent again.
func TestRelayRefused(t *testing.T) {
	for _, code := range []int{2, 3, 6, 7, 9, 15, 27, 49, 60, 63} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
				for {
					x, err := f.report()
					if err != nil {
						return nil //nolint:nilerr // the relay closed
					}
					sent++
					if err := f.refuse(x, code); err != nil {
						return err
					}
				}
			}))
			_, err := submitAs(r, "88888888")
			if got := refusalOf(t, err); got != code || sent != 1 || r.Stats().Live != 0 {
				t.Errorf("code %d: %v, sent %d times, %+v", code, err, sent, r.Stats())
			}
			r.Close()
			fr.check(t)
		})
	}
}

// TestRelayLostAnswer: the connection ends between record and answer; the same submission goes to the next connection.
func TestRelayLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []report
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			seen = append(seen, x)
			return err
		}), entered(func(f *front) error {
			return f.acceptUntilClosed(func(x report) { seen = append(seen, x) })
		}))
		got := mustSubmit(t, r, "88888888")
		if len(seen) != 2 || seen[0].attempt != '0' || seen[1].attempt != '1' || seen[0].id != seen[1].id || seen[1].id != got.SubmitID.String() {
			t.Errorf("the fronts saw %+v", seen)
		}
		r.Close()
		fr.check(t)
		if len(ev.of(client.RelayUp)) != 2 || len(ev.of(client.RelayDown)) != 2 || len(ev.of(client.RelayTerminalReported)) != 0 {
			t.Errorf("events %+v", ev.all)
		}
	})
}

// connectedTwice plays a relay with three live terminals whose connection ends, and gives what the second saw.
func connectedTwice(t *testing.T, mode client.Resubmit) (names []client.SubmitID, second []report, r *client.Relay, fr *fronts, ev *events) {
	t.Helper()
	leave := make(chan struct{})
	r, fr, ev = newRelay(t, func(o *client.RelayOptions) { o.Resubmit = mode }, entered(func(f *front) error {
		for range 3 {
			x, err := f.report()
			if err == nil {
				err = f.accept(x)
			}
			if err != nil {
				return err
			}
		}
		<-leave
		return nil
	}), entered(func(f *front) error {
		return f.acceptUntilClosed(func(x report) { second = append(second, x) })
	}))
	for i := range 3 {
		names = append(names, mustSubmit(t, r, fmt.Sprintf("user%d", i)).SubmitID)
	}
	close(leave)
	time.Sleep(time.Second) // simulated
	synctest.Wait()
	return names, second, r, fr, ev
}

// TestRelayReportsLiveTerminalsAgain: each by a submission of its own, under the name it had.
func TestRelayReportsLiveTerminalsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names, second, r, fr, ev := connectedTwice(t, client.ResubmitLive)
		reported := ev.of(client.RelayTerminalReported)
		if len(second) != 3 || len(reported) != 3 {
			t.Fatalf("the second front saw %+v, events %+v", second, reported)
		}
		for _, e := range reported {
			i := slices.Index(names, e.Terminal)
			if i < 0 || e.Receipt.UserID != fmt.Sprintf("user%d", i) || slices.Contains(names, e.Receipt.SubmitID) {
				t.Errorf("%+v", e)
			}
		}
		for _, x := range second {
			if id, err := client.ParseSubmitID(x.id); err != nil || slices.Contains(names, id) || x.attempt != '0' {
				t.Errorf("reported again as %+v", x)
			}
		}
		if s := r.Stats(); s.Live != 3 || s.Logins != 2 || s.SentAgain != 0 {
			t.Errorf("%+v", s)
		}
		r.Close()
		fr.check(t)
	})
}

func TestRelayReportsOnlyTheUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names, second, r, fr, ev := connectedTwice(t, client.ResubmitUnanswered)
		if len(second) != 0 || len(ev.of(client.RelayTerminalReported)) != 0 || r.Stats().Live != 3 {
			t.Errorf("the second front saw %+v, %+v", second, r.Stats())
		}
		r.End(names[0])
		if r.Stats().Live != 2 {
			t.Errorf("after an end: %+v", r.Stats())
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayEndsByTheLastSubmitID: a terminal that was reported again is ended under the SubmitID that the front knows.
func TestRelayEndsByTheLastSubmitID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var id string
		var ended []string
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			if err == nil {
				err = f.accept(x)
			}
			return err
		}), entered(func(f *front) error {
			x, err := f.report()
			id = x.id
			if err == nil {
				err = f.accept(x)
			}
			for err == nil {
				var m ftd.Message
				if m, err = f.message(); err != nil {
					return nil //nolint:nilerr // the relay closed
				}
				if m.TID != ftd.TIDTerminalEnd {
					return fmt.Errorf("%v", m.TID)
				}
				var ref ftd.SubmitRef
				data, _ := m.Field(ftd.FIDSubmitRef)
				err = ref.Decode(data)
				ended = append(ended, string(ref.SubmitID))
			}
			return err
		}))
		name := mustSubmit(t, r, "88888888").SubmitID
		time.Sleep(time.Second) // simulated
		r.End(name)
		r.End(name) // and only once
		synctest.Wait()
		if len(ended) != 1 || ended[0] != id || id == name.String() {
			t.Errorf("ended %v, the front knows %v, its name is %v", ended, id, name)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayLiveTerminalRefused: a terminal that the front does not take again must leave; 90, 8 and 7 are tried again.
func TestRelayLiveTerminalRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := []int{90, 7, 8, 63}
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			if err == nil {
				err = f.accept(x)
			}
			return err
		}), entered(func(f *front) error {
			for _, code := range codes {
				x, err := f.report()
				if err == nil {
					err = f.refuse(x, code)
				}
				if err != nil {
					return err
				}
			}
			return f.untilClosed()
		}))
		name := mustSubmit(t, r, "88888888").SubmitID
		time.Sleep(time.Minute) // simulated
		refused := ev.of(client.RelayTerminalRefused)
		if len(refused) != 1 || refused[0].Terminal != name || refusalOf(t, refused[0].Err) != 63 || r.Stats().Live != 0 {
			t.Errorf("events %+v, %+v", refused, r.Stats())
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayTerminalExit: the front ends one terminal, and no other.
func TestRelayTerminalExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			var first report
			for i := range 2 {
				x, err := f.report()
				if err == nil {
					err = f.accept(x)
				}
				if err != nil {
					return err
				}
				if i == 0 {
					first = x
				}
			}
			for range 2 { // the second is about a terminal that is not live any more
				if err := f.send(ftd.TIDForceExit, func(e *ftd.Encoder) {
					forced(e)
					e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(first.id)})
				}); err != nil {
					return err
				}
			}
			return f.untilClosed()
		}))
		one := mustSubmit(t, r, "one")
		mustSubmit(t, r, "two")
		synctest.Wait()
		exits := ev.of(client.RelayTerminalExit)
		var exit *client.ForceExit
		if len(exits) != 1 || exits[0].Terminal != one.SubmitID || !errors.As(exits[0].Err, &exit) || exit.Msg != "closed" {
			t.Errorf("events %+v", exits)
		}
		if s := r.Stats(); s.Live != 1 || !s.Up || s.Exits != 1 || s.Unmatched != 1 {
			t.Errorf("%+v", s)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayGivenUp: a Submit whose context ends is in doubt, and if it was recorded after all its visit is ended.
func TestRelayGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		ended := ""
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			if err != nil {
				return err
			}
			<-answer
			if err := f.accept(x); err != nil {
				return err
			}
			m, err := f.message()
			if err != nil || m.TID != ftd.TIDTerminalEnd {
				return fmt.Errorf("%v: %w", m.TID, err)
			}
			ended = x.id
			return f.untilClosed()
		}))
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := r.Submit(ctx, submission())
		if !errors.Is(err, client.ErrInDoubt) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		close(answer)
		synctest.Wait()
		if s := r.Stats(); ended == "" || s.Live != 0 || s.Unanswered != 0 {
			t.Errorf("ended %q, %+v", ended, s)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayTooOldToSendAgain: after SubmitIDLife a submission that a front may have is given back, not sent under another SubmitID.
func TestRelayTooOldToSendAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const away = 11 * time.Minute
		start := time.Now()
		lost, more := 0, 0
		scripts := []script{entered(func(f *front) error {
			lost++
			_, err := f.report()
			return err
		})}
		for range 100 { // most find no login: BeforeLogin fails
			scripts = append(scripts, then(answers(challenge, asRelay), func(f *front) error {
				if m, err := f.message(); err != nil || f.send(m.TID, relayLogin(goodTerms())) != nil {
					return nil //nolint:nilerr // the relay did not log in
				}
				return f.acceptUntilClosed(func(report) { more++ })
			}))
		}
		r, fr, _ := newRelay(t, func(o *client.RelayOptions) {
			o.BeforeLogin = func(context.Context, *client.LoginRequest) error {
				if passed := time.Since(start); passed > 0 && passed < away {
					return errors.New("not yet")
				}
				return nil
			}
		}, scripts...)
		_, err := r.Submit(context.Background(), submission())
		if passed := time.Since(start); !errors.Is(err, client.ErrInDoubt) || passed < away || lost != 1 {
			t.Errorf("error %v after %v, sent %d times before", err, passed, lost)
		}
		mustSubmit(t, r, "88888888")
		r.Close()
		fr.check(t)
		if more != 1 {
			t.Errorf("sent %d submissions after, want the second alone", more)
		}
	})
}

// TestRelayMovesAfter8: a front that drains answers what it has, and the relay goes to the other with what it refused.
func TestRelayMovesAfter8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first, second []report
		fr, ev := &fronts{scripts: map[string][]script{
			"a": {entered(func(f *front) error {
				for {
					x, err := f.report()
					if err != nil {
						return nil //nolint:nilerr // the relay left
					}
					first = append(first, x)
					if x.user == "early" {
						err = f.accept(x)
					} else {
						err = f.refuse(x, 8)
					}
					if err != nil {
						return err
					}
				}
			})},
			"b": {entered(func(f *front) error {
				return f.acceptUntilClosed(func(x report) { second = append(second, x) })
			})},
		}}, new(events)
		r, err := client.DialRelay(context.Background(), relayOptions(fr, ev, "a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		mustSubmit(t, r, "early")
		late := mustSubmit(t, r, "late")
		time.Sleep(time.Second) // simulated
		synctest.Wait()
		if len(first) != 2 || len(second) != 2 || r.Stats().Addr != "b" || r.Stats().Live != 2 {
			t.Fatalf("the first saw %+v, the second %+v, %+v", first, second, r.Stats())
		}
		for _, x := range second {
			isLate := x.user == "late"
			if isLate != (x.attempt == '1') || isLate != (x.id == late.SubmitID.String()) {
				t.Errorf("the second saw %+v", x)
			}
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayStaysWithItsOnlyFront: with one address 8 is as 90, and ends no connection with all its customers.
func TestRelayStaysWithItsOnlyFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			if err == nil {
				err = f.refuse(x, 8)
			}
			if err != nil {
				return err
			}
			return acceptAll(f)
		}))
		mustSubmit(t, r, "88888888")
		if len(ev.of(client.RelayDown)) != 0 {
			t.Errorf("events %+v", ev.all)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayStaysWithItsLastFront: and so it does where the other addresses refused it for good.
func TestRelayStaysWithItsLastFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fr, ev := &fronts{scripts: map[string][]script{
			"a": {answers(challenge, said(63, "no"))},
			"b": {entered(func(f *front) error {
				x, err := f.report()
				if err == nil {
					err = f.refuse(x, 8)
				}
				if err != nil {
					return err
				}
				return acceptAll(f)
			})},
		}}, new(events)
		r, err := client.NewRelay(relayOptions(fr, ev, "a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		mustSubmit(t, r, "88888888")
		if len(ev.of(client.RelayDown)) != 0 || len(ev.of(client.RelayRests)) != 1 {
			t.Errorf("events %+v", ev.all)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayComesBackAfterItWasWithdrawn: the firm withdraws the relay's admission and gives it back. The relay asks now and
// then, less and less often, and reports its terminals again once it is admitted.
func TestRelayComesBackAfterItWasWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		withdraw := make(chan struct{})
		no := answers(challenge, said(63, "no"))
		reports := 0
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			x, err := f.report()
			if err == nil {
				err = f.accept(x)
			}
			<-withdraw
			return errors.Join(err, f.send(ftd.TIDForceExit, func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '3'}) }))
		}), no, no, no, no, no, no, no, entered(func(f *front) error {
			return f.acceptUntilClosed(func(report) { reports++ })
		}))
		mustSubmit(t, r, "88888888")
		close(withdraw)
		time.Sleep(time.Minute) // simulated
		if _, err := submitAs(r, "88888888"); !strings.Contains(fmt.Sprint(err), "no connection") {
			t.Errorf("a submission meanwhile: %v", err)
		}
		time.Sleep(59 * time.Minute) // simulated
		rests := ev.of(client.RelayRests)
		if len(rests) != 8 || reports != 1 || r.Err() != nil || len(ev.of(client.RelayRefused)) != 0 {
			t.Fatalf("%d rests, %d reported again, %v", len(rests), reports, r.Err())
		}
		for i, e := range rests {
			want := min(client.DefaultRefusedRetry<<max(0, i), 10*time.Minute)
			if e.RetryIn > want || e.RetryIn < want/2 {
				t.Errorf("rest %d is %v, want %v at most", i, e.RetryIn, want)
			}
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayGoesToTheFrontThatAdmitsIt: and comes back to the other when that is the only one left.
func TestRelayGoesToTheFrontThatAdmitsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fr, ev := &fronts{scripts: map[string][]script{
			"a": {answers(challenge, said(63, "no")), entered(acceptAll)}, "b": {answers(challenge, asRelay, said(3, "wrong password"))},
		}}, new(events)
		asked := 0
		o := relayOptions(fr, ev, "a", "b")
		o.AuthCode = ""
		o.ReadAuthCode = func(context.Context) (string, error) { asked++; return authCode, nil }
		r, err := client.NewRelay(o)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // simulated
		mustSubmit(t, r, "88888888")
		if got := fr.connections(); !slices.Equal(got, []string{"a", "b", "a"}) || asked != 3 {
			t.Errorf("connected to %v, %d times asked for the authcode", got, asked)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayRefusedForGood: a front that refuses the login is not asked again, and the caller is told; the last one ends
// the relay.
func TestRelayRefusedForGood(t *testing.T) {
	wrongType := answers(challenge, admitted)
	byCode := func(code int) script { return then(answers(challenge, asRelay), answers(said(code, "no"))) }
	for name, c := range map[string]struct {
		first script
		code  int // 0 for an error that is no refusal
	}{
		"63":          {answers(challenge, said(63, "no")), 63},
		"password":    {byCode(3), 3},
		"no operator": {byCode(9), 9},
		"wrong AppID": {wrongType, 0},
		"sent away": {entered(func(f *front) error {
			return f.send(ftd.TIDForceExit, func(e *ftd.Encoder) { e.ForceExit(&ftd.ForceExit{Code: '3'}) })
		}), 0},
		"change first": {byCode(131), 131},
	} {
		synctest.Test(t, func(t *testing.T) {
			fr, ev := &fronts{scripts: map[string][]script{"a": {c.first}, "b": {entered(func(*front) error { return nil })}}}, new(events)
			o := relayOptions(fr, ev, "a", "b")
			o.RefusedRetry = -1
			r, err := client.NewRelay(o)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute) // simulated: b is tried again and again, a is not
			synctest.Wait()
			refused := ev.of(client.RelayRefused)
			dialed := fr.connections()
			if len(refused) != 1 || refused[0].Addr != "a" || slices.Contains(dialed[1:], "a") || len(dialed) < 10 {
				t.Errorf("%s: events %+v, dialed %v", name, refused, dialed)
			}
			var e *client.Error
			if c.code != 0 && (!errors.As(refused[0].Err, &e) || e.Code != c.code) {
				t.Errorf("%s: %v", name, refused[0].Err)
			}
			r.Close()
			fr.check(t)
		})
	}
	for _, retry := range []time.Duration{-1, 0} { // DialRelay waits for no admission
		synctest.Test(t, func(t *testing.T) {
			fr, ev := &fronts{scripts: map[string][]script{"a": {byCode(3)}, "b": {answers(challenge, said(63, "no"))}}}, new(events)
			o := relayOptions(fr, ev, "a", "b")
			o.RefusedRetry = retry
			_, err := client.DialRelay(context.Background(), o)
			var ended *client.EndedError
			if !errors.As(err, &ended) || !strings.Contains(err.Error(), "a: ") || !strings.Contains(err.Error(), "b: ") {
				t.Errorf("error %v", err)
			}
			if len(ev.of(client.RelayEnded))+len(ev.of(client.RelayRests)) != 1 || len(fr.connections()) != 2 {
				t.Errorf("events %+v", ev.all)
			}
			fr.check(t)
		})
	}
}

// TestRelayLaterLogins: codes that pass are tried again, and less and less often.
func TestRelayLaterLogins(t *testing.T) {
	for _, code := range []int{7, 8, 60, 75, 90, 143} {
		synctest.Test(t, func(t *testing.T) {
			refusing := then(answers(challenge, asRelay), answers(said(code, "later")))
			r, fr, ev := newRelay(t, nil, refusing, refusing, refusing, entered(acceptAll))
			time.Sleep(10 * time.Second) // simulated
			if _, err := submitAs(r, "88888888"); err != nil || len(ev.of(client.RelayUnreachable)) != 3 {
				t.Errorf("code %d: %v, events %+v", code, err, ev.all)
			}
			r.Close()
			fr.check(t)
		})
	}
}

// TestRelayDown: without a connection Submit waits for the grace and no longer, and then not at all.
func TestRelayDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, _ := newRelay(t, nil)
		for i, want := range []time.Duration{client.DefaultDownGrace, 0} {
			start := time.Now()
			_, err := submitAs(r, "88888888")
			var down *client.DownError
			if !errors.As(err, &down) || errors.Is(err, client.ErrInDoubt) || !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("error %v", err)
			}
			if passed := time.Since(start); passed != want {
				t.Errorf("Submit %d returned after %v, want %v", i, passed, want)
			}
		}
		if s := r.Stats(); s.Up || s.Waiting != 0 || s.Live != 0 {
			t.Errorf("%+v", s)
		}
		r.Close()
		fr.check(t)
	})
	synctest.Test(t, func(t *testing.T) {
		r, fr, _ := newRelay(t, func(o *client.RelayOptions) { o.DownGrace = -1 })
		start := time.Now()
		_, err := submitAs(r, "88888888")
		var down *client.DownError
		if !errors.As(err, &down) || time.Since(start) != 0 {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayComesBackWithinTheGrace: a Submit in between waits and is sent.
func TestRelayComesBackWithinTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, _ := newRelay(t, nil, entered(func(*front) error { return nil }), entered(acceptAll))
		time.Sleep(250 * time.Millisecond) // simulated
		if _, err := submitAs(r, "88888888"); err != nil {
			t.Error(err)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayLoginBeforeReportsAgain: a customer who logs in after a reconnect does not wait for 1,000 terminals that are
// reported again.
func TestRelayLoginBeforeReportsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const live = 1000
		terms := goodTerms()
		terms.Rate, terms.Burst = 10, 10
		leave := make(chan struct{})
		r, fr, ev := newRelay(t, nil, entered(func(f *front) error {
			for range live {
				x, err := f.report()
				if err == nil {
					err = f.accept(x)
				}
				if err != nil {
					return err
				}
			}
			<-leave
			return nil
		}), then(func(f *front) error { return f.enter(terms) }, acceptAll))
		for got := range submitAll(r, live) {
			if got.err != nil {
				t.Fatal(got.err)
			}
		}
		close(leave)
		time.Sleep(5 * time.Second) // simulated
		again := len(ev.of(client.RelayTerminalReported))
		start := time.Now()
		mustSubmit(t, r, "newcomer")
		if passed := time.Since(start); passed > 300*time.Millisecond || again < 10 || again > 100 {
			t.Errorf("the newcomer waited %v, %d were reported again before", passed, again)
		}
		for got := range submitAll(r, 40) { // and they do not stop the others
			if got.err != nil {
				t.Error(got.err)
			}
		}
		if more := len(ev.of(client.RelayTerminalReported)) - again; more < 8 || more > 20 {
			t.Errorf("%d were reported again beside 40 logins", more)
		}
		r.Close()
		fr.check(t)
	})
}

func TestRelayIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, _ := newRelay(t, func(o *client.RelayOptions) { o.MaxTerminals = 2 }, entered(acceptAll))
		one := mustSubmit(t, r, "one")
		mustSubmit(t, r, "two")
		if _, err := submitAs(r, "three"); !errors.Is(err, client.ErrRelayFull) {
			t.Errorf("error %v", err)
		}
		r.End(one.SubmitID)
		mustSubmit(t, r, "three")
		r.Close()
		fr.check(t)
	})
}

// TestRelayEndsUnanswered: a front that answers submissions and no TerminalEnd loses its connection once more ends wait than
// can have gone at once; the next connection works.
func TestRelayEndsUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 256 + 2 + 4 // unanswered, MaxTerminals, Window
		deaf := func(f *front) error {
			for {
				m, err := f.message()
				if err != nil {
					return nil //nolint:nilerr // the relay closed
				}
				if m.TID == ftd.TIDTerminalEnd {
					continue
				}
				x, err := readReport(m)
				if err == nil {
					err = f.accept(x)
				}
				if err != nil {
					return err
				}
			}
		}
		r, fr, ev := newRelay(t, func(o *client.RelayOptions) { o.MaxTerminals, o.Window = 2, 4 }, entered(deaf), entered(acceptAll))
		for i := range most {
			r.End(mustSubmit(t, r, fmt.Sprint("user", i)).SubmitID)
			synctest.Wait()
		}
		if down := ev.of(client.RelayDown); len(down) != 0 {
			t.Fatalf("%d ends ended the connection: %v", most, down[0].Err)
		}
		r.End(mustSubmit(t, r, "one more").SubmitID)
		synctest.Wait()
		down := ev.of(client.RelayDown)
		if len(down) != 1 || !strings.Contains(down[0].Err.Error(), "TerminalEnds unanswered") {
			t.Fatalf("the connection ended so: %+v", down)
		}
		mustSubmit(t, r, "after")
		r.Close()
		fr.check(t)
	})
}

// TestRelayClose: Submits that wait return, and nothing of the relay is left.
func TestRelayClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, ev := newRelay(t, nil, entered((*front).untilClosed))
		results := submitAll(r, 300) // a window is unanswered, the others wait
		synctest.Wait()
		r.Close()
		<-r.Done()
		doubt := 0
		for got := range results {
			var ended *client.EndedError
			if !errors.As(got.err, &ended) || !errors.Is(got.err, net.ErrClosed) {
				t.Errorf("error %v", got.err)
			}
			if errors.Is(got.err, client.ErrInDoubt) {
				doubt++
			}
		}
		if doubt != 256 {
			t.Errorf("%d are in doubt", doubt)
		}
		r.Close()
		r.End(client.SubmitID{})
		var ended *client.EndedError
		if _, err := submitAs(r, "late"); !errors.As(err, &ended) || !errors.As(r.Err(), &ended) {
			t.Errorf("errors %v, %v", err, r.Err())
		}
		if len(ev.of(client.RelayEnded)) != 0 {
			t.Errorf("events %+v", ev.all)
		}
		fr.check(t)
	})
}

// TestRelayShutdown: what waits is answered, terminals that have gone are told, the operator logs out, and no connection follows.
func TestRelayShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loggedOut := false
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			for {
				m, err := f.message()
				if err != nil {
					return nil //nolint:nilerr // the relay closed
				}
				if m.TID == ftd.TIDUserLogout {
					loggedOut = true
					return f.send(m.TID, said(0, "正确"))
				}
				x, err := readReport(m)
				if err != nil {
					return err
				}
				time.Sleep(time.Second) // simulated: a slow front
				if err := f.accept(x); err != nil {
					return err
				}
			}
		}))
		results := submitAll(r, 3)
		synctest.Wait()
		if err := r.Shutdown(context.Background()); err != nil {
			t.Errorf("error %v", err)
		}
		for got := range results {
			if got.err != nil {
				t.Error(got.err)
			}
		}
		if !loggedOut || len(fr.connections()) != 1 {
			t.Errorf("logged out %v, dialed %v", loggedOut, fr.connections())
		}
		fr.check(t)
	})
	synctest.Test(t, func(t *testing.T) { // terminals that have gone are told before the operator logs out
		const terminals = 100
		gone := 0
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			for {
				m, err := f.message()
				switch {
				case err != nil:
					return nil //nolint:nilerr // the relay closed
				case m.TID == ftd.TIDUserLogout && gone < terminals:
					return fmt.Errorf("the operator logged out behind %d of %d terminals that had gone", gone, terminals)
				case m.TID == ftd.TIDUserLogout:
					return f.send(m.TID, said(0, "正确"))
				case m.TID == ftd.TIDTerminalEnd:
					gone++ // not answered: that is not waited for
					continue
				}
				x, err := readReport(m)
				if err == nil {
					err = f.accept(x)
				}
				if err != nil {
					return err
				}
			}
		}))
		var names []client.SubmitID
		for got := range submitAll(r, terminals) {
			names = append(names, got.receipt.SubmitID)
		}
		for _, name := range names {
			r.End(name)
		}
		if err := r.Shutdown(context.Background()); err != nil {
			t.Errorf("error %v", err)
		}
		fr.check(t)
	})
	synctest.Test(t, func(t *testing.T) { // and a front that does not answer does not hold it up
		r, fr, _ := newRelay(t, nil, entered((*front).untilClosed))
		results := submitAll(r, 3)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		for got := range results {
			if !errors.Is(got.err, client.ErrInDoubt) {
				t.Errorf("error %v", got.err)
			}
		}
		fr.check(t)
	})
}

// TestRelayUnmatchedAnswers: answers to nothing, or twice, are counted and harm nothing.
func TestRelayUnmatchedAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			if err := f.accept(report{id: exampleSubmitID, user: "x"}); err != nil {
				return err
			}
			x, err := f.report()
			for range 2 {
				if err == nil {
					err = f.accept(x)
				}
			}
			if err == nil {
				err = f.refuse(x, 9)
			}
			if err == nil {
				err = f.send(ftd.TIDTerminalSubmit, refusedSubmit("no SubmitID", 15, "[ref AAAAAA]"))
			}
			if err != nil {
				return err
			}
			return acceptAll(f)
		}))
		mustSubmit(t, r, "one")
		synctest.Wait()
		mustSubmit(t, r, "two")
		if s := r.Stats(); s.Unmatched != 4 || s.Live != 2 || s.Unanswered != 0 {
			t.Errorf("%+v", s)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelaySilentFront: a front that is silent for three periods is left.
func TestRelaySilentFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, fr, ev := newRelay(t, func(o *client.RelayOptions) { o.Login.HeartbeatSeconds = 5 },
			entered((*front).untilClosed), entered(acceptAll))
		mustSubmit(t, r, "88888888")
		if down := ev.of(client.RelayDown); len(down) != 1 || !errors.Is(down[0].Err, client.ErrSilent) {
			t.Errorf("events %+v", ev.all)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayOptions: what cannot work is said at once.
func TestRelayOptions(t *testing.T) {
	for name, change := range map[string]func(*client.RelayOptions){
		"no address":       func(o *client.RelayOptions) { o.Addresses = nil },
		"authcode":         func(o *client.RelayOptions) { o.AuthCode = "short" },
		"long AppID":       func(o *client.RelayOptions) { o.Identity.AppID = strings.Repeat("a", 31) },
		"long password":    func(o *client.RelayOptions) { o.Login.Password = strings.Repeat("a", 41) },
		"unknown resubmit": func(o *client.RelayOptions) { o.Resubmit = 9 },
		"window":           func(o *client.RelayOptions) { o.Window = -1 },
	} {
		o := relayOptions(new(fronts), new(events), "a")
		change(&o)
		if r, err := client.NewRelay(o); err == nil {
			r.Close()
			t.Errorf("%s is taken", name)
		}
	}
}

// TestDialRelayGivesUp: the error says why the last attempt failed.
func TestDialRelayGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := client.DialRelay(ctx, relayOptions(new(fronts), new(events), "a"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("error %v", err)
		}
	})
}

// TestRelayEndsAreBounded: no more than 256 ends are unanswered, and a connection that ended takes them with it, as the
// submissions that it did not answer do not count on the next.
func TestRelayEndsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, bound = 600, 256
		early, late := 0, 0 // ends on the first connection and on the second
		leave := make(chan struct{})
		counting := func(f *front, ends *int, answer bool) error {
			for {
				m, err := f.message()
				if err != nil {
					return nil //nolint:nilerr // the relay closed, or this side
				}
				var x report
				data, _ := m.Field(ftd.FIDSubmitRef)
				switch m.TID {
				case ftd.TIDTerminalEnd:
					if *ends++; answer {
						err = f.send(m.TID, func(e *ftd.Encoder) { e.Raw(ftd.FIDSubmitRef, data); said(0, "正确")(e) })
					}
				default:
					if x, err = readReport(m); err == nil && (answer || *ends == 0) {
						err = f.accept(x)
					}
				}
				if err != nil {
					return err
				}
			}
		}
		r, fr, _ := newRelay(t, nil, entered(func(f *front) error {
			go func() { <-leave; f.conn.Close() }()
			return counting(f, &early, false)
		}), entered(func(f *front) error { return counting(f, &late, true) }))
		end := func(results <-chan result) {
			for got := range results {
				if got.err != nil {
					t.Error(got.err)
				}
				r.End(got.receipt.SubmitID)
			}
		}
		names := make([]client.SubmitID, 0, n)
		for got := range submitAll(r, n) {
			names = append(names, got.receipt.SubmitID)
		}
		for _, name := range names {
			r.End(name)
		}
		synctest.Wait()
		if early != bound {
			t.Errorf("%d ends are unanswered", early)
		}
		results := submitAll(r, 300)
		synctest.Wait()
		if s := r.Stats(); s.Unanswered != 256 || s.Waiting != 44 {
			t.Errorf("%+v", s)
		}
		close(leave)
		end(results)
		end(submitAll(r, n))
		synctest.Wait()
		if s := r.Stats(); s.Live != 0 || s.Unanswered != 0 || s.Waiting != 0 || late != 300+n {
			t.Errorf("%d ends on the second connection, %+v", late, s)
		}
		r.Close()
		fr.check(t)
	})
}

// TestRelayProvenConnections: a front that restarts now and then is tried at once each time, one that ends each connection
// soon less and less often.
func TestRelayProvenConnections(t *testing.T) {
	for lasts, want := range map[time.Duration]time.Duration{time.Minute: 200 * time.Millisecond, time.Second: 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			lasting := func(d time.Duration) script {
				return entered(func(*front) error { time.Sleep(d); return nil }) // simulated
			}
			r, fr, ev := newRelay(t, nil, append(slices.Repeat([]script{lasting(time.Second)}, 7), slices.Repeat([]script{lasting(lasts)}, 3)...)...)
			time.Sleep(11*lasts + 2*time.Minute) // simulated
			r.Close()
			fr.check(t)
			var gap time.Duration
			if up := ev.at(client.RelayUp); len(up) == 10 {
				gap = up[9].Sub(up[8]) - lasts
			}
			if lasts == time.Minute && gap > want || lasts == time.Second && gap < want {
				t.Errorf("connections that last %v: the last began %v after the one before had ended", lasts, gap)
			}
		})
	}
}
