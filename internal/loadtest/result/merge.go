package result

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Merge adds what another generator of the same run found.
func (r *Result) Merge(other *Result) error {
	if err := r.fits(other); err != nil {
		return err
	}
	return r.Add(other)
}

// Add is Merge of results that are known to be of one run.
func (r *Result) Add(other *Result) error {
	if r.Again == nil {
		r.Again = map[string]int{} // of a program before there was one
	}
	r.Unsealed = r.Unsealed || other.Unsealed
	r.Generators += other.Generators
	r.IDs = append(r.IDs, other.IDs...)
	for _, a := range other.Assertions {
		if !slices.ContainsFunc(r.Assertions, func(own Assertion) bool { return own.Text == a.Text }) {
			r.Assertions = append(r.Assertions, a) // judged anew
		}
	}
	r.mergeMachines(other)
	r.Counts.add(&other.Counts)
	r.mergeRequests(other)
	r.mergeProof(other)
	for _, m := range []struct{ to, from map[string]int }{
		{r.Refused, other.Refused}, {r.Failed, other.Failed}, {r.Hostile, other.Hostile}, {r.Again, other.Again},
	} {
		for _, key := range slices.Sorted(maps.Keys(m.from)) {
			m.to[key] += m.from[key]
		}
	}
	r.mergeTimes(other)
	if r.EndedEarly == "" {
		r.EndedEarly = other.EndedEarly
	}
	return r.mergeLatencies(other)
}

// mergeTimes puts what happened at the same instants together; the merged run begins with the earlier one.
func (r *Result) mergeTimes(other *Result) {
	later := other.Began.Sub(r.Began).Seconds()
	r.LastedS = together(r.Lasted(), other.Lasted(), later) // before the seconds are put together, which it may be known by
	r.ElapsedS = together(r.ElapsedS, other.ElapsedS, later)
	r.mergeSeconds(other)
	r.mergeFullRate(other)
	if other.Began.Before(r.Began) {
		r.Began = other.Began
	}
}

// together is how long two parts take from the beginning of the first to the end of the last; the other begins so many seconds later.
func together(own, other, later float64) float64 {
	if later < 0 {
		own, other, later = other, own, -later
	}
	return max(own, later+other)
}

// mergeMachines adds the machines that r does not know, and what only other was told of front and firm.
func (r *Result) mergeMachines(other *Result) {
	for _, m := range other.Machines() {
		if !slices.Contains(r.Machines(), m) {
			r.Others = append(r.Others, m)
		}
	}
	r.CPU = max(r.CPU, other.CPU)
	r.ConfigHash, r.Peak = cmp.Or(r.ConfigHash, other.ConfigHash), cmp.Or(r.Peak, other.Peak)
}

// add adds all but MostOpen, which is of one time.
func (c *Counts) add(o *Counts) {
	c.Planned += o.Planned
	c.Begun += o.Begun
	c.LoggedIn += o.LoggedIn
	c.Refused += o.Refused
	c.Failed += o.Failed
	c.Hostile += o.Hostile
	c.BrokenOff += o.BrokenOff
	c.LetIn += o.LetIn
	c.Lost += o.Lost
	c.Again += o.Again
	c.Late += o.Late
}

// mergeSeconds adds second by second of the clock. Of two percentiles the greater is kept: they cannot be added.
func (r *Result) mergeSeconds(other *Result) {
	later := int(math.Round(other.Began.Sub(r.Began).Seconds()))
	if later < 0 {
		r.Seconds = slices.Concat(make([]Second, min(-later, MaxSeconds)), r.Seconds)
		r.Seconds, later = r.Seconds[:min(len(r.Seconds), MaxSeconds)], 0
	}
	r.Counts.MostOpen = max(r.Counts.MostOpen, other.Counts.MostOpen)
	for i := range other.Seconds {
		at := min(i+later, MaxSeconds-1)
		for len(r.Seconds) <= at {
			r.Seconds = append(r.Seconds, Second{})
		}
		to, from := &r.Seconds[at], &other.Seconds[i]
		to.Begun += from.Begun
		to.LoggedIn += from.LoggedIn
		to.Requests += from.Requests
		to.Errors += from.Errors
		to.Open += from.Open
		to.P50, to.P99 = max(to.P50, from.P50), max(to.P99, from.P99)
		r.Counts.MostOpen = max(r.Counts.MostOpen, to.Open)
	}
}

func (r *Result) mergeLatencies(other *Result) error {
	pairs := [][2]*Latency{{&r.Login, &other.Login}, {&r.Service, &other.Service}}
	for i := range r.Steps {
		pairs = append(pairs, [2]*Latency{&r.Steps[i].Latency, other.Step(r.Steps[i].Name)})
	}
	for _, p := range pairs {
		if p[1] == nil {
			continue
		}
		if err := p[0].merge(p[1]); err != nil {
			return err
		}
	}
	return nil
}
