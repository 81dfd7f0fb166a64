package result

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// LogMark is in the head of what Log writes.
const LogMark = "tradefront loadtest histograms 1"

// logAbout says how to read a log: tools take the values of one for nanoseconds otherwise.
const logAbout = LogMark + ": values are microseconds, Interval_Max is in seconds; each interval is the whole run"

// Log writes the distributions of the run as a log of HdrHistogram: one interval for each that has a value, with its name as tag, over the
// time of the run. Values are microseconds.
func (r *Result) Log(w io.Writer) error {
	log := hdrhistogram.NewHistogramLogWriter(w)
	for _, write := range []func() error{
		log.OutputLogFormatVersion,
		func() error { return log.OutputComment(logAbout) },
		func() error { return log.OutputStartTime(r.Began.UnixMilli()) },
		log.OutputLegend,
	} {
		if err := write(); err != nil {
			return fmt.Errorf("result: write a histogram log: %w", err)
		}
	}
	all := append([]Step{{"login", r.Login}, {"service", r.Service}}, r.Steps...)
	for i := range all {
		if err := all[i].log(log, r.Began, r.end()); err != nil {
			return fmt.Errorf("result: write the histogram of %s: %w", all[i].Name, err)
		}
	}
	return nil
}

func (s *Step) log(log *hdrhistogram.HistogramLogWriter, from, until time.Time) error {
	if s.Latency.Count() == 0 {
		return nil
	}
	named := NewLatency() // the result's own has neither tag nor time
	if err := named.merge(&s.Latency); err != nil {
		return err
	}
	named.histogram.SetTag(s.Name)
	named.histogram.SetStartTimeMs(from.UnixMilli())
	named.histogram.SetEndTimeMs(until.UnixMilli())
	return log.OutputIntervalHistogram(named.histogram)
}

// IsLog reports whether a file that begins with head is one that Log wrote.
func IsLog(head []byte) bool { return bytes.Contains(head, []byte("#"+LogMark)) }
