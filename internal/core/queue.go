package core

import (
	"container/list"
	"context"
	"net/netip"
	"slices"
	"sync"
)

// queue lets a few argon2 computations run and some attempts wait for them. The sources
// that wait are served in turn, one attempt each, so that an address with a thousand
// attempts holds up nobody else. When it is full, a source that has fewer waiting gets the
// place of the newest attempt of the source that has most.
type queue struct {
	slots, bound int

	mu      sync.Mutex
	running int
	waiting int
	turns   list.List // of *line, those with somebody in it; the first is next
	lines   map[netip.Addr]*line
}

// line is who waits of one source, in order.
type line struct {
	source netip.Addr
	turn   *list.Element
	calls  []chan bool // true: you have the slot; false: your place went to somebody else
}

func newQueue(slots, waiting int) *queue {
	return &queue{slots: slots, bound: waiting, lines: make(map[netip.Addr]*line)}
}

// enter takes a slot, waiting for one if the queue has room. It reports false if it has
// none, or ctx has ended; true obliges the caller to leave.
func (q *queue) enter(ctx context.Context, source netip.Addr) bool {
	if ctx.Err() != nil {
		return false
	}
	called, now := q.join(source)
	if called == nil {
		return now
	}
	select {
	case slot := <-called:
		return slot
	case <-ctx.Done():
		return q.giveUp(source, called)
	}
}

// join returns the channel to wait at, or whether there was a slot at once.
func (q *queue) join(source netip.Addr) (called chan bool, now bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.running < q.slots:
		q.running++
		return nil, true
	case q.waiting >= q.bound && !q.makeRoom(source):
		return nil, false
	}
	l := q.lines[source]
	if l == nil {
		l = &line{source: source}
		l.turn = q.turns.PushBack(l)
		q.lines[source] = l
	}
	called = make(chan bool, 1)
	l.calls = append(l.calls, called)
	q.waiting++
	return called, false
}

// makeRoom turns away the newest of the longest line, unless that line would not be longer
// than the newcomer's then. It looks at every source that waits: microseconds, and only
// while the queue is full.
func (q *queue) makeRoom(newcomer netip.Addr) bool {
	var longest *line
	for e := q.turns.Front(); e != nil; e = e.Next() {
		if l := e.Value.(*line); longest == nil || len(l.calls) > len(longest.calls) {
			longest = l
		}
	}
	has := 0
	if l := q.lines[newcomer]; l != nil {
		has = len(l.calls)
	}
	if longest == nil || has+1 >= len(longest.calls) {
		return false
	}
	q.take(longest, len(longest.calls)-1) <- false
	return true
}

// take removes the i-th of l.
func (q *queue) take(l *line, i int) chan bool {
	called := l.calls[i]
	l.calls = slices.Delete(l.calls, i, i+1)
	q.waiting--
	if len(l.calls) == 0 {
		q.turns.Remove(l.turn)
		delete(q.lines, l.source)
	}
	return called
}

// giveUp takes back what waits at called. Who was called meanwhile has a slot after all.
func (q *queue) giveUp(source netip.Addr, called chan bool) (slot bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lines[source]; l != nil {
		if i := slices.Index(l.calls, called); i >= 0 {
			q.take(l, i)
			return false
		}
	}
	return <-called
}

// leave gives the slot to whoever is next, if anybody is.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := q.turns.Front()
	if first == nil {
		q.running--
		return
	}
	q.turns.MoveToBack(first)
	q.take(first.Value.(*line), 0) <- true
}

// count is how many run, and how many wait.
func (q *queue) count() (running, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.waiting
}
