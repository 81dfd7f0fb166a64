//go:build !stepclock

package daemon

import "time"

// wallClock is where login times and trading days come from.
func wallClock() time.Time { return time.Now() }
