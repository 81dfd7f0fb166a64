package loadtest

import (
	"crypto/rand"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// Hooks are called on the loop, which waits for them.
type Hooks struct {
	Answered func(*Answer) // of each login that was answered with success; what it has is valid until it returns
	Watch    func(Status)  // once a second
	// Together is called where generators of one run wait for each other: before anything begins, and once sessions are held. It sends
	// the instant at which all go on, or is closed if they do not. nil for a generator without others.
	Together func() <-chan time.Time
}

// Answer is what a login was answered.
type Answer = result.Answer

// Status is how far a run is.
type Status struct {
	Elapsed                                time.Duration // of the part that is measured
	Begun, LoggedIn, Refused, Failed, Open int
	Requests                               int     // that were answered
	Rate                                   float64 // logins in the last second
	Steps                                  int     // of Plan.Steps that are over, those of parts that are not measured included
}

// The steps, in the order of result.StepNames.
const (
	stepConnect = iota
	stepAuthenticate
	stepUserLogin
	// Behind them, of scenarios with requests, result.RequestNames.
	stepRequest
	stepRequestService
)

// recorder counts one part of a run.
type recorder struct {
	r         result.Result
	began     time.Time
	start     time.Duration // of the part, after the start of the run
	last      time.Duration // when a visit was decided last
	ended     time.Duration // when the last part of the scenario ended
	second    result.Latency
	lastCount result.Counts
	lastTotal totals
	now       func() time.Duration
	fullFrom  time.Duration // after start, from which on due visits count as those of the full rate
	cpu       time.Duration // that the process had used when the part began
}

func newRecorder() *recorder {
	r := &recorder{began: time.Now(), second: result.NewLatency()}
	r.r = result.Result{
		Format: result.Format, IDs: []string{rand.Text()}, Refused: map[string]int{}, Failed: map[string]int{}, Hostile: map[string]int{}, Again: map[string]int{},
		Generators: 1,
		Login:      result.NewLatency(), Service: result.NewLatency(), Seconds: []result.Second{},
	}
	for _, name := range result.StepNames {
		r.r.Steps = append(r.r.Steps, result.Step{Name: name, Latency: result.NewLatency()})
	}
	return r
}

// from begins to measure at start, which is now.
func (r *recorder) from(start time.Duration, now func() time.Duration) {
	r.start, r.last, r.began, r.now, r.cpu = start, start, time.Now(), now, cpuTime()
}

// spent notes what the generator used while visits arrived, of which this is the end.
func (r *recorder) spent(now time.Duration) {
	if took := now - r.start; took > 0 {
		r.r.CPU = float64(cpuTime()-r.cpu) / float64(took)
	}
}

// ends notes the end of what follows the logins too.
func (r *recorder) ends(now time.Duration) { r.ended = now }

// decidedVisits are those of which it is known what became of them.
func (r *recorder) decidedVisits() int {
	c := &r.r.Counts
	return c.LoggedIn + c.Refused + c.Failed + c.Hostile
}

// fullRate begins to count the visits that are due from an instant after start on.
func (r *recorder) fullRate(from time.Duration, rate float64, planned int) {
	r.fullFrom = from
	r.r.Full = &result.FullRate{Rate: rate, Planned: planned, FromS: from.Seconds()}
}

func (r *recorder) begins(late time.Duration, open int) {
	r.r.Counts.Begun++
	r.r.Counts.MostOpen = max(r.r.Counts.MostOpen, open)
	if late > result.LateAfter {
		r.r.Counts.Late++
	}
}

// returns is a visit that came again; waited says that the generator had no string for it when it was to come.
func (r *recorder) returns(waited bool, open int) {
	r.r.Counts.MostOpen = max(r.r.Counts.MostOpen, open)
	if waited {
		r.r.Counts.Late++
	}
}

func (r *recorder) comesAgain(why string) {
	r.r.Counts.Again++
	r.r.Again[why]++
}

func (r *recorder) step(step int, took time.Duration) { r.r.Steps[step].Latency.Record(took) }

func (r *recorder) loggedIn(sinceDue, sinceBegin time.Duration) {
	r.r.Counts.LoggedIn++
	r.r.Login.Record(sinceDue)
	r.r.Service.Record(sinceBegin)
	r.second.Record(sinceDue)
	r.decided()
	if f := r.r.Full; f != nil && r.last-r.start-sinceDue >= r.fullFrom {
		f.LoggedIn++
		f.UntilS = (r.last - r.start).Seconds()
	}
}

func (r *recorder) decided() {
	if r.now != nil {
		r.last = r.now()
	}
}

func (r *recorder) refused(code string) {
	r.r.Counts.Refused++
	r.r.Refused[code]++
	r.decided()
}

func (r *recorder) failed(why string) {
	r.r.Counts.Failed++
	r.r.Failed[why]++
	r.decided()
}

func (r *recorder) letIn() { r.r.Counts.LetIn++ }

func (r *recorder) lost(why string) {
	r.r.Counts.Lost++
	r.r.Failed[why]++
}

func (r *recorder) hostile(kind string) {
	r.r.Counts.Hostile++
	r.r.Hostile[kind]++
	r.decided()
}

// tick ends as many seconds: more than one where the generator did not run for so long, and saw what happened meanwhile at their end alone.
func (r *recorder) tick(open int, seconds time.Duration) {
	for ; seconds > 1 && len(r.r.Seconds) < result.MaxSeconds; seconds-- {
		r.r.Seconds = append(r.r.Seconds, result.Second{Open: open})
	}
	if len(r.r.Seconds) == result.MaxSeconds {
		return
	}
	c, was, all := &r.r.Counts, &r.lastCount, r.totals()
	r.r.Seconds = append(r.r.Seconds, result.Second{
		Begun: c.Begun - was.Begun, LoggedIn: c.LoggedIn - was.LoggedIn, Requests: all.answered - r.lastTotal.answered,
		Errors: all.errors - r.lastTotal.errors, Open: open,
		P50: r.second.Quantile(50), P99: r.second.Quantile(99),
	})
	r.lastCount, r.lastTotal, r.second = *c, all, result.NewLatency()
}

func (r *recorder) status(now time.Duration, open int) Status {
	c, rate, all := &r.r.Counts, 0.0, r.totals()
	if n := len(r.r.Seconds); n > 0 {
		rate = float64(r.r.Seconds[n-1].LoggedIn)
	}
	return Status{
		Elapsed: now - r.start, Begun: c.Begun, LoggedIn: c.LoggedIn, Refused: c.Refused, Failed: c.Failed + c.Lost, Open: open, Rate: rate,
		Requests: all.answered,
	}
}

// outcome is what was found, to which the caller adds what it knows; ended says why the run ended early, "" if it did not.
func (r *recorder) outcome(p *Plan, ended string) *result.Result {
	r.r.Scenario, r.r.Target, r.r.Began, r.r.EndedEarly = p.Scenario, p.targetText(), r.began, ended
	r.r.ElapsedS = (r.last - r.start).Seconds()
	r.r.LastedS = (max(r.ended, r.last) - r.start).Seconds()
	c := &r.r.Counts
	if ended != "" {
		r.r.Full = nil // what was planned did not come
	}
	c.BrokenOff = c.Begun - c.LoggedIn - c.Refused - c.Failed - c.Hostile
	return &r.r
}
