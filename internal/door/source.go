package door

import "net/netip"

// The parts of an address that one customer, or one attacker, has in common: IPv6 hands
// out a whole /64 to each line.
const (
	sourceBits4 = 32
	sourceBits6 = 64
)

// SourceOf is the source that an address belongs to; the zero Prefix if there is none.
func SourceOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := sourceBits6
	if addr.Is4() {
		bits = sourceBits4
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // not an address
	}
	return p
}

// source is where connections come from. Those that have not authenticated stand in a
// queue, the oldest first.
type source struct {
	name    netip.Prefix
	exempt  bool
	open    int // connections, without victims
	waiting queue
	rank    int // in the ranking, or unranked
}

const unranked = -1

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

// ranking is a heap (container/heap): at its top the source with the most unauthenticated
// connections, among those with as many the one whose oldest came first.
type ranking []*source

func (r ranking) Len() int { return len(r) }

func (r ranking) Less(i, j int) bool {
	if r[i].waiting.n != r[j].waiting.n {
		return r[i].waiting.n > r[j].waiting.n
	}
	return r[i].waiting.first.age < r[j].waiting.first.age
}

func (r ranking) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].rank, r[j].rank = i, j
}

func (r *ranking) Push(s any) {
	s.(*source).rank = len(*r)
	*r = append(*r, s.(*source))
}

func (r *ranking) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	s.rank = unranked
	return s
}
