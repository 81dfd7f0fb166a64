package proof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/show"
)

// group is what has one RecordID.
type group struct {
	answer, record entry // the first of each
	answers        int
	sources        [fromRecords + 1]int // records of each origin
	faults         []result.Discrepancy
}

// compare walks through answers and records in the order of their RecordIDs.
func (r *run) compare(ctx context.Context) error {
	sorted, err := r.byID.SortContext(ctx)
	if err != nil {
		return err
	}
	var g *group
	for n := 0; ; n++ {
		if n%step == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := sorted.Next()
		if errors.Is(err, io.EOF) {
			return r.decide(g)
		}
		if err != nil {
			return err
		}
		var e entry
		if err := e.read(b); err != nil {
			return err
		}
		if g == nil || g.id() != e.id {
			if err := r.decide(g); err != nil {
				return err
			}
			g = &group{}
		}
		g.take(&e)
	}
}

func (g *group) id() [16]byte {
	if g.answers > 0 {
		return g.answer.id
	}
	return g.record.id
}

func (g *group) stored() bool { return g.sources[fromLocal]+g.sources[fromRecords] > 0 }

// take takes answers before records, as the sort has them.
func (g *group) take(e *entry) {
	if e.origin == fromAnswers {
		if g.answers++; g.answers == 1 {
			g.answer = *e
			return
		}
		g.fault(result.AnsweredTwice, "the same RecordID was answered again")
		return
	}
	if !g.stored() {
		g.record = *e
	}
	if g.sources[e.origin]++; g.sources[e.origin] > 1 {
		g.fault(result.Doubled, "the same RecordID is stored again, on trading day "+e.items.day.String())
		return
	}
	if g.answers > 0 {
		g.hold(e)
	}
}

func (g *group) fault(kind result.ProofKind, detail string) {
	about := &g.record
	if g.answers > 0 {
		about = &g.answer
	}
	g.faults = append(g.faults, result.Discrepancy{Kind: kind, RecordID: about.id.String(), Account: about.items.account, Detail: detail})
}

// hold holds a record to its answer.
func (g *group) hold(e *entry) {
	if other := g.answer.items.others(&e.items); other != "" {
		g.fault(result.Changed, other)
	}
	switch {
	case e.fault == unopened:
		g.fault(result.Unopened, e.detail)
	case e.fault == contradict:
		g.fault(result.Supplement, e.detail)
	case e.opened && e.address != g.answer.address:
		g.fault(result.Supplement, fmt.Sprintf("address: the supplement says %s, the terminal had %s", e.address, g.answer.address))
	}
}

// others names each item in which the record differs.
func (i *items) others(record *items) string {
	var all []string
	add := func(name, answered, stored string) {
		if answered != stored {
			all = append(all, fmt.Sprintf("%s: answered %s, stored %s", name, answered, stored))
		}
	}
	add("trading day", i.day.String(), record.day.String())
	add("login time", show.Time(i.login), show.Time(record.login))
	add("account", i.account, record.account)
	add("AppID", i.appID, record.appID)
	if i.frontID != 0 { // the answer to a relay's submission names no session
		add("FrontID", fmt.Sprint(i.frontID), fmt.Sprint(record.frontID))
		add("SessionID", fmt.Sprint(i.sessionID), fmt.Sprint(record.sessionID))
	}
	add("abnormal flag", i.flag.String(), record.flag.String())
	if i.text != record.text {
		all = append(all, "the terminal's ciphertext is not the one that was sent")
	}
	return strings.Join(all, "; ")
}

// decide counts a group that is whole.
func (r *run) decide(g *group) error {
	if g == nil {
		return nil
	}
	switch {
	case g.answers == 0:
		r.found.Others++
		if r.opt.Exact {
			g.fault(result.Unanswered, "login at "+show.Time(g.record.items.login))
		}
	case !g.stored():
		g.fault(result.Missing, "answered for trading day "+g.answer.items.day.String()+", login at "+show.Time(g.answer.items.login))
	default:
		if g.record.opened {
			r.found.Opened++
		}
		if r.opt.Local != nil && g.sources[fromRecords] == 0 {
			r.found.Waiting++
		}
		if len(g.faults) == 0 {
			r.found.Proven++
		}
	}
	for _, f := range g.faults {
		r.found.Add(f, r.opt.Limit)
	}
	return r.addTexts(g)
}
