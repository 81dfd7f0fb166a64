package doctor

import (
	"context"
	"slices"
	"time"
)

// Patience is how long one check may take. Connecting to PostgreSQL takes assemble.ConnectPatience at most, and the check of a
// local store's pages repair.CheckPatience.
const Patience = 20 * time.Second

// Report is what all checks found, in the order of the table.
type Report struct{ Findings []Finding }

// Run makes all checks of s, side by side, and closes what s opened.
func Run(ctx context.Context, s *Site) Report { return run(ctx, s, checks(), Patience) }

func run(ctx context.Context, s *Site, all []check, patience time.Duration) (r Report) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.open(ctx)
	if !s.onPostgres() { // a check that is not awaited must not run: what it opens is closed below
		all = slices.DeleteFunc(slices.Clone(all), func(c check) bool { return c.of == postgresServer })
	}
	results := make([]chan []Finding, len(all))
	for i := range all {
		results[i] = make(chan []Finding, 1) // one that comes too late finds room and ends
		go func() { results[i] <- all[i].run(ctx, s) }()
	}
	late := false
	for i := range all {
		found, ok := await(ctx, results[i])
		if !ok {
			late = true
			found = all[i].unfinished(patience)
		}
		r.Findings = append(r.Findings, found...)
	}
	if !late { // else a check still uses them, and closing would wait for it
		s.close()
	}
	return r
}

// await prefers a result that is there.
func await(ctx context.Context, result <-chan []Finding) (found []Finding, ok bool) {
	select {
	case found = <-result:
		return found, true
	default:
	}
	// A check that ends with the context is given a moment to say what it saw.
	select {
	case found = <-result:
		return found, true
	case <-ctx.Done():
	}
	timer := time.NewTimer(lastMoment)
	defer timer.Stop()
	select {
	case found = <-result:
		return found, true
	case <-timer.C:
		return nil, false
	}
}

// lastMoment is how long a check that observes its context may take to return after its end.
const lastMoment = 500 * time.Millisecond

// Counts are how many findings have each status.
func (r *Report) Counts() map[Status]int {
	counts := map[Status]int{Pass: 0, Skip: 0, Warn: 0, Fail: 0}
	for i := range r.Findings {
		counts[r.Findings[i].Status]++
	}
	return counts
}

// Worst is Fail if some finding is, else Warn if some is, else Pass.
func (r *Report) Worst() Status {
	counts := r.Counts()
	switch {
	case counts[Fail] > 0:
		return Fail
	case counts[Warn] > 0:
		return Warn
	}
	return Pass
}
