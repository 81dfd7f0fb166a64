package local

import (
	"container/list"
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/tradefront/tradefront/internal/source"
)

// queue lets a few argon2 computations run and some attempts wait for them. The waiting are
// served in turn: first the ranks, by their share of turns; in a rank its networks, in a
// network the smaller ones and at last its sources, one attempt each. So an address with a
// thousand attempts, or a subscriber with a thousand sources, delays itself only. When the queue
// is full, a source with fewer waiting takes the place of the newest attempt of the one with most.
type queue struct {
	slots, bound int

	mu      sync.Mutex
	running int
	waiting int
	ranks   [ranks]*line
	turn    int // in turns
}

// rank is how much is known of a source.
type rank int

const (
	suspect rank = iota // it, or a network around it, failed not long ago
	unknown             // neither
	trusted             // a login was accepted from it within a day, also if logins failed since
	ranks
)

// turns is the order in which ranks are served; one in which no attempt waits is
// passed over. Each rank has the same part of the places before another has to make room for it.
var turns = [...]rank{trusted, unknown, trusted, unknown, trusted, suspect, trusted, unknown}

// place is where an attempt waits.
type place struct {
	path source.Path
	rank rank
}

// line has the waiting attempts of one network: as lines of the networks in it, or, for a
// source, the attempts themselves.
type line struct {
	name    netip.Prefix
	within  *line         // nil for the line of a rank
	turn    *list.Element // in within.turns
	turns   list.List     // of *line, those with a waiting attempt; the first is next
	lines   map[netip.Prefix]*line
	calls   []chan bool // true: the attempt has a slot; false: it was evicted
	waiting int         // in it and in all that it holds
}

// ticket is an attempt that waits.
type ticket struct {
	line   *line
	called chan bool
}

func newQueue(slots, waiting int) *queue {
	q := &queue{slots: slots, bound: waiting}
	for r := range q.ranks {
		q.ranks[r] = &line{lines: make(map[netip.Prefix]*line)}
	}
	return q
}

// acquire takes a slot, waiting for one if the queue has room. It reports false if it has
// none, or ctx has ended; true obliges the caller to release it.
func (q *queue) acquire(ctx context.Context, at place) bool {
	if ctx.Err() != nil {
		return false
	}
	t, now := q.join(&at)
	if t == nil {
		return now
	}
	select {
	case slot := <-t.called:
		return slot
	case <-ctx.Done():
		return q.cancel(t)
	}
}

// join returns what to wait with, or whether there was a slot at once.
func (q *queue) join(at *place) (t *ticket, now bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.running < q.slots:
		q.running++
		return nil, true
	case q.waiting >= q.bound && !q.makeRoom(at):
		return nil, false
	}
	l := q.ranks[at.rank]
	for i := depth(&at.path) - 1; i >= 0; i-- {
		l = l.inner(at.path.At(i))
	}
	t = &ticket{l, make(chan bool, 1)}
	l.calls = append(l.calls, t.called)
	for ; l != nil; l = l.within {
		l.waiting++
	}
	q.waiting++
	return t, false
}

// depth is how many lines lead to a source; without an address all wait in one.
func depth(p *source.Path) int { return max(p.Len(), 1) }

// inner is the line of a network in l, made if no attempt waits in it yet.
func (l *line) inner(name netip.Prefix) *line {
	if found := l.lines[name]; found != nil {
		return found
	}
	made := &line{name: name, within: l, lines: make(map[netip.Prefix]*line)}
	made.turn = l.turns.PushBack(made)
	l.lines[name] = made
	return made
}

// longest is the inner line with most waiting, nil for a source.
func (l *line) longest() (found *line) {
	for e := l.turns.Front(); e != nil; e = e.Next() {
		if inner := e.Value.(*line); found == nil || inner.waiting > found.waiting {
			found = inner
		}
	}
	return found
}

// makeRoom evicts an attempt for a newcomer: of a rank that has more than its part of the
// places, if the newcomer's rank is higher or has not got its own; else in the newcomer's rank.
// It looks at every line that may lose: microseconds, and only while the queue is full.
func (q *queue) makeRoom(at *place) bool {
	for r, l := range q.ranks {
		r := rank(r)
		if r == at.rank || l.waiting <= q.part(r) {
			continue
		}
		if r < at.rank || q.ranks[at.rank].waiting < q.part(at.rank) {
			q.evict(l)
			return true
		}
	}
	return q.makeRoomIn(q.ranks[at.rank], &at.path)
}

// makeRoomIn compares the newcomer with the network that has most, from the widest down to
// where they differ. None loses to a newcomer who would then have as many.
func (q *queue) makeRoomIn(l *line, newcomer *source.Path) bool {
	for i := depth(newcomer) - 1; i >= 0; i-- {
		most, own := l.longest(), l.lines[newcomer.At(i)]
		switch {
		case most == nil:
			return false
		case most == own:
			l = own
			continue
		case own != nil && own.waiting+1 >= most.waiting, most.waiting < 2:
			return false
		}
		q.evict(most)
		return true
	}
	return false // the newcomer's own source has most
}

// evict takes out the newest attempt of the source that has most in l.
func (q *queue) evict(l *line) {
	for most := l.longest(); most != nil; most = l.longest() {
		l = most
	}
	q.take(l, len(l.calls)-1) <- false
}

// part is how many places belong to a rank.
func (q *queue) part(r rank) int {
	n := 0
	for _, t := range turns {
		if t == r {
			n++
		}
	}
	return q.bound * n / len(turns)
}

// take removes the i-th of a source's line.
func (q *queue) take(l *line, i int) chan bool {
	called := l.calls[i]
	l.calls = slices.Delete(l.calls, i, i+1)
	q.waiting--
	for ; l.within != nil; l = l.within {
		if l.waiting--; l.waiting == 0 {
			l.within.turns.Remove(l.turn)
			delete(l.within.lines, l.name)
		}
	}
	l.waiting--
	return called
}

// cancel takes a waiting attempt out. If it got a slot at the same moment, it keeps it.
func (q *queue) cancel(t *ticket) (slot bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(t.line.calls, t.called); i >= 0 {
		q.take(t.line, i)
		return false
	}
	return <-t.called
}

// release gives the slot to the next waiting attempt, if there is one.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 {
		q.running--
		return
	}
	for q.ranks[turns[q.turn]].waiting == 0 {
		q.turn = (q.turn + 1) % len(turns)
	}
	l := q.ranks[turns[q.turn]]
	q.turn = (q.turn + 1) % len(turns)
	for first := l.turns.Front(); first != nil; first = l.turns.Front() {
		l.turns.MoveToBack(first)
		l = first.Value.(*line)
	}
	q.take(l, 0) <- true
}

// count is how many run, and how many wait.
func (q *queue) count() (running, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.waiting
}
