package result

import (
	"bytes"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestHistogramLog: a reader of HdrHistogram's finds each step that has a value under its name, over the time of the run.
func TestHistogramLog(t *testing.T) {
	t.Parallel()
	began := time.UnixMilli(1_790_000_000_250)
	r := &Result{
		Began: began, ElapsedS: 12.5, Login: NewLatency(), Service: NewLatency(),
		Steps: []Step{{"connect", NewLatency()}, {"user_login", NewLatency()}, {"request", NewLatency()}},
	}
	for i := range 1000 {
		r.Login.Record(time.Duration(i) * time.Millisecond)
		r.Service.Record(time.Duration(i) * time.Millisecond / 2)
		r.Steps[1].Latency.Record(7 * time.Millisecond)
	}
	var text bytes.Buffer
	if err := r.Log(&text); err != nil || !IsLog(text.Bytes()[:200]) || IsLog([]byte("# another file")) {
		t.Fatalf("%v, %q", err, text.String())
	}
	log := hdrhistogram.NewHistogramLogReader(&text)
	for _, want := range []struct {
		tag     string
		latency Latency
	}{{"login", r.Login}, {"service", r.Service}, {"user_login", r.Steps[1].Latency}} {
		h, err := log.NextIntervalHistogram()
		if err != nil || h == nil {
			t.Fatalf("%s: %v, %v", want.tag, h, err)
		}
		if h.Tag() != want.tag || h.TotalCount() != 1000 || h.ValueAtPercentile(99) != want.latency.histogram.ValueAtPercentile(99) {
			t.Errorf("%s with %d values, want %s", h.Tag(), h.TotalCount(), want.tag)
		}
		if from, until := h.StartTimeMs(), h.EndTimeMs(); from != began.UnixMilli() || until < from+12_499 || until > from+12_501 {
			t.Errorf("%s from %d until %d", want.tag, from, until)
		}
	}
	if h, err := log.NextIntervalHistogram(); h != nil || err != nil {
		t.Errorf("one more: %v, %v", h, err)
	}
	if r.Login.histogram.Tag() != "" {
		t.Error("the result's own histogram has a tag now")
	}
}
