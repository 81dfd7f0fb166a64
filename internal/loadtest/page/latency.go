package page

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// maxCurve is how many points a curve by percentile has.
const maxCurve = 160

// maxNines ends the axis of percentiles: 99.99999 %.
const maxNines = 7

// ofLogins is the curve of the logins.
func ofLogins(r *result.Result, t *words) chart {
	return byPercentile(t.ByPercentile, &r.Login, &r.Service, t)
}

// byPercentile draws latency over the percentile, each further nine as far from the last: what the worst visits waited is as wide
// as what the most waited.
func byPercentile(title string, due, service *result.Latency, t *words) chart {
	if due == nil || service == nil || due.Count() == 0 {
		return chart{Title: title, Empty: t.NoAnswer}
	}
	nines := math.Min(math.Max(math.Log10(float64(due.Count())), 1), maxNines)
	x := axis{high: nines, ticks: percentileTicks(nines)}
	least := math.Min(due.Quantile(1), service.Quantile(1))
	y := logarithmic(math.Max(least, 0.001), math.Max(due.Quantile(100), service.Quantile(100)))
	c := newChart(&x, &y, percentileLabel, duration)
	c.Title, c.About, c.XName, c.YName = title, t.AboutPercentile, t.Percentile, t.LatencyAxis
	c.Lines = []line{{"service", curve(service, &x, &y)}, {"login", curve(due, &x, &y)}}
	c.Legend = []entry{{"login", t.FromDue}, {"service", t.FromFirst}}
	c.Described = fmt.Sprintf(t.DescribePercentile, duration(due.Quantile(50)), duration(due.Quantile(99)), duration(due.Quantile(100)),
		duration(service.Quantile(99)))
	return c
}

// percentileTicks are 0, 50 and 90 %, and each further nine, as places on an axis of nines.
func percentileTicks(nines float64) []float64 {
	all := []float64{0, math.Log10(2)}
	for n := 1.0; n <= nines+1e-9; n++ {
		all = append(all, n)
	}
	return all
}

// percentileOf is the percentile at a place of the axis of nines.
func percentileOf(nines float64) float64 { return 100 * (1 - math.Pow(10, -nines)) }

func percentileLabel(nines float64) string {
	return strconv.FormatFloat(percentileOf(nines), 'f', max(0, int(nines+1e-9)-2), 64) + "%"
}

// curve is the line of one distribution. It ends with the greatest time.
func curve(l *result.Latency, x, y *axis) string {
	var p path
	for i := range maxCurve {
		at := x.high * float64(i) / maxCurve
		p.to(x.at(at), y.at(l.Quantile(math.Max(percentileOf(at), 0.001))))
	}
	p.to(x.to, y.at(l.Quantile(100)))
	return p.b.String()
}

// overTime draws the percentiles of what was answered in each second. A second without an answer is a gap.
func overTime(r *result.Result, t *words) chart {
	b := bucketsOf(r.Seconds)
	least, most := math.Inf(1), 0.0
	for i := range b.p50 {
		if b.p50[i] > 0 {
			least, most = math.Min(least, b.p50[i]), math.Max(most, b.p99[i])
		}
	}
	if most == 0 {
		return chart{Title: t.OverTime, Empty: t.NoAnswer}
	}
	x, y := b.axis(), logarithmic(least, most)
	c := newChart(&x, &y, b.label(), duration)
	c.Title, c.About, c.XName, c.YName = t.OverTime, b.about(t.AboutOverTime, t), b.name(t), t.LatencyAxis
	c.Lines = []line{{"service", stairs(&x, &y, b.each, b.p50)}, {"login", stairs(&x, &y, b.each, b.p99)}}
	c.Legend = []entry{{"login", "p99"}, {"service", "p50"}}
	c.Described = fmt.Sprintf(t.DescribeOverTime, duration(most))
	return c
}
