package page

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/tradefront/tradefront/internal/loadtest/result"
	"github.com/tradefront/tradefront/internal/show"
)

// fact is a line of a table of two columns.
type fact struct {
	Name, Value string
	Code        bool // the value is an identifier, not a text
}

// row is a line of the table of latencies.
type row struct {
	Name  string
	Cells []string
}

// quantiles are the columns of the table of latencies, beside count, mean and greatest.
var quantiles = []float64{50, 90, 99, 99.9, 99.99}

// latencies are those of a whole visit and of its parts. A part of which there is no time has no figures.
func latencies(r *result.Result, t *words) []row {
	all := append([]result.Step{{Name: "login", Latency: r.Login}, {Name: "service", Latency: r.Service}}, r.Steps...)
	rows := make([]row, 0, len(all))
	for i := range all {
		l := &all[i].Latency
		name, known := t.Steps[all[i].Name]
		if !known {
			name = all[i].Name
		}
		line := row{Name: name, Cells: []string{count(int(l.Count()))}}
		cells := []float64{l.Mean()}
		for _, q := range quantiles {
			cells = append(cells, l.Quantile(q))
		}
		for _, ms := range append(cells, l.Quantile(100)) {
			text := "–"
			if l.Count() > 0 {
				text = digits(ms)
			}
			line.Cells = append(line.Cells, text)
		}
		rows = append(rows, line)
	}
	return rows
}

// visits counts what became of the visits; what did not happen and is no part of every run is left out.
func visits(r *result.Result, t *words) []fact {
	c := &r.Counts
	facts := []fact{
		{Name: t.Planned, Value: count(c.Planned)},
		{Name: t.Begun, Value: count(c.Begun)},
		{Name: t.LoggedIn, Value: count(c.LoggedIn)},
		{Name: t.Refused, Value: count(c.Refused)},
		{Name: t.Failed, Value: count(c.Failed)},
		{Name: t.Lost, Value: count(c.Lost)},
	}
	for _, more := range []struct {
		name string
		n    int
	}{{t.Hostile, c.Hostile}, {t.LetIn, c.LetIn}, {t.Broken, c.BrokenOff}, {t.CameAgain, c.Again}} {
		if more.n > 0 {
			facts = append(facts, fact{Name: more.name, Value: count(more.n)})
		}
	}
	return append(facts, fact{Name: t.MostOpen, Value: count(c.MostOpen)}, fact{Name: t.Late, Value: count(c.Late)})
}

// requests counts what became of what was sent after the logins.
func requests(q *result.Requests, t *words) []fact {
	if q == nil {
		return nil
	}
	return []fact{
		{Name: t.Planned, Value: count(q.Planned)},
		{Name: t.Sent, Value: count(q.Sent)},
		{Name: t.Answered, Value: count(q.Answered)},
		{Name: t.Refused, Value: count(q.Refused)},
		{Name: t.Wrong, Value: count(q.Wrong)},
		{Name: t.LostRequests, Value: count(q.Lost)},
		{Name: t.Doubled, Value: count(q.Doubled)},
		{Name: t.Again, Value: count(q.Again)},
		{Name: t.RequestLate, Value: count(q.Late)},
	}
}

// proof is what the comparison with the store found, nil if there was none.
func proof(p *result.Proof, t *words) []fact {
	if p == nil {
		return nil
	}
	facts := []fact{
		{Name: t.ProofDays, Value: strings.Join(p.Days, ", ")},
		{Name: t.ProofAnswers, Value: count(int(p.Answers))},
		{Name: t.ProofProven, Value: count(int(p.Proven))},
		{Name: t.ProofOpened, Value: count(int(p.Opened))},
		{Name: t.ProofOthers, Value: count(int(p.Others))},
		{Name: t.ProofWaiting, Value: count(int(p.Waiting))},
		{Name: t.ProofFaults, Value: count(int(p.Faults))},
	}
	for _, k := range p.Kinds {
		facts = append(facts, fact{Name: "– " + result.KindText(k.Kind, t.Lang), Value: count(int(k.Count))})
	}
	return facts
}

// run is what was tested.
func run(r *result.Result, t *words) []fact {
	scenario := r.Scenario
	if what, known := t.Scenarios[r.Scenario]; known {
		scenario += t.Colon + what
	}
	config := fact{Name: t.Config, Value: r.ConfigHash, Code: true}
	if r.ConfigHash == "" {
		config = fact{Name: t.Config, Value: t.ConfigUnknown}
	}
	facts := []fact{
		{Name: t.ScenarioName, Value: scenario},
		{Name: t.Target, Value: r.Target, Code: true},
		config,
		{Name: t.Began, Value: show.Time(r.Began)},
		{Name: t.Lasted, Value: fmt.Sprintf("%.1f %s", r.Lasted(), t.Seconds)},
	}
	if r.EndedEarly != "" {
		facts = append(facts, fact{Name: t.EndedEarly, Value: r.EarlyText(t.Lang)})
	}
	if r.Peak > 0 {
		facts = append(facts, fact{Name: t.PeakName, Value: number(r.Peak) + "/s"})
	}
	if r.Full != nil {
		facts = append(facts, fact{Name: t.FullRate, Value: number(r.Sustained()) + "/s"})
	}
	facts = append(facts, fact{Name: t.Generators, Value: count(r.Generators)}, fact{Name: t.RunIDs, Value: strings.Join(r.IDs, " "), Code: true})
	if r.SHA256 != "" {
		facts = append(facts, fact{Name: t.Sum, Value: r.SHA256, Code: true})
	}
	return facts
}

// host is what the generators ran on, and were.
func host(r *result.Result, t *words) (facts []fact) {
	for _, m := range r.Machines() {
		h := &m.Host
		facts = append(facts, fact{Name: t.Machine, Value: h.Name}, fact{Name: t.Version, Value: m.Version, Code: true},
			fact{Name: t.CPU, Value: fmt.Sprintf("%d × %s", h.CPUs, h.CPU)}, fact{Name: t.Memory, Value: show.Size(int64(h.Memory))},
			fact{Name: t.Kernel, Value: h.Kernel}, fact{Name: t.OpenFiles, Value: count(int(h.MaxOpen))})
	}
	return facts
}

// sharesMachine reports whether the front ran on the generator's machine.
func sharesMachine(r *result.Result) bool {
	for text := range strings.SplitSeq(r.Target, ", ") { // of several fronts
		if target, err := netip.ParseAddrPort(text); err != nil || !target.Addr().IsLoopback() {
			return false
		}
	}
	return true
}
