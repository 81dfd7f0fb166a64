package page

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// tile is one figure that is read first.
type tile struct {
	Name, Value, More string
	Bad               bool
}

// tiles are the figures that the verdict is about.
func tiles(r *result.Result, t *words) []tile {
	best := 0
	for i := range r.Seconds {
		best = max(best, r.Seconds[i].LoggedIn)
	}
	rate := tile{Name: t.Rate, Value: number(r.Rate()), More: fmt.Sprintf(t.RateOf, number(r.ElapsedS))}
	if len(r.Seconds) > 1 {
		rate.More += " · " + t.Best + " " + count(best)
	}
	all := []tile{rate}
	if r.Peak > 0 {
		m := tile{Name: t.Multiple, Value: r.MultipleText(), More: t.Twice}
		if r.Multiple < 2 {
			m.More, m.Bad = t.NotTwice, true
		}
		all = append(all, m)
	}
	p99 := tile{Name: t.P99, Value: "–", More: t.NoAnswer}
	if r.Login.Count() > 0 {
		p99.Value, p99.More = duration(r.Login.Quantile(99)), t.P50+" "+duration(r.Login.Quantile(50))
	}
	errors := tile{Name: t.Errors, Value: count(r.Errors()), More: share(r.Errors(), attempts(r)), Bad: r.Errors() > 0}
	loggedIn := tile{Name: t.LoggedIn, Value: count(r.Counts.LoggedIn), More: fmt.Sprintf(t.OfBegun, count(r.Counts.Begun))}
	all = append(all, p99, errors, loggedIn)
	if q := r.Requests; q != nil {
		all = append(all, tile{Name: t.RequestRate, Value: number(q.Rate()), More: t.Answered + " " + count(q.Answered)})
	}
	return all
}

// asserted is a line of the table of assertions.
type asserted struct {
	Text, Measured, Verdict string
	Holds                   bool
}

func assertions(r *result.Result, t *words) []asserted {
	all := make([]asserted, 0, len(r.Assertions))
	for i := range r.Assertions {
		a := &r.Assertions[i]
		line := asserted{Text: a.Text, Measured: exact(a.Value), Verdict: t.Fails, Holds: a.Holds}
		switch {
		case a.IsTime() && a.Value == 0:
			line.Measured = t.NotMeasured
		case a.IsTime():
			line.Measured = exact(a.Value) + " ms"
		}
		if a.Holds {
			line.Verdict = t.Holds
		}
		all = append(all, line)
	}
	return all
}

// causes say why a run did not pass, and before that whether its figures may be those of the generator.
func causes(r *result.Result, t *words) []string {
	var texts []string
	if r.Limited() {
		texts = append(texts, fmt.Sprintf(t.Limited, fmt.Sprintf("%.0f %%", 100*r.CPU), count(r.LateOnes())))
	}
	if r.Unsealed {
		texts = append(texts, t.Unsealed)
	}
	for _, cause := range r.Causes {
		text := t.Causes[string(cause)]
		switch cause {
		case result.EndedEarly:
			text = fmt.Sprintf(text, r.EarlyText(t.Lang))
		case result.LetIn:
			text = fmt.Sprintf(text, count(r.Counts.LetIn))
		case result.Errors:
			text = fmt.Sprintf(text, count(r.UnboundedErrors()))
		case result.Unproven:
			if r.Proof != nil && r.Proof.Faults > 0 {
				texts = append(texts, fmt.Sprintf(text, count(int(r.Proof.Faults))))
			}
			if text = ""; r.Unproven != "" {
				text = fmt.Sprintf(t.Uncompared, r.UnprovenText(t.Lang))
			}
		case result.Asserted:
			broken := 0
			for i := range r.Assertions {
				if !r.Assertions[i].Holds {
					broken++
				}
			}
			text = fmt.Sprintf(text, count(broken), count(len(r.Assertions)))
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}
