package tally

import "time"

// KeptMinutes is how many minutes are kept, the one that runs included.
const KeptMinutes = 240

// Minute is what came in one minute.
type Minute struct {
	Start    time.Time
	Recorded uint32 // logins, those that relays reported too
	Refused  uint32 // login requests
}

// ring has the last minutes, each at its number modulo KeptMinutes.
type ring struct {
	numbers [KeptMinutes]int64 // minutes since 1970
	minutes [KeptMinutes]Minute
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// at is the minute of t, at zero if another one had its place.
func (r *ring) at(t time.Time) *Minute {
	number := minuteOf(t)
	i := number % KeptMinutes
	if r.numbers[i] != number {
		r.numbers[i], r.minutes[i] = number, Minute{}
	}
	return &r.minutes[i]
}

// upTo are all minutes up to that of now, those too in which nothing came. A clock that was set back hides those after it.
func (r *ring) upTo(now time.Time) []Minute {
	last := minuteOf(now)
	all := make([]Minute, 0, KeptMinutes)
	for number := last - KeptMinutes + 1; number <= last; number++ {
		m := Minute{}
		if i := number % KeptMinutes; r.numbers[i] == number {
			m = r.minutes[i]
		}
		m.Start = time.Unix(number*60, 0)
		all = append(all, m)
	}
	return all
}
