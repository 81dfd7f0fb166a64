package logs

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/source"
)

// An attacker who opens connections makes the front decide again and again, and each decision is a
// line. Therefore lines that cost an attacker nothing come out of budgets; the lines that are over
// are counted, and reported by one line a minute and source. The lines of accepted logins cost an
// account, and are bounded there: none of them is ever left out, nor is what an operator of the firm did.

// The budgets of lines: of one source, whose networks have source.Path.Share times as much,
// and of the whole front. An honest office, and a storm of reconnects, remain below them.
var (
	refusalBudget   = rate.Limit{PerSecond: 5, Burst: 1000}
	admissionBudget = rate.Limit{PerSecond: 20, Burst: 5000} // authentications that were won
	frontBudget     = rate.Limit{PerSecond: 500, Burst: 50_000}
)

const (
	// budgetSources is how many sources, and networks of each size, are remembered.
	budgetSources = 16384
	// maxSummaries is how many are counted by themselves; of further ones only the total is reported.
	maxSummaries = 1024
	// summaryPeriod is how long lines are counted before they are reported.
	summaryPeriod = time.Minute
	// reasonOK is the reason of what was no refusal.
	reasonOK = "ok"
)

// The reasons of EventSuppressed: which bound the lines were over.
const (
	SuppressedSource  = "source_rate"  // that of their source
	SuppressedNetwork = "network_rate" // that of the network around it
	SuppressedFront   = "front_rate"   // that of all sources together, or too many sources to tell apart
	SuppressedDisk    = "disk_reserve" // the disk is near store.min_free
)

// lineKind is what a line is worth.
type lineKind int

const (
	keptLine lineKind = iota // evidence of a login, or its end, or of what an operator did: always written
	admissionLine
	refusalLine
	lineKinds
)

func kindOf(e *Entry) lineKind {
	switch {
	case e.RecordID != uuid.Nil, e.Reason == reasonOK && e.Event != EventAuthenticate, e.Event == EventRelayEnded:
		return keptLine
	case e.Event == EventSessionEnd, e.By != "": // an operator's act: no attacker makes these, and none may push them out
		return keptLine
	case e.Reason == reasonOK:
		return admissionLine
	}
	return refusalLine
}

// budget decides about lines and counts those that are left out. It is pure; Audit guards it.
type budget struct {
	exempt  []netip.Prefix
	low     bool // the disk is near its bound
	levels  [lineKinds][source.Levels]*rate.Buckets[netip.Prefix]
	front   *rate.Buckets[lineKind]
	out     map[bound]*summary
	counted uint64 // lines that were left out
}

// bound is what lines were over: of is the zero Prefix for those of the whole front.
type bound struct {
	of  netip.Prefix
	why string
}

// summary counts lines that were left out.
type summary struct {
	since   time.Time
	lines   int
	reasons map[string]int // a closed set, see reason.Reason, reason.Close, ftd.Fault and proxyheader.Fault
	frontID int32
}

func newBudget() *budget {
	b := &budget{front: rate.New[lineKind](int(lineKinds)), out: make(map[bound]*summary)}
	for kind := admissionLine; kind < lineKinds; kind++ {
		for i := range b.levels[kind] {
			b.levels[kind][i] = rate.New[netip.Prefix](budgetSources)
		}
	}
	return b
}

// allows takes the line out of its budgets, or counts it.
func (b *budget) allows(e *Entry, now time.Time) bool {
	kind := kindOf(e)
	if kind == keptLine {
		return true
	}
	over, is := b.over(kind, e.source(), now)
	if is {
		b.count(e, over, now)
	}
	return !is
}

// over is the narrowest bound that a line is over. Tokens are taken only if there is none.
func (b *budget) over(kind lineKind, addr netip.Addr, now time.Time) (bound, bool) {
	if b.low {
		return bound{why: SuppressedDisk}, true
	}
	each := refusalBudget
	if kind == admissionLine {
		each = admissionBudget
	}
	var path source.Path
	if !b.isExempt(addr) {
		path = source.PathOf(addr)
	}
	for i := range path.Len() {
		if b.levels[kind][i].Has(path.At(i), each.Times(path.Share(i)), now) {
			continue
		}
		why := SuppressedNetwork
		if i == 0 {
			why = SuppressedSource
		}
		return bound{path.At(i), why}, true
	}
	if !b.front.Take(kind, frontBudget, now) {
		return bound{why: SuppressedFront}, true
	}
	for i := range path.Len() {
		b.levels[kind][i].Take(path.At(i), each.Times(path.Share(i)), now)
	}
	return bound{}, false
}

func (b *budget) isExempt(addr netip.Addr) bool {
	return slices.ContainsFunc(b.exempt, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

func (b *budget) count(e *Entry, over bound, now time.Time) {
	b.counted++
	s := b.out[over]
	if s == nil && len(b.out) >= maxSummaries {
		over = bound{why: SuppressedFront}
		s = b.out[over]
	}
	if s == nil {
		s = &summary{since: now, reasons: make(map[string]int)}
		b.out[over] = s
	}
	s.lines++
	s.reasons[e.Reason]++
	s.frontID = e.FrontID
}

// summaries takes the lines that report what was left out a minute ago or longer, or all.
func (b *budget) summaries(all bool, now time.Time) (lines []Entry) {
	for over, s := range b.out {
		if !all && now.Sub(s.since) < summaryPeriod {
			continue
		}
		delete(b.out, over)
		lines = append(lines, Entry{
			Time: now, Event: EventSuppressed, Reason: over.why, FrontID: s.frontID,
			Source: over.of, Since: s.since, Lines: s.lines, Reasons: s.reasons,
		})
	}
	slices.SortFunc(lines, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), a.Source.Addr().Compare(b.Source.Addr()), cmp.Compare(a.Source.Bits(), b.Source.Bits()))
	})
	return lines
}
