package page

import (
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// count is a number of things, with its thousands apart.
func count(n int) string { return humanize.Comma(int64(n)) }

// number is one that may have a fraction, of which three digits count.
func number(v float64) string {
	if math.Abs(v) >= 100 || v == math.Trunc(v) {
		return humanize.Comma(int64(math.Round(v)))
	}
	return strconv.FormatFloat(clean(v), 'g', 3, 64)
}

// exact is what an assertion was held to: a rounded figure could contradict the verdict beside it.
func exact(v float64) string {
	if v == math.Trunc(v) {
		return humanize.Comma(int64(v))
	}
	return strings.TrimRight(humanize.CommafWithDigits(v, 6), "0") // it is no whole number, so that a digit stays
}

// digits are a number of milliseconds with three digits that count, and no less than microseconds.
func digits(ms float64) string {
	switch {
	case ms >= 100:
		return humanize.Comma(int64(math.Round(ms)))
	case ms >= 10:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	case ms >= 1:
		return strconv.FormatFloat(ms, 'f', 2, 64)
	}
	return strconv.FormatFloat(ms, 'f', 3, 64)
}

// duration is a number of milliseconds with the unit that suits it.
func duration(ms float64) string {
	switch {
	case ms >= 1000:
		return short(ms/1000) + " s"
	case ms >= 1:
		return short(ms) + " ms"
	}
	return short(ms*1000) + " µs"
}

// short has three digits that count, and no zero behind the point.
func short(v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		rounded = v
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
