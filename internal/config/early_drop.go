package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// EarlyDrop is limits.unauthenticated: no connection is dropped up to Start connections, Rate percent
// at Start, each at Full. The zero value is no bound.
type EarlyDrop struct{ Start, Rate, Full int }

// maxUnauthenticated is the highest count that can be written.
const maxUnauthenticated = 10_000_000

var errEarlyDrop = errors.New("is not start:rate:full, as 4000:30:16000")

// parseEarlyDrop reads start:rate:full. "" is the zero value.
func parseEarlyDrop(s string) (d EarlyDrop, err error) {
	if s == "" {
		return d, nil
	}
	parts := strings.Split(s, ":")
	numbers := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != p {
			return d, errEarlyDrop
		}
		numbers[i] = int(n)
	}
	if len(numbers) != 3 {
		return d, errEarlyDrop
	}
	start, rate, full := numbers[0], numbers[1], numbers[2]
	switch {
	case rate > 100:
		return d, fmt.Errorf("its rate is %d percent, at most 100 are possible", rate)
	case full < 1 || full > maxUnauthenticated:
		return d, fmt.Errorf("its full is %d, want 1 to %d", full, maxUnauthenticated)
	case start > full:
		return d, fmt.Errorf("it starts at %d, behind its full of %d", start, full)
	}
	return EarlyDrop{start, rate, full}, nil
}
