package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
)

// A rotated audit log that was forgotten: the records of its time are a fault, wherever it lies; what a
// killed front did not write right after its last line is none.
func TestForgottenAuditLog(t *testing.T) {
	entries := func(f *firm, from, to int) (all []logs.Entry) {
		for i := from; i < to; i++ {
			e := login(&f.records[i])
			all = append(all, e)
		}
		return all
	}
	for _, c := range []struct {
		name  string
		files [][2]int
		gap   int64
	}{
		{"none", [][2]int{{0, 5}, {5, 10}}, 0},
		{"the middle", [][2]int{{0, 1}, {9, 10}}, 8},
		{"the oldest", [][2]int{{8, 10}}, 8},
		{"the newest", [][2]int{{0, 2}}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFirmSpread(t, 10)
			o := f.options()
			o.Reports, o.Audit = nil, nil
			for i, span := range c.files {
				o.Audit = append(o.Audit, f.log("a"+string(rune('0'+i))+".jsonl", entries(f, span[0], span[1])...))
			}
			r := f.run(o)
			if got := found(r)[reconcile.AuditGap].Total; got != c.gap || r.Faults() != c.gap || strings.HasPrefix(r.Verdict(), "Complete") != (c.gap == 0) {
				t.Errorf("gap %d, want %d; %s", got, c.gap, r.Verdict())
			}
			if first := r.Audit[0]; first.First.IsZero() || first.Last.Before(first.First) {
				t.Errorf("times of the file: %v to %v", first.First, first.Last)
			}
		})
	}
	f := newFirmSpread(t, 10)
	o := f.options()
	o.Reports = nil
	f.records[9].LoginTime = f.records[8].LoginTime.Add(time.Second) // only its entry lies so
	o.Audit = []string{f.log("killed.jsonl", entries(f, 0, 10)...)}
	f.edit(o.Audit[0], func(l []string) []string { return append(l[:4:4], l[5:]...) })
	if r := f.run(o); r.Faults() != 0 || found(r)[reconcile.StoredNotInAudit].Total != 1 {
		t.Errorf("%s", r.Verdict())
	}
}
