package settlement

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// tally counts what the lines of a report are, for its manifest.
type tally struct {
	start, end time.Time // window of the day; the zero time for no bound

	vendors     runs
	versions    runs
	flags       ['9' + 1]int64 // by the flag's character
	provisional int64
	outside     int64
}

func (t *tally) count(r *store.Record) {
	t.vendors.count(r.VendorID)
	t.versions.count(r.KeyVersion)
	if int(r.Flag) < len(t.flags) {
		t.flags[r.Flag]++
	}
	if r.Provisional {
		t.provisional++
	}
	if !t.end.IsZero() && (r.LoginTime.Before(t.start) || !r.LoginTime.Before(t.end)) {
		t.outside++
	}
}

// byFlag is how many records have which flag, by its word.
func (t *tally) byFlag() map[string]int64 {
	flags := make(map[string]int64)
	for f, n := range t.flags {
		if n > 0 {
			flags[regulation.AbnormalFlag(f).Word()] += n
		}
	}
	return flags
}

// runs counts values of which many equal ones follow one another: a map is asked only
// when the value changes. Firms have one vendor and at most two valid key versions.
type runs struct {
	last string
	n    int64
	all  map[string]int64
}

func (r *runs) count(value string) {
	if value != r.last {
		r.end()
		r.last = value
	}
	r.n++
}

func (r *runs) end() {
	if r.n == 0 {
		return
	}
	if r.all == nil {
		r.all = make(map[string]int64)
	}
	r.all[r.last] += r.n
	r.n = 0
}

func (r *runs) counts() map[string]int64 {
	r.end()
	if r.all == nil {
		return map[string]int64{}
	}
	return r.all
}
