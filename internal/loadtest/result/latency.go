package result

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxLatency is the longest that a histogram tells apart.
const MaxLatency = 10 * time.Minute

// Latency is a distribution of times, in microseconds.
type Latency struct{ histogram *hdrhistogram.Histogram }

// NewLatency is one without a value.
func NewLatency() Latency {
	return Latency{hdrhistogram.New(1, MaxLatency.Microseconds(), 3)}
}

// Record adds a time; a negative one, by a clock that jumped, counts as the least.
func (l *Latency) Record(d time.Duration) {
	_ = l.histogram.RecordValue(min(max(d.Microseconds(), 1), MaxLatency.Microseconds())) // within its bounds by min and max
}

// Count of the times.
func (l *Latency) Count() int64 {
	if l.histogram == nil {
		return 0
	}
	return l.histogram.TotalCount()
}

// Quantile q, from 0 to 100, in milliseconds; 0 of no time at all.
func (l *Latency) Quantile(q float64) float64 {
	if l.Count() == 0 {
		return 0
	}
	return float64(l.histogram.ValueAtPercentile(q)) / 1000
}

// Mean in milliseconds.
func (l *Latency) Mean() float64 {
	if l.Count() == 0 {
		return 0
	}
	return l.histogram.Mean() / 1000
}

func (l *Latency) merge(other *Latency) error {
	if l.histogram == nil || other.histogram == nil {
		return fmt.Errorf("result: a histogram is missing")
	}
	if dropped := l.histogram.Merge(other.histogram); dropped > 0 {
		return fmt.Errorf("result: %d times of a histogram are out of bounds", dropped)
	}
	return nil
}

// latencyForm is a Latency as JSON: the figures that people look for, and the histogram itself in HdrHistogram's compressed form, by
// which any tool of that name reads the rest.
type latencyForm struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p99_9_ms"`
	Max   float64 `json:"max_ms"`
	HDR   string  `json:"hdr,omitempty"` // in base64, as a line of a histogram log has it: HISTFAAA…
}

// hdrBegins is what the compressed form of a histogram begins with, in base64.
const hdrBegins = "HIST"

// MarshalJSON writes a latencyForm.
func (l Latency) MarshalJSON() ([]byte, error) {
	f := latencyForm{
		Count: l.Count(), Mean: l.Mean(), P50: l.Quantile(50), P90: l.Quantile(90), P99: l.Quantile(99), P999: l.Quantile(99.9), Max: l.Quantile(100),
	}
	if f.Count > 0 {
		text, err := l.histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			return nil, fmt.Errorf("result: encode a histogram: %w", err)
		}
		f.HDR = string(text)
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads the histogram, and believes no figure beside it.
func (l *Latency) UnmarshalJSON(text []byte) error {
	var f latencyForm
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	*l = NewLatency()
	if f.HDR == "" {
		return nil
	}
	encoded := []byte(f.HDR)
	if !strings.HasPrefix(f.HDR, hdrBegins) { // of an earlier program, which put the text into base64 once more
		var err error
		if encoded, err = base64.StdEncoding.DecodeString(f.HDR); err != nil {
			return fmt.Errorf("result: histogram: %w", err)
		}
	}
	h, err := hdrhistogram.Decode(encoded)
	if err != nil {
		return fmt.Errorf("result: histogram: %w", err)
	}
	return l.merge(&Latency{h})
}

// Point is one point of the curve of latency by percentile.
type Point struct {
	Percentile, Ms float64
	Count          int64 // of times up to here
}

// Curve is the latency by percentile, from 0 to 100.
func (l *Latency) Curve() []Point {
	if l.Count() == 0 {
		return nil
	}
	var points []Point
	for _, b := range l.histogram.CumulativeDistribution() {
		points = append(points, Point{b.Quantile, float64(b.ValueAt) / 1000, b.Count})
	}
	return points
}
