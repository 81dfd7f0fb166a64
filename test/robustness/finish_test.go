package robustness

import "path/filepath"

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
	r.Reported, _ = reported(w.t, w.site, s.records, filepath.Join(w.site.Dir, "audit.jsonl"))
}
