//go:build stepclock

package daemon

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// stepFile names a file that holds by how much the clock is wrong, as 1h0m0s or -30m. Only
// the program that test/robustness builds with this tag has such a clock.
const stepFile = "STEPCLOCK_FILE"

// wallClock is the machine's clock as somebody has set it. As with a real step only the
// time of day is another, not the time that has passed: what measures durations asks
// time.Now. A test that has no file is a test that tests nothing.
func wallClock() time.Time {
	text, err := os.ReadFile(os.Getenv(stepFile))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", stepFile, err))
	}
	step, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", stepFile, err))
	}
	return time.Now().Round(0).Add(step)
}
