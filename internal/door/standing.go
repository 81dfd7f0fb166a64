package door

import (
	"container/list"
	"net/netip"
	"time"
)

const (
	// standingFor is how long after its last accepted login a source is remembered: over a
	// night, and not over a weekend.
	standingFor = 24 * time.Hour
	// maxStanding is how many logins are counted; more say nothing more.
	maxStanding = 100
)

// standing is what speaks for a source while none of its customers is there: the logins
// that were accepted from it.
type standing struct {
	name   netip.Prefix
	logins int
	last   time.Time
}

// standings is a table of bounded size; the source that has been without a login for the
// longest time is forgotten first.
type standings struct {
	of     map[netip.Prefix]*list.Element
	latest list.List // of *standing
}

// note counts an accepted login, and keeps n sources at most.
func (t *standings) note(name netip.Prefix, n int, now time.Time) {
	e := t.of[name]
	if e == nil {
		e = t.latest.PushFront(&standing{name: name})
		t.of[name] = e
	}
	s := e.Value.(*standing)
	if now.Sub(s.last) >= standingFor {
		s.logins = 0
	}
	s.logins, s.last = min(s.logins+1, maxStanding), now
	t.latest.MoveToFront(e)
	t.shrink(n)
}

// logins that speak for a source now.
func (t *standings) logins(name netip.Prefix, now time.Time) int {
	e := t.of[name]
	if e == nil {
		return 0
	}
	s := e.Value.(*standing)
	if now.Sub(s.last) >= standingFor {
		return 0
	}
	return s.logins
}

// shrink keeps the n sources whose logins are the latest.
func (t *standings) shrink(n int) {
	for t.latest.Len() > max(n, 0) {
		delete(t.of, t.latest.Remove(t.latest.Back()).(*standing).name)
	}
}
