package admission

import (
	"container/heap"
	"net/netip"
	"time"
)

// Offence is what a source is penalized for.
type Offence uint8

// The offences.
const (
	FailedAuthentication Offence = iota // a refused request before authentication: one line of the audit log
	NoAuthentication                    // not authenticated in time, or authenticated while its source is locked
	Malformed                           // bytes that are no message
	RefusalFlood                        // one refused request after another, authenticated

	offenceCount
)

// Penalties are what offences cost, as OpenSSH's PerSourcePenalties.
type Penalties struct {
	Cost      [offenceCount]time.Duration // by Offence; 0 for nothing
	Threshold time.Duration               // of a debt over which a source's newcomers are refused
	Max       time.Duration               // no debt is higher; above Threshold
	Sources   int                         // debts that are kept at once; 0 for none
}

// debt of a source. Waiting pays it.
type debt struct {
	name      netip.Prefix
	paid      time.Time // when it is zero
	penalized bool      // newcomers are refused until then
	rank      int       // in the heap
}

// debts is a table of bounded size, and a heap over it.
type debts struct {
	of    map[netip.Prefix]*debt
	queue dueFirst
}

// maxFactor is how many times Threshold a source may owe at most: a debt of Max exceeds it, so
// that a source that continues is refused in the end, however many good logins it has.
func (p *Penalties) maxFactor() int { return max(1, int((p.Max-1)/max(p.Threshold, 1))) }

// add adds what an offence costs. The source may owe factor times Threshold.
func (t *debts) add(name netip.Prefix, p Penalties, cost time.Duration, factor int, now time.Time) {
	if cost <= 0 || p.Sources <= 0 {
		return
	}
	t.dropPaid(now)
	d := t.of[name]
	if d == nil {
		t.shrink(p.Sources - 1)
		d = &debt{name: name, paid: now}
		t.of[name] = d
		heap.Push(&t.queue, d)
	}
	d.paid = d.paid.Add(cost)
	if latest := now.Add(p.Max); d.paid.After(latest) {
		d.paid = latest
	}
	heap.Fix(&t.queue, d.rank)
	if d.paid.Sub(now)/time.Duration(min(factor, p.maxFactor())) > p.Threshold {
		d.penalized = true
	}
}

// penalized reports whether newcomers of the source are refused.
func (t *debts) penalized(name netip.Prefix, now time.Time) bool {
	d := t.of[name]
	return d != nil && d.penalized && d.paid.After(now)
}

// dropPaid forgets the debts that are paid.
func (t *debts) dropPaid(now time.Time) {
	for len(t.queue) > 0 && !t.queue[0].paid.After(now) {
		t.forgetFirst()
	}
}

// shrink keeps the n debts that last longest.
func (t *debts) shrink(n int) {
	for len(t.queue) > max(n, 0) {
		t.forgetFirst()
	}
}

func (t *debts) forgetFirst() { delete(t.of, heap.Pop(&t.queue).(*debt).name) }

// dueFirst is a heap (container/heap) of debts; the one that is paid first is at its top.
type dueFirst []*debt

func (q dueFirst) Len() int           { return len(q) }
func (q dueFirst) Less(i, j int) bool { return q[i].paid.Before(q[j].paid) }

func (q dueFirst) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].rank, q[j].rank = i, j
}

// Push is part of heap.Interface.
func (q *dueFirst) Push(d any) {
	d.(*debt).rank = len(*q)
	*q = append(*q, d.(*debt))
}

// Pop is part of heap.Interface.
func (q *dueFirst) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return d
}
