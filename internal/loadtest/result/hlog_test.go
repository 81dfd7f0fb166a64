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

// TestHistogramLogIsOfTheWholeRun: with what was sent after the logins, also of a result that says its time by its seconds alone.
func TestHistogramLogIsOfTheWholeRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lasted  float64
		seconds int
		want    int64
	}{
		"with its time":         {61.5, 62, 61_500},
		"of an earlier program": {0, 62, 61_000},
		"logins alone":          {0, 1, 2_000},
	} {
		began := time.UnixMilli(1_790_000_000_250)
		r := &Result{
			Began: began, ElapsedS: 2, LastedS: test.lasted, Seconds: make([]Second, test.seconds), Login: NewLatency(), Service: NewLatency(),
			Steps: []Step{{"request", NewLatency()}}, Requests: NewRequests(10),
		}
		r.Steps[0].Latency.Record(7 * time.Millisecond)
		var text bytes.Buffer
		if err := r.Log(&text); err != nil {
			t.Fatal(err)
		}
		h, err := hdrhistogram.NewHistogramLogReader(&text).NextIntervalHistogram()
		if err != nil || h == nil || h.Tag() != "request" || h.StartTimeMs() != began.UnixMilli() {
			t.Fatalf("%s: %v, %v", name, h, err)
		}
		if took := h.EndTimeMs() - h.StartTimeMs(); took < test.want-1 || took > test.want+1 {
			t.Errorf("%s: an interval of %d ms, want %d", name, took, test.want)
		}
	}
}
