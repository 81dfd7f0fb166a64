package door

import (
	"container/heap"
	"net/netip"
	"time"
)

// Offence is what a source is penalised for.
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

// debt of a source. It is paid by waiting.
type debt struct {
	name netip.Prefix
	paid time.Time // when it is down to nothing
	shut bool      // newcomers are refused until then
	rank int       // in the heap
}

// debts is a table of bounded size and a heap over it (container/heap): at its top the
// debt that is paid first.
type debts struct {
	of    map[netip.Prefix]*debt
	queue dueFirst
}

// mostPatience is how many times Threshold a source may be allowed: a debt of Max is over it,
// so that whoever goes on is refused in the end, whatever speaks for the source.
func (p *Penalties) mostPatience() int { return max(1, int((p.Max-1)/max(p.Threshold, 1))) }

// add books what an offence costs. patience is how many times Threshold is allowed.
func (t *debts) add(name netip.Prefix, p Penalties, cost time.Duration, patience int, now time.Time) {
	if cost <= 0 || p.Sources <= 0 {
		return
	}
	t.settlePaid(now)
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
	if d.paid.Sub(now)/time.Duration(min(patience, p.mostPatience())) > p.Threshold {
		d.shut = true
	}
}

// shut tells whether newcomers of the source are refused.
func (t *debts) shut(name netip.Prefix, now time.Time) bool {
	d := t.of[name]
	return d != nil && d.shut && d.paid.After(now)
}

// settlePaid forgets what is paid.
func (t *debts) settlePaid(now time.Time) {
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

type dueFirst []*debt

func (q dueFirst) Len() int           { return len(q) }
func (q dueFirst) Less(i, j int) bool { return q[i].paid.Before(q[j].paid) }

func (q dueFirst) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].rank, q[j].rank = i, j
}

func (q *dueFirst) Push(d any) {
	d.(*debt).rank = len(*q)
	*q = append(*q, d.(*debt))
}

func (q *dueFirst) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return d
}
