package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// reconciled is what the command prints with -o json.
type reconciled struct {
	Complete                               bool
	Verdict                                string
	Answered, Unanswered, Stored, Reported int
	Reports                                []string
	Differences                            []reconcile.Differences
}

// reconcile runs the command, which must print JSON and end with that status.
func (s *site) reconcile(status int, args ...string) reconciled {
	s.t.Helper()
	out, errOut, err := s.try("", append([]string{"reconcile", "-o", "json"}, args...)...)
	if got := exitStatus(err); got != status {
		s.t.Fatalf("reconcile %v: status %d, want %d\n%s%s", args, got, status, out, errOut)
	}
	var r reconciled
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		s.t.Fatalf("%v in %s", err, out)
	}
	return r
}

// exitStatus is that of a command whose Run returned err; -1 if it did not end by itself.
func exitStatus(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// TestReconcileAfterKillNine is the afternoon after a bad day: the front was killed twice
// under load, its audit log was rotated and compressed, and still every answered login is
// proven to be stored and reported. Then a line is taken out of the report, and a record's
// entry is forged into the log, and both are found.
func TestReconcileAfterKillNine(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, postgresURL string) {
		s := newSite(t, postgresURL, "")
		audit := filepath.Join(s.dir, "audit.jsonl")
		var answers []*demo.Was
		for _, name := range []string{"audit.jsonl.2", "audit.jsonl.1"} {
			d := s.serve()
			l := d.storm(t)
			l.until(150)
			d.kill()
			answers = append(answers, l.end()...)
			rotated := filepath.Join(s.dir, name)
			if err := os.Rename(audit, rotated); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.Command("gzip", filepath.Join(s.dir, "audit.jsonl.2")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		d := s.serve()
		l := d.storm(t)
		l.until(50)
		d.stop()
		answers = append(answers, l.end()...)

		day := s.days(answers)[0]
		s.export(day)
		report := filepath.Join(s.dir, "0001clientinfo"+day+".txt")
		logs := []string{"--audit", audit, audit + ".1", audit + ".2.gz"}
		all := append([]string{"--day", day, "--report", report}, logs...)
		r := s.reconcile(0, all...)
		ofDay := 0
		for _, a := range answers {
			if a.TradingDay == day {
				ofDay++
			}
		}
		t.Logf("%d answers came back; %s", ofDay, r.Verdict)
		if !r.Complete || r.Answered+r.Unanswered+notLogged(r) < ofDay || r.Stored != r.Reported || r.Stored < ofDay || ofDay < 200 {
			t.Errorf("%+v, %d answers", r, ofDay)
		}

		s.takeLine(report)
		r = s.reconcile(1, all...)
		if len(of(r, reconcile.StoredNotReported)) != 1 || r.Complete || !strings.Contains(r.Verdict, "1 stored, not reported") {
			t.Errorf("a line was taken out: %+v", r)
		}

		forged := "01900000-0000-7000-8000-000000000001"
		s.write("forged.jsonl", []byte(`{"event":"login","reason":"ok","record_id":"`+forged+`","trading_day":"`+day+`"}`+"\n"))
		r = s.reconcile(1, append([]string{"--day", day}, append(logs, filepath.Join(s.dir, "forged.jsonl"))...)...)
		if lost := of(r, reconcile.AnsweredNotStored); len(lost) != 1 || lost[0].RecordID != forged {
			t.Errorf("an entry without a record: %+v", r)
		}
		out, _, err := s.try("", append([]string{"reconcile", "--day", day}, append(logs, filepath.Join(s.dir, "forged.jsonl"))...)...)
		if err == nil || !strings.Contains(out, "FAULT: answered, not stored (1)") || !strings.Contains(out, forged+", at "+filepath.Join(s.dir, "forged.jsonl")+":1") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func of(r reconciled, k reconcile.Kind) []reconcile.Difference {
	i := slices.IndexFunc(r.Differences, func(d reconcile.Differences) bool { return d.Kind == k })
	if i < 0 {
		return nil
	}
	return r.Differences[i].First
}

// notLogged is how many records have no entry: a killed front had not written it yet.
func notLogged(r reconciled) int { return len(of(r, reconcile.StoredNotInAudit)) }

// takeLine takes a line out of the middle of a file.
func (s *site) takeLine(path string) {
	s.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(content)))
	lines = slices.Delete(lines, len(lines)/2, len(lines)/2+1)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// TestReconcileSupplement: a day that was settled with a supplement is proven by both files
// together.
func TestReconcileSupplement(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, url string) {
		s := newSite(t, url, "")
		const day = "20260105"
		s.serve().stop() // the records name front 1, which has to be known
		recs := storetest.Records(storetest.Day, 13)
		s.put(url, recs[:10])
		s.cli("", "report", "export", "--day", day, "--out", s.dir)
		s.put(url, recs[10:])
		s.cli("", "report", "export", "--supplement", "--day", day, "--out", s.dir)
		var log strings.Builder
		for _, r := range recs {
			log.WriteString(`{"event":"login","reason":"ok","record_id":"` + r.ID.String() + `","trading_day":"` + day + `"}` + "\n")
		}
		s.write("answered.jsonl", []byte(log.String()))
		report, supplement := filepath.Join(s.dir, "0001clientinfo"+day+".txt"), filepath.Join(s.dir, "0001clientinfo"+day+".supplement-1.txt")
		args := []string{"--day", day, "--audit", filepath.Join(s.dir, "answered.jsonl"), "--report", report}
		if r := s.reconcile(1, args...); len(of(r, reconcile.StoredNotReported)) != 3 {
			t.Errorf("without the supplement: %+v", r)
		}
		args = append(args, "--report", supplement)
		r := s.reconcile(0, args...)
		if !r.Complete || r.Reported != 13 || !slices.Equal(r.Reports, []string{report, supplement}) {
			t.Errorf("%+v", r)
		}
		if out := s.cli("", append([]string{"reconcile"}, args...)...); !strings.Contains(out, " 1 audit log,") || !strings.Contains(out, report+", "+supplement) {
			t.Error(out)
		}
	})
}

func TestReconcileMisuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", "")
	audit := filepath.Join(s.dir, "audit.jsonl")
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, `required flag(s)`, []string{"--day", "20260105"}},
		{2, `want text or json`, []string{"--day", "20260105", "--audit", audit, "-o", "xml"}},
		{1, "--day", []string{"--day", "20260103", "--audit", audit}}, // a Saturday
		{1, "--limit", []string{"--day", "20260105", "--audit", audit, "--limit", "0"}},
		{1, "no such file", []string{"--day", "20260105", "--audit", audit}},
	} {
		_, errOut, err := s.try("", append([]string{"reconcile"}, c.args...)...)
		if exitStatus(err) != c.status || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: %v, want status %d\n%s", c.args, err, c.status, errOut)
		}
	}
}
