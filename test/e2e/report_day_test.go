package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/settlement/daily"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestReportDay is a clerk's afternoon in one command, over two days of late records.
func TestReportDay(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, url string) {
		s := newSite(t, url, "")
		const day = "20260105"
		s.serve().stop() // the records name front 1, which has to be known
		recs := ofThisFirm(13)
		s.answered("answered.jsonl", day, recs[:10])
		s.put(url, recs[:10])

		first := s.reportDay(0, day, "answered.jsonl")
		if first.Verdict != daily.HandIn || first.Rows != 10 || len(first.Files) != 1 || !strings.HasPrefix(first.Chinese, "可以报送") {
			t.Fatalf("%+v", first)
		}
		if again := s.reportDay(0, day, "answered.jsonl"); again.Files[0].SHA256 != first.Files[0].SHA256 || again.Verdict != daily.HandIn {
			t.Errorf("another run of the same: %+v", again)
		}
		report := first.Files[0].Path
		if _, errOut, err := s.try("", "report", "handed-in", filepath.Join(s.dir, "answered.jsonl")); err == nil || !strings.Contains(errOut, "not the name of a report") {
			t.Errorf("%v\n%s", err, errOut)
		}
		if out := s.cli("", "report", "handed-in", report, "--receipt", "R-4711"); !strings.Contains(out, "receipt: R-4711") {
			t.Error(out)
		}
		if done := s.reportDay(0, day, "answered.jsonl"); done.Verdict != daily.HandedIn || done.Files[0].HandIn {
			t.Errorf("after it was handed in: %+v", done)
		}
		if out := s.cli("", "report", "status", "--day", day); !strings.Contains(out, "receipt R-4711") {
			t.Error(out)
		}

		s.put(url, recs[10:])
		s.answered("late.jsonl", day, recs)
		late := s.reportDay(0, day, "late.jsonl")
		if late.Verdict != daily.HandIn || late.Rows != 13 || len(late.Files) != 2 || late.Files[0].HandIn || !late.Files[1].HandIn {
			t.Fatalf("after late records: %+v", late)
		}
		if out := s.cli("", "report", "quality", "--day", day); !strings.Contains(out, "0/13 (0.00%)") {
			t.Error(out)
		}
		if out := s.cli("", "report", "handed-in", report, "--receipt", "R-4712"); !strings.Contains(out, "NOT noted, hand it in too") {
			t.Errorf("a receipt of the full report notes the supplement: %s", out)
		}
		if still := s.reportDay(0, day, "late.jsonl"); still.Verdict != daily.HandIn || !still.Files[1].HandIn {
			t.Errorf("a receipt of the full report notes the supplement: %+v", still)
		}
		s.answered("killed.jsonl", day, recs[:5]) // as if a front had been killed before it wrote some lines
		if few := s.reportDay(0, day, "killed.jsonl"); few.Verdict != daily.HandIn || few.Unlogged != 8 || !strings.Contains(few.Chinese, "8 条不在所给审计日志中") {
			t.Errorf("some records are in no audit log: %+v", few)
		}
		s.answered("cut.jsonl", day, recs[:2])
		if cut := s.reportDay(1, day, "cut.jsonl"); cut.Verdict != daily.DoNotHandIn || !strings.Contains(reasonsOf(cut), "已入库、未应答") {
			t.Errorf("an audit log that was cut: %+v", cut)
		}
		lost := ofThisFirm(1)
		s.answered("lost.jsonl", day, append(recs, lost...))
		bad := s.reportDay(1, day, "lost.jsonl")
		if bad.Verdict != daily.DoNotHandIn || !strings.Contains(reasonsOf(bad), "已应答但未入库（1）") {
			t.Errorf("an answered login that is not stored: %+v", bad)
		}
		s.takeLine(late.Files[1].Path)
		if bad := s.reportDay(1, day, "late.jsonl"); !strings.Contains(reasonsOf(bad), "被编辑") {
			t.Errorf("an edited supplement: %+v", bad)
		}
		if _, errOut, err := s.try("", "report", "handed-in", late.Files[1].Path); err == nil || !strings.Contains(errOut, "is not what the day's exports wrote") {
			t.Errorf("an edited file is noted: %v\n%s", err, errOut)
		}
	})
}

// ofThisFirm are records as the site's front makes them: another vendor ID or key version is a fault of the report.
func ofThisFirm(n int) []store.Record {
	recs := storetest.Records(storetest.Day, n)
	for i := range recs {
		recs[i].VendorID, recs[i].KeyVersion = "TF01", "1.0"
	}
	return recs
}

func reasonsOf(r daily.Result) string {
	var all strings.Builder
	for i := range r.Steps {
		for _, reason := range r.Steps[i].Reasons {
			all.WriteString(reason.Why.Chinese + "\n")
		}
	}
	return all.String()
}

// answered writes an audit log in which these logins were answered.
func (s *site) answered(name, day string, recs []store.Record) {
	s.t.Helper()
	var log strings.Builder
	for i := range recs {
		log.WriteString(`{"time":"` + recs[i].LoginTime.Format(time.RFC3339) + `","front_id":1,"event":"login","reason":"ok","record_id":"` + recs[i].ID.String() +
			`","trading_day":"` + day + `"}` + "\n")
	}
	s.write(name, []byte(log.String()))
}

// reportDay runs the command, which must print JSON and end with that status.
func (s *site) reportDay(status int, day, audit string) daily.Result {
	s.t.Helper()
	out, errOut, err := s.try("", "report", "day", "-o", "json", "--day", day, "--out", s.dir, "--audit", filepath.Join(s.dir, audit))
	if got := exitStatus(err); got != status {
		s.t.Fatalf("report day: status %d, want %d\n%s%s", got, status, out, errOut)
	}
	var r daily.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		s.t.Fatalf("%v in %s", err, out)
	}
	return r
}
