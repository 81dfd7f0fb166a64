package robustness

import (
	"encoding/json"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/calendar"
)

// finish is the afternoon: the front is stopped, the days are exported by the command, and
// the commands that prove them must agree.
func (w *world) finish(r *result) {
	w.t.Helper()
	w.load.end()
	w.front.stop()
	w.front.checkLog()
	answers := w.load.snapshot()
	s, err := w.read(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	v := w.checker.check(answers, s, answers)
	r.note("", v, w)
	w.judge(v)
	if w.pair != nil && s.pending+s.aside > 0 {
		w.t.Errorf("a front that was stopped in peace left %d records, %d of them in quarantine", s.pending+s.aside, s.aside)
	}
	lines := map[string]int{} // by supplement
	days := map[calendar.TradingDay]bool{}
	for _, rec := range s.records {
		lines[string(rec.Supplement)]++
		days[rec.TradingDay] = true
	}
	for day := range days {
		r.Reported += w.report(day, lines)
	}
	for _, n := range lines {
		if n > 0 {
			w.t.Errorf("%d records are in no report", n)
		}
	}
}

// report exports a day, has it verified and reconciled with the audit log, and takes its
// lines out of those that must be in some report.
func (w *world) report(day calendar.TradingDay, lines map[string]int) int {
	w.t.Helper()
	var done struct{ Path string }
	out := w.site.CLI("", "report", "export", "--partial", "--day", day.String(), "--out", w.site.Dir, "-o", "json")
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		w.t.Fatal(err)
	}
	w.site.Verified(done.Path, "1.0="+filepath.Join(w.site.Dir, "private.pem"))
	w.site.CLI("", "reconcile", "--day", day.String(), "--audit", filepath.Join(w.site.Dir, "audit.jsonl"), "--report", done.Path)
	return takeLines(w.t, done.Path, lines)
}
