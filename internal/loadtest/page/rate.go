package page

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// maxBuckets is how many steps a chart over time has at most.
const maxBuckets = 300

// buckets are the seconds of a run, of which several are one where there are more than a drawing can show.
type buckets struct {
	each             float64 // seconds
	begun, loggedIn  []float64
	errors, requests []float64
	p50, p99         []float64 // below 0: no login was answered
}

func bucketsOf(seconds []result.Second) *buckets {
	each := max(1, (len(seconds)+maxBuckets-1)/maxBuckets)
	b := &buckets{each: float64(each)}
	for i := 0; i < len(seconds); i += each {
		b.add(seconds[i:min(i+each, len(seconds))])
	}
	return b
}

// add puts some seconds together: rates as their mean, percentiles as their greatest.
func (b *buckets) add(some []result.Second) {
	n, p50, p99 := float64(len(some)), -1.0, -1.0
	var begun, loggedIn, errors, requests int
	for i := range some {
		s := &some[i]
		begun, loggedIn, errors = begun+s.Begun, loggedIn+s.LoggedIn, errors+s.Errors
		requests += s.Requests
		if s.LoggedIn > 0 {
			p50, p99 = math.Max(p50, s.P50), math.Max(p99, s.P99)
		}
	}
	b.begun, b.loggedIn, b.errors = append(b.begun, float64(begun)/n), append(b.loggedIn, float64(loggedIn)/n), append(b.errors, float64(errors)/n)
	b.requests = append(b.requests, float64(requests)/n)
	b.p50, b.p99 = append(b.p50, p50), append(b.p99, p99)
}

// timeUnits are those of the axis of time, in seconds, and from which length of the run on.
var timeUnits = []struct{ seconds, from float64 }{{3600, 3 * 3600}, {60, 300}, {1, 0}}

// unit is that of the axis of time: its place in timeUnits.
func (b *buckets) unit() int {
	for i, u := range timeUnits {
		if b.length() >= u.from {
			return i
		}
	}
	return len(timeUnits) - 1
}

func (b *buckets) length() float64 { return b.each * float64(max(1, len(b.loggedIn))) }

// axis of time ends where the run does.
func (b *buckets) axis() axis {
	seconds := timeUnits[b.unit()].seconds
	a := axis{high: b.length()}
	for step, v := nice(b.length()/seconds/8)*seconds, 0.0; v <= a.high*(1+1e-9); v += math.Max(step, 1) {
		a.ticks = append(a.ticks, v)
	}
	return a
}

func (b *buckets) label() func(float64) string {
	seconds := timeUnits[b.unit()].seconds
	return func(v float64) string { return strconv.FormatFloat(clean(v/seconds), 'f', -1, 64) }
}

// name of the axis, with its unit.
func (b *buckets) name(t *words) string { return t.SinceBegan[b.unit()] }

// about adds to a text how many seconds are one step.
func (b *buckets) about(text string, t *words) string {
	if b.each == 1 {
		return text
	}
	return text + fmt.Sprintf(t.PutTogether, int(b.each))
}

// rateOverTime draws logins, visits that began, and errors, of each second, beside the firm's peak.
func rateOverTime(r *result.Result, t *words) chart {
	b := bucketsOf(r.Seconds)
	if len(b.begun) == 0 {
		return chart{Title: t.RateOverTime, Empty: t.NoSecond}
	}
	most := 2 * r.Peak
	for i := range b.begun {
		most = math.Max(most, math.Max(b.begun[i], math.Max(b.loggedIn[i], b.errors[i])))
	}
	x, y := b.axis(), linear(most, 5)
	c := newChart(&x, &y, b.label(), number)
	c.Title, c.About, c.XName, c.YName = t.RateOverTime, b.about(t.AboutRate, t), b.name(t), t.RateAxis
	c.Lines = []line{
		{"login-area", area(&x, &y, b.each, b.loggedIn)}, {"begun", stairs(&x, &y, b.each, b.begun)}, {"login", stairs(&x, &y, b.each, b.loggedIn)},
	}
	c.Legend = []entry{{"login", t.LoggedInASecond}, {"begun", t.BegunASecond}}
	c.addErrors(&x, &y, b, r, t)
	if r.Peak > 0 {
		c.Marks = append(c.Marks, peakMark(&y, r.Peak, t.PeakMark), peakMark(&y, 2*r.Peak, t.TwicePeakMark))
	}
	c.Described = fmt.Sprintf(t.DescribeRate, number(math.Round(r.Rate())), number(math.Round(greatest(b.loggedIn))), r.Errors())
	return c
}

// requestsOverTime draws the requests that were answered, and errors, of each second.
func requestsOverTime(r *result.Result, t *words) chart {
	b := bucketsOf(r.Seconds)
	if greatest(b.requests) == 0 {
		return chart{Title: t.RequestsOverTime, Empty: t.NoAnswer}
	}
	x, y := b.axis(), linear(math.Max(greatest(b.requests), greatest(b.errors)), 5)
	c := newChart(&x, &y, b.label(), number)
	c.Title, c.About, c.XName, c.YName = t.RequestsOverTime, b.about(t.AboutRequests, t), b.name(t), t.RateAxis
	c.Lines = []line{{"login-area", area(&x, &y, b.each, b.requests)}, {"login", stairs(&x, &y, b.each, b.requests)}}
	c.Legend = []entry{{"login", t.AnsweredASecond}}
	c.addErrors(&x, &y, b, r, t)
	c.Described = fmt.Sprintf("%s: %s", t.RequestsOverTime, number(math.Round(greatest(b.requests))))
	return c
}

// addErrors draws errors where there are any.
func (c *chart) addErrors(x, y *axis, b *buckets, r *result.Result, t *words) {
	if r.Errors() > 0 {
		c.Lines = append(c.Lines, line{"error-area", area(x, y, b.each, b.errors)}, line{"error", stairs(x, y, b.each, b.errors)})
		c.Legend = append(c.Legend, entry{"error", t.ErrorsASecond})
	}
}

func peakMark(y *axis, v float64, name string) mark {
	at := y.at(v)
	return mark{At: unit(at), LabelAt: unit(at - 4), Label: fmt.Sprintf("%s: %s/s", name, number(v))}
}

func greatest(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		most = math.Max(most, v)
	}
	return most
}
