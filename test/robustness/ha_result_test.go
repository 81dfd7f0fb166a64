package robustness

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// haResult is what came of a run.
type haResult struct {
	Seed      uint64         `json:"seed"`
	Seconds   float64        `json:"seconds"`
	Rounds    int            `json:"rounds"`
	Faults    map[string]int `json:"faults"`
	Refused   int            `json:"refused"`
	Cut       int            `json:"cut"`
	Confirmed int            `json:"canary_confirmed"`
	Split     int            `json:"canary_lost"`
	verdict
	Times []measured `json:"without_answers"`

	begin time.Time
}

// measured is how long a centre answered no login when a fault struck.
type measured struct {
	Fault   string  `json:"fault"`
	After   string  `json:"answer_after"`
	Found   string  `json:"found_by"` // how fronts find the primary
	Seconds float64 `json:"seconds"`
	Stalled float64 `json:"machine_stalled"` // for how long the test itself did not run meanwhile
}

func (c *centre) found() string {
	if c.byHAProxy {
		return "haproxy"
	}
	return "url"
}

func (c *centre) answersAfter() string {
	if c.postgres {
		return "postgres"
	}
	return "local"
}

func (r *haResult) took(m measured) { r.Times = append(r.Times, m) }

func (r *haResult) note(fault string) {
	r.Rounds++
	r.Faults[fault]++
	r.Seconds = time.Since(r.begin).Seconds()
}

func (r *haResult) add(v verdict) {
	r.Answered, r.Stored = r.Answered+v.Answered, r.Stored+v.Stored
	r.Lost, r.Doubled, r.Untrue, r.Invented = r.Lost+v.Lost, r.Doubled+v.Doubled, r.Untrue+v.Untrue, r.Invented+v.Invented
}

// last is what was measured in the round that a fault had last.
func (r *haResult) last(fault string) string {
	latest := map[string]measured{}
	for _, m := range r.Times {
		if m.Fault == fault {
			latest[m.After] = m
		}
	}
	var all []string
	for _, after := range slices.Sorted(maps.Keys(latest)) {
		m := latest[after]
		all = append(all, fmt.Sprintf("%s (%s) %4.1fs, machine stalled %.1fs", after, m.Found, m.Seconds, m.Stalled))
	}
	return strings.Join(all, ", ")
}

func (r *haResult) String() string {
	return fmt.Sprintf("answered %d refused %d cut %d  stored %d lost %d doubled %d untrue %d invented %d  canary %d lost %d",
		r.Answered, r.Refused, r.Cut, r.Stored, r.Lost, r.Doubled, r.Untrue, r.Invented, r.Confirmed, r.Split)
}

// write prints the distribution, and the file if one is wanted.
func (r *haResult) write(t *testing.T) {
	fmt.Printf("\nseed %d, %.0f s, %d faults: %s\nseconds without an answered login\n%-48s %-18s %3s %6s %6s %6s %6s\n", r.Seed, r.Seconds,
		r.Rounds, r, "fault", "answers", "n", "min", "p50", "p90", "max")
	by := map[[2]string][]float64{}
	for _, m := range r.Times {
		k := [2]string{m.Fault, m.After + ", " + m.Found}
		by[k] = append(by[k], m.Seconds)
	}
	keys := slices.SortedFunc(maps.Keys(by), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, k := range keys {
		all := by[k]
		slices.Sort(all)
		fmt.Printf("%-48s %-18s %3d %6.1f %6.1f %6.1f %6.1f\n", k[0], k[1], len(all), all[0], quantile(all, 0.5), quantile(all, 0.9), all[len(all)-1])
	}
	if *summary == "" {
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(*summary, text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// quantile is the smallest of sorted numbers that a share q of them does not exceed.
func quantile(sorted []float64, q float64) float64 {
	i := int(q * float64(len(sorted)))
	if float64(i) == q*float64(len(sorted)) && i > 0 {
		i--
	}
	return sorted[i]
}
