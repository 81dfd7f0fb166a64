package journal

import "sync/atomic"

// progress wakes one listener when the seq that it waits for is committed, and seldom before: the
// writer commits thousands of times a second.
type progress struct {
	last  *atomic.Int64
	until *atomic.Int64
	wake  chan struct{}
}

func newProgress() progress {
	return progress{new(atomic.Int64), new(atomic.Int64), make(chan struct{}, 1)}
}

// advance is called by the writer after a commit.
func (p progress) advance(seq int64) {
	p.last.Store(seq)
	if seq >= p.until.Load() {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// reach returns a channel that receives once seq is committed, and perhaps before: the listener looks
// again.
func (p progress) reach(seq int64) <-chan struct{} {
	p.until.Store(seq)
	if p.last.Load() >= seq {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	return p.wake
}
