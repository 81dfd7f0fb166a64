package wiretrace

import (
	"context"
	"time"
)

// Stream gives the trace's events to show as they come, until its time is over or ctx ends: the operator has left, or the front stops.
// It stops the trace. The error is show's.
func (r *Run) Stream(ctx context.Context, show func(*Event) error) error {
	defer r.Stop()
	ctx, cancel := context.WithDeadline(ctx, r.until)
	defer cancel()
	shown := 0
	if err := show(&Event{Time: time.Now(), Kind: KindBegin, Address: r.of.String()}); err != nil {
		return err
	}
	for {
		select {
		case e := <-r.events:
			shown++
			if err := r.showWithDropped(&e, show); err != nil {
				return err
			}
		case <-ctx.Done():
			r.Stop()
			return r.rest(shown, show)
		}
	}
}

// rest shows what is still queued, and the end.
func (r *Run) rest(shown int, show func(*Event) error) error {
	for {
		select {
		case e := <-r.events:
			shown++
			if err := show(&e); err != nil {
				return err
			}
		default:
			end := Event{Time: time.Now(), Kind: KindEnd, Count: shown}
			return r.showWithDropped(&end, show)
		}
	}
}

func (r *Run) showWithDropped(e *Event, show func(*Event) error) error {
	if n := r.TakeDropped(); n > 0 {
		if err := show(&Event{Time: time.Now(), Kind: KindDropped, Count: n}); err != nil {
			return err
		}
	}
	return show(e)
}
