package reconcile_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/settlement/reconcile"
)

// cutReport moves the lines of the report from n on into a supplement, and returns its path.
func (f *firm) cutReport(n int) (supplement string) {
	supplement = filepath.Join(f.dir, "0001clientinfo20260105.supplement-1.txt")
	var late []string
	f.edit(f.report, func(l []string) []string { late = l[n:]; return l[:n] })
	f.write(supplement, []byte(strings.Join(late, "")))
	return supplement
}

// A day that was settled with a supplement is whole in both files together, in any order.
func TestSupplements(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			f := newFirm(t, open, 10)
			supplement := f.cutReport(7)
			o := f.options()
			var told []int64
			o.ReadingReport = func(done, total int64) { told = append(told, done, total) }
			for _, o.Reports = range [][]string{{f.report, supplement}, {supplement, f.report}} {
				r := f.run(o)
				if r.Reported != 10 || len(r.Differences()) != 0 || !slices.Equal(r.Reports, o.Reports) {
					t.Errorf("%+v, %+v", r, r.Differences())
				}
				if want := "the 2 reports together hold every stored record, once, and nothing else"; !strings.Contains(r.Verdict(), want) {
					t.Errorf("%s", r.Verdict())
				}
			}
			if len(told) != 8 || told[1] != told[3] || told[2] != told[3] || told[0] >= told[2] {
				t.Errorf("progress %v", told)
			}
			o.Reports = []string{f.report}
			if d := found(f.run(o))[reconcile.StoredNotReported]; d.Total != 3 || !strings.Contains(d.Do, "supplements") {
				t.Errorf("without the supplement: %+v", d)
			}
		})
	}
}

// Each place names its own file.
func TestDifferencesInSupplements(t *testing.T) {
	f := newFirm(t, embedded, 10)
	supplement := f.cutReport(7)
	o := f.options()
	o.Reports = append(o.Reports, supplement)
	var first string
	f.edit(f.report, func(l []string) []string { first = l[3]; return l })
	f.edit(supplement, func(l []string) []string {
		l[1] = strings.Replace(l[1], "vendor@", "vender@", 1)
		return append(l, first, "bad\n", "TF01@1.0@@QQ==\n")
	})
	all := found(f.run(o))
	for kind, want := range map[reconcile.Kind]reconcile.Difference{
		reconcile.ReportedTwice: {
			RecordID: f.records[3].ID.String(), Where: supplement + ":4", Before: f.report + ":4",
		},
		reconcile.ReportLineBad:     {Where: supplement + ":5", Detail: all[reconcile.ReportLineBad].First[0].Detail},
		reconcile.ReportedNotStored: {Where: supplement + ":6"},
		reconcile.ReportedOtherwise: {RecordID: f.records[8].ID.String(), Where: supplement + ":2"},
	} {
		if d := all[kind]; d.Total != 1 || d.First[0] != want {
			t.Errorf("%s: %+v, want %+v", kind, d, want)
		}
	}
	if len(all) != 4 {
		t.Errorf("%+v", all)
	}
}
