package result

import (
	"fmt"
	"math"
)

// FullRate is the part of an open loop at its full rate: the visits that were due from the end of the ramp on.
type FullRate struct {
	Rate     float64 `json:"rate"` // visits a second, as planned
	Planned  int     `json:"planned"`
	LoggedIn int     `json:"logged_in"`
	FromS    float64 `json:"from_seconds"`  // after Began: the end of the ramp
	UntilS   float64 `json:"until_seconds"` // after Began: when the last of them was logged in
}

// Rate is the logins a second, over the whole run.
func (r *Result) Rate() float64 {
	if r.ElapsedS <= 0 {
		return 0
	}
	return float64(r.Counts.LoggedIn) / r.ElapsedS
}

// Sustained is the logins a second of an open loop at its full rate, and of a closed loop over the whole run.
//
// n visits of a rate take n/rate. The answer to the last one comes later by its latency, which is no matter of the rate: a hundredth of
// that time, and a second at most, does not count against it. What a front that is slower than the rate has left to do at the end takes longer.
func (r *Result) Sustained() float64 {
	f := r.Full
	if f == nil || f.Planned == 0 || f.Rate <= 0 {
		return r.Rate()
	}
	planned := float64(f.Planned) / f.Rate
	took := f.UntilS - f.FromS - min(planned/100, 1)
	if took <= planned {
		return f.Rate * float64(f.LoggedIn) / float64(f.Planned)
	}
	return float64(f.LoggedIn) / took
}

// Compare sets what Sustained is of the firm's historical peak; 0 is none.
func (r *Result) Compare(peak float64) {
	if r.Peak, r.Multiple = peak, 0; peak > 0 {
		r.Multiple = math.Round(r.Sustained()/peak*1e6) / 1e6 // rates of generators do not add up to the last bit
	}
}

// MultipleText is Multiple with two digits, never more than it is.
func (r *Result) MultipleText() string {
	return fmt.Sprintf("%.2f", math.Floor(r.Multiple*100+1e-6)/100)
}

func (r *Result) mergeFullRate(other *Result) {
	if r.Full == nil || other.Full == nil {
		r.Full = nil
		return
	}
	to, from, later := *r.Full, *other.Full, other.Began.Sub(r.Began).Seconds()
	if later > 0 {
		from.FromS, from.UntilS = from.FromS+later, from.UntilS+later
	} else {
		to.FromS, to.UntilS = to.FromS-later, to.UntilS-later
	}
	r.Full = &FullRate{
		Rate: to.Rate + from.Rate, Planned: to.Planned + from.Planned, LoggedIn: to.LoggedIn + from.LoggedIn,
		FromS: min(to.FromS, from.FromS), UntilS: max(to.UntilS, from.UntilS),
	}
}

// Of the processor that a generator's loop can use, and of visits and requests that it began late: above these it measures itself.
const (
	mostCPU       = 0.85
	mostLateShare = 0.01
)

// Limited reports whether the generator was at a limit of its own, so that the figures may not be the front's.
func (r *Result) Limited() bool {
	all := r.Counts.Begun
	if r.Requests != nil {
		all += r.Requests.Sent
	}
	return r.CPU > mostCPU || float64(r.LateOnes()) > mostLateShare*float64(all)
}

// LateOnes is how many visits and requests the generator began late.
func (r *Result) LateOnes() int {
	if r.Requests == nil {
		return r.Counts.Late
	}
	return r.Counts.Late + r.Requests.Late
}
