package admission

import (
	"container/heap"

	"github.com/tradefront/tradefront/internal/source"
)

// ranking is a heap (container/heap): at its top is the heaviest origin, and of equally heavy
// ones the one whose oldest connection came first.
type ranking []*origin

// rerank updates the ranks of a source and of the networks around it after its queue changed.
func (a *Control) rerank(s *origin, more int) {
	a.waiting += more
	for o := s; o != nil; o = o.within {
		o.waiting += more
		o.weigh()
		around := &a.ranking
		if o.within != nil {
			around = &o.within.ranking
		}
		switch {
		case o.waiting == 0:
			heap.Remove(around, o.rank)
		case o.rank == unranked:
			heap.Push(around, o)
		default:
			heap.Fix(around, o.rank)
		}
	}
}

// weigh sets the pressure of an origin. That of a network is the larger of two: all that it has
// divided by its share, and the pressure of the heaviest origin in it. So a network of a
// hundred customers weighs less than one attacker's source.
func (s *origin) weigh() {
	s.pressure = s.waiting * source.MaxShare / s.share
	switch {
	case len(s.ranking) > 0:
		s.pressure = max(s.pressure, s.ranking[0].pressure)
		s.oldest = s.ranking[0].oldest
	case s.queue.first != nil:
		s.oldest = s.queue.first.age
	}
}

// heaviest is the source that the next victim is taken from, nil if no connection is
// unauthenticated.
func (a *Control) heaviest() (s *origin) {
	for in := a.ranking; len(in) > 0; in = s.ranking {
		s = in[0]
	}
	return s
}

func (r ranking) Len() int { return len(r) }

func (r ranking) Less(i, j int) bool {
	if r[i].pressure != r[j].pressure {
		return r[i].pressure > r[j].pressure
	}
	return r[i].oldest < r[j].oldest
}

func (r ranking) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].rank, r[j].rank = i, j
}

// Push is part of heap.Interface.
func (r *ranking) Push(s any) {
	s.(*origin).rank = len(*r)
	*r = append(*r, s.(*origin))
}

// Pop is part of heap.Interface.
func (r *ranking) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	s.rank = unranked
	return s
}
