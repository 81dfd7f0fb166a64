// Package show writes times, sizes and hashes as people here read them: in the log, on the pages of the
// admin listener, and in what commands print. It is a leaf, without state.
package show

import (
	"time"

	"github.com/dustin/go-humanize"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Time is t in regulation.Zone, in the form of the specification's times. The zero time is a dash.
func Time(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(regulation.Zone).Format(regulation.TimeLayout)
}

// Optional is the time that t points to, as Time shows it; nil is a dash.
func Optional(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return Time(*t)
}

// Pointer is t in regulation.Zone, for a JSON field that is absent or null at the zero time.
func Pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.In(regulation.Zone))
}

// Size is a number of bytes with its unit, as 2.5 MiB. Below zero it is 0 B.
func Size(bytes int64) string { return humanize.IBytes(uint64(max(0, bytes))) }

// Hash is the first twelve digits of a hash in hexadecimal, which are enough to tell one from another.
func Hash(digits string) string { return digits[:min(len(digits), 12)] }

// Days is d in days, parts of a day included.
func Days(d time.Duration) float64 { return d.Hours() / 24 }
