package core

import (
	"context"
	"sync/atomic"
)

// queue lets a few argon2 computations run and some attempts wait for them. Whoever
// waits is served in order.
type queue struct {
	slots  chan struct{} // holds one element for each slot in use
	queued atomic.Int64
	bound  int64
}

func newQueue(slots, waiting int) *queue {
	return &queue{slots: make(chan struct{}, slots), bound: int64(waiting)}
}

// enter takes a slot, waiting for one if the queue has room. It reports false if the
// queue is full or ctx has ended; true obliges the caller to leave.
func (q *queue) enter(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case q.slots <- struct{}{}:
		return true
	default:
	}
	defer q.queued.Add(-1)
	if q.queued.Add(1) > q.bound {
		return false
	}
	select {
	case q.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *queue) leave() { <-q.slots }

func (q *queue) running() int { return len(q.slots) }

// waiting may for a moment count attempts that are being turned away.
func (q *queue) waiting() int { return int(min(q.queued.Load(), q.bound)) }
