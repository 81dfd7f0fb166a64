package loadtest

import (
	"context"
	"errors"
	"time"
)

// pollTogether is how often the loop looks whether all generators are there.
const pollTogether = 5 * time.Millisecond

var errLeftAlone = errors.New("the run was ended where all generators begin together")

// together waits for the other generators of the run. Sessions are kept alive meanwhile.
func (e *engine) together(ctx context.Context) error {
	if e.hooks.Together == nil {
		return nil
	}
	all := e.hooks.Together()
	at, known, left := time.Duration(0), false, false
	err := e.until(ctx, func() bool { return left || known && e.now >= at }, func() (time.Duration, bool) {
		if known {
			return at, e.now < at
		}
		select {
		case instant, is := <-all:
			known, left, at = is, !is, instant.Sub(e.start)
		default:
		}
		return e.now + pollTogether, !known && !left
	}, func(time.Duration) error { return nil })
	if err == nil && left {
		err = errLeftAlone
	}
	return err
}
