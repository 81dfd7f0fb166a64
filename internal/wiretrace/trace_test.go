package wiretrace

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// tapped is a front.
type tapped struct{ tap atomic.Pointer[dialogue.Tap] }

func (f *tapped) SetTap(tap dialogue.Tap) {
	if tap == nil {
		f.tap.Store(nil)
		return
	}
	f.tap.Store(&tap)
}

var (
	office = netip.MustParsePrefix("203.0.113.0/24")
	peer   = session.Peer{SessionID: 7, Addr: netip.MustParseAddrPort("203.0.113.7:50001")}
)

func begin(t *testing.T, tracer *Tracer, f *tapped, length time.Duration) *Run {
	t.Helper()
	run, err := tracer.Start(f, office, "ops@host", time.Now().Add(length))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestOneTraceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tracer Tracer
		f := new(tapped)
		first := begin(t, &tracer, f, time.Minute)
		if _, err := tracer.Start(f, office, "other", time.Now()); err == nil || err.Error() != "ops@host traces 203.0.113.0/24 until "+
			time.Now().Add(time.Minute).In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04:05")+", and one trace runs at a time" {
			t.Errorf("a second trace: %v", err)
		}
		first.Stop()
		if f.tap.Load() != nil {
			t.Error("the tap is still in")
		}
		second := begin(t, &tracer, f, time.Minute)
		first.Stop() // again, as a stream that ends late does
		if f.tap.Load() == nil {
			t.Error("the end of the first trace ended the second")
		}
		second.Stop()
	})
}

func TestWants(t *testing.T) {
	run := begin(t, new(Tracer), new(tapped), time.Minute)
	for address, want := range map[string]bool{"203.0.113.7:1": true, "203.0.114.7:1": false, "[2001:db8::1]:1": false} {
		if got := run.Wants(session.Peer{Addr: netip.MustParseAddrPort(address)}); got != want {
			t.Errorf("%s is wanted: %v", address, got)
		}
	}
	if run.Wants(session.Peer{}) {
		t.Error("a terminal without an address is wanted")
	}
}

// TestStream: events come in their order, with begin and end around them, and the trace ends when its time is over.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(tapped)
		run := begin(t, new(Tracer), f, time.Minute)
		done := make(chan error)
		var events []Event
		go func() {
			done <- run.Stream(context.Background(), func(e *Event) error {
				events = append(events, *e)
				return nil
			})
		}()
		run.Received(peer, ftd.AppendHeartbeat(nil))
		run.Sent(peer, ftd.AppendHeartbeat(ftd.AppendHeartbeat(nil)))
		run.Malformed(peer, "body_long", []byte{1, 0, 0xFF, 0xFF, 1, 2})
		run.Ended(peer, reason.Malformed)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		var kinds string
		for _, e := range events {
			kinds += e.Kind + " "
		}
		if kinds != "begin received sent sent malformed closed end " || events[len(events)-1].Count != 5 {
			t.Errorf("%s %+v", kinds, events)
		}
		if e := events[1]; e.SessionID != 7 || e.Address != "203.0.113.7:50001" || e.Frame.Message != "heartbeat" {
			t.Errorf("%+v", e)
		}
		if e := events[4]; e.Reason != "body_long" || e.Frame.Problems[0] != "no frame: its first four bytes say type 1, extension header of 0 bytes, body of 65535 bytes" {
			t.Errorf("%+v", e)
		}
		if f.tap.Load() != nil {
			t.Error("the tap is still in")
		}
	})
}

// TestDropped: what the queue and the second have no room for is counted, not waited for.
func TestDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := begin(t, new(Tracer), new(tapped), time.Minute)
		beat := ftd.AppendHeartbeat(nil)
		for range queued + 5 {
			run.Received(peer, beat)
		}
		if n := run.TakeDropped(); n != 5 || len(run.Events()) != queued {
			t.Errorf("%d dropped of a full queue, %d queued", n, len(run.Events()))
		}
		for range queued {
			<-run.Events()
		}
		for range perSecond {
			run.Received(peer, beat)
			select {
			case <-run.Events():
			default:
			}
		}
		if n := run.TakeDropped(); n != queued {
			t.Errorf("%d dropped over the second's bound", n)
		}
		time.Sleep(time.Second)
		run.Received(peer, beat)
		if n := run.TakeDropped(); n != 0 {
			t.Errorf("%d dropped in the next second", n)
		}
		run.dropped.Store(3)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		dropped := 0
		_ = run.Stream(ctx, func(e *Event) error {
			if e.Kind == KindDropped {
				dropped = e.Count
			}
			return nil
		})
		if dropped != 3 {
			t.Errorf("%d told as dropped", dropped)
		}
	})
}

// TestAskerLeaves: an asker that does not read any more ends the trace.
func TestAskerLeaves(t *testing.T) {
	f := new(tapped)
	run := begin(t, new(Tracer), f, time.Minute)
	gone := errors.New("gone")
	if err := run.Stream(t.Context(), func(*Event) error { return gone }); !errors.Is(err, gone) || f.tap.Load() != nil {
		t.Errorf("%v, tap %v", err, f.tap.Load())
	}
}
