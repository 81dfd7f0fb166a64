package door

import (
	"container/heap"
	"net/netip"

	"github.com/tradefront/tradefront/internal/source"
)

// origin is a source, or a network around some. Networks are counted too, so that who has many
// sources of one is held to what Share of them may have.
type origin struct {
	name   netip.Prefix
	within *origin // the network around it; nil for the widest, and where there is no address
	share  int
	exempt bool // of a source
	open   int  // connections, without victims and, in a network, without those of exempt sources
	inside int  // of a network: sources and networks that are counted in it

	waiting  int     // unauthenticated connections in it
	queue    queue   // of a source: they, the oldest first
	ranking  ranking // of a network: what is in it and has some
	rank     int     // in the ranking around it, or unranked
	pressure int
	oldest   uint64 // the age of whoever goes first
}

const unranked = -1

// levelsOf is how many levels a path is counted on; without an address it is one.
func levelsOf(p *source.Path) int { return max(p.Len(), 1) }

// settleIn finds the source of a path, or makes it with the networks around it.
func (d *Door) settleIn(p *source.Path) *origin {
	if s := d.sources[p.Source()]; s != nil {
		return s
	}
	var around *origin
	for i := levelsOf(p) - 1; i > 0; i-- {
		n := d.networks[p.At(i)]
		if n == nil {
			n = d.made(p.At(i), around, p.Share(i))
			d.networks[n.name] = n
		}
		around = n
	}
	s := d.made(p.Source(), around, 1)
	s.exempt = d.isExempt(s.name)
	d.sources[s.name] = s
	return s
}

func (d *Door) made(name netip.Prefix, within *origin, share int) *origin {
	if within != nil {
		within.inside++
	}
	return &origin{name: name, within: within, share: share, rank: unranked}
}

// remove forgets a source that has no connections, and the networks that are empty with it.
func (d *Door) remove(s *origin) {
	delete(d.sources, s.name)
	for n := s.within; n != nil; n = n.within {
		if n.inside--; n.inside > 0 {
			return
		}
		delete(d.networks, n.name)
	}
}

// count adds to the connections of a source and of the networks around it.
func (s *origin) count(more int) {
	s.open += more
	if s.exempt {
		return
	}
	for n := s.within; n != nil; n = n.within {
		n.open += more
	}
}

// recount finds out anew who is exempt.
func (d *Door) recount() {
	for _, n := range d.networks {
		n.open = 0
	}
	for _, s := range d.sources {
		s.exempt = d.isExempt(s.name)
		for n := s.within; n != nil && !s.exempt; n = n.within {
			n.open += s.open
		}
	}
}

// rerank puts a source and the networks around it into their places, after its queue changed.
func (d *Door) rerank(s *origin, more int) {
	d.waiting += more
	for o := s; o != nil; o = o.within {
		o.waiting += more
		o.weigh()
		around := &d.ranking
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

// maxShare is the widest network's.
const maxShare = 16

// weigh says how heavy it is: a network by all that it has, measured by its share, or by the
// heaviest in it. So a network of a hundred customers does not lose to one source of a stranger.
func (s *origin) weigh() {
	s.pressure = s.waiting * maxShare / s.share
	switch {
	case len(s.ranking) > 0:
		s.pressure = max(s.pressure, s.ranking[0].pressure)
		s.oldest = s.ranking[0].oldest
	case s.queue.first != nil:
		s.oldest = s.queue.first.age
	}
}

// heaviest is the source that loses next, nil if nobody is unauthenticated.
func (d *Door) heaviest() (s *origin) {
	for in := d.ranking; len(in) > 0; in = s.ranking {
		s = in[0]
	}
	return s
}

// queue holds visitors in the order in which they joined it. A visitor is in one at most.
type queue struct {
	first, last *Visitor
	n           int
}

func (q *queue) join(v *Visitor) {
	v.queue = q
	v.earlier = q.last
	if q.last == nil {
		q.first = v
	} else {
		q.last.later = v
	}
	q.last = v
	q.n++
}

func (q *queue) part(v *Visitor) {
	if v.earlier == nil {
		q.first = v.later
	} else {
		v.earlier.later = v.later
	}
	if v.later == nil {
		q.last = v.earlier
	} else {
		v.later.earlier = v.earlier
	}
	v.queue, v.earlier, v.later = nil, nil, nil
	q.n--
}

// ranking is a heap (container/heap): at its top whatever is heaviest, among those that are as
// heavy the one whose oldest came first.
type ranking []*origin

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

func (r *ranking) Push(s any) {
	s.(*origin).rank = len(*r)
	*r = append(*r, s.(*origin))
}

func (r *ranking) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	s.rank = unranked
	return s
}
