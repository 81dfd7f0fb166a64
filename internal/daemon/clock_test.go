package daemon

import (
	"strings"
	"testing"
	"time"
)

// TestClockReason: which clock is to be set in which direction is told in a word, never by a sign.
func TestClockReason(t *testing.T) {
	for offset, want := range map[time.Duration]string{
		0:                         "0.000 s ahead of PostgreSQL's",
		3 * time.Millisecond:      "0.003 s ahead of PostgreSQL's",
		-3 * time.Millisecond:     "0.003 s behind PostgreSQL's",
		95 * time.Second:          "this machine's clock is 95.0 s ahead of PostgreSQL's: ",
		-95500 * time.Millisecond: "this machine's clock is 95.5 s behind PostgreSQL's: ",
	} {
		good, reason := clockReason(offset, offset.Abs())
		if good != (offset.Abs() < clockWarning) || !strings.HasPrefix(reason, want) {
			t.Errorf("%v: %t, %s", offset, good, reason)
		}
	}
}
