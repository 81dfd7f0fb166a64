package daily

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/store"
)

const day = calendar.TradingDay(20260105)

// afternoon is a day whose steps answer what a test sets.
type afternoon struct {
	dir           string
	before, after settlement.DayStatus
	exports       []store.Export
	asked         []store.ExportKind
	exportFails   error
	verdict       verify.Verdict
	faults        []verify.Finding
	verifyFails   error
	reconcileWith error
	stored        int64
	logs          []reconcile.AuditFile
	asks          int
}

// newAfternoon is one on which all is well: the report of two lines is in the folder once it is exported.
func newAfternoon(t *testing.T) *afternoon {
	t.Helper()
	good := settlement.DayStatus{Day: day, Closed: true, Good: true, End: time.Date(2026, 1, 5, 7, 30, 0, 0, time.UTC)}
	good.Start = good.End.Add(-24 * time.Hour)
	return &afternoon{
		dir: t.TempDir(), before: good, after: good, verdict: verify.Verdict{Good: true, English: "good", Chinese: "正常"},
		logs: []reconcile.AuditFile{{First: good.Start.Add(time.Hour), Last: good.Start.Add(2 * time.Hour)}},
	}
}

func (a *afternoon) wrote(t *testing.T, kind store.ExportKind, number int, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	a.exports = append(a.exports, store.Export{
		Day: day, Number: number, Kind: kind, Rows: int64(strings.Count(content, "\n")), SHA256: sha256.Sum256([]byte(content)), File: name,
	})
}

func (a *afternoon) run(t *testing.T) *Result {
	t.Helper()
	r, err := Run(t.Context(), Options{
		Day: day, OutDir: a.dir,
		Status: func(context.Context) (settlement.DayStatus, error) {
			a.asks++
			if a.asks == 1 {
				return a.before, nil
			}
			return a.after, nil
		},
		Export: func(_ context.Context, kind store.ExportKind) (settlement.Done, error) {
			a.asked = append(a.asked, kind)
			var d settlement.Done
			if n := len(a.exports); n > 0 {
				d.Rows, d.Path = a.exports[n-1].Rows, a.exports[n-1].File
			}
			return d, a.exportFails
		},
		Exports: func(context.Context) ([]store.Export, error) { return a.exports, nil },
		Verify: func(context.Context, string) (*verify.Report, error) {
			return &verify.Report{Verdict: a.verdict, Faults: a.faults}, a.verifyFails
		},
		Reconcile: func(context.Context, []string) (*reconcile.Result, error) {
			return &reconcile.Result{Day: day, Stored: a.stored, Audit: a.logs}, a.reconcileWith
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Steps {
		for _, reason := range r.Steps[i].Reasons {
			for _, text := range []string{reason.Why.Chinese, reason.Why.English, reason.Next.Chinese, reason.Next.English} {
				if text == "" {
					t.Errorf("a reason lacks a text: %+v", reason)
				}
			}
		}
	}
	return r
}

const report = "0001clientinfo20260105.txt"

func TestAllIsWell(t *testing.T) {
	a := newAfternoon(t)
	a.wrote(t, store.FullExport, 1, report, "a\nb\n")
	r := a.run(t)
	if r.Verdict != HandIn || r.Rows != 2 || !strings.HasPrefix(r.Chinese, "可以报送") || len(r.Files) != 1 || !r.Files[0].HandIn || len(r.Steps) != 4 {
		t.Errorf("%+v", r)
	}
	if len(a.asked) != 1 || a.asked[0] != store.FullExport {
		t.Errorf("exported %v", a.asked)
	}
	var out bytes.Buffer
	r.WriteText(&out)
	for _, want := range []string{"可以报送", "hand in: ", "对账 reconcile\t通过", report, "report handed-in '"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, out.String())
		}
	}
}

// A day without logins is told in so many words.
func TestNoRows(t *testing.T) {
	a := newAfternoon(t)
	a.wrote(t, store.FullExport, 1, report, "")
	if r := a.run(t); r.Verdict != HandIn || !strings.Contains(r.Chinese, "0 行") || !strings.Contains(r.English, "0 rows") {
		t.Errorf("%+v", r)
	}
}

// What was handed in is not exported again; what came late is, as a supplement, which alone is to be handed in.
func TestHandedIn(t *testing.T) {
	a := newAfternoon(t)
	a.before.HandedIn = &store.HandedIn{Day: day, Number: 1}
	a.wrote(t, store.FullExport, 1, report, "a\nb\n")
	if r := a.run(t); r.Verdict != HandedIn || len(a.asked) != 0 || !r.Good() || r.Files[0].HandIn {
		t.Errorf("%+v, exported %v", r, a.asked)
	}
	a.asks = 0
	a.wrote(t, store.FullExport, 2, report, "a\nb\n") // by hand, with the same bytes
	if r := a.run(t); r.Verdict != HandedIn || r.Files[0].HandIn {
		t.Errorf("the same bytes once more: %+v", r)
	}
	a.asks, a.before.Late = 0, 1
	a.wrote(t, store.SupplementExport, 3, "0001clientinfo20260105.supplement-1.txt", "c\n")
	r := a.run(t)
	if r.Verdict != HandIn || r.Rows != 3 || r.Files[0].HandIn || !r.Files[1].HandIn || len(a.asked) != 1 || a.asked[0] != store.SupplementExport {
		t.Errorf("%+v, exported %v", r, a.asked)
	}
}

// A report that was handed in while a front was away says so for good. Once the supplement has brought what was missing, that is no reason
// against the day; what is missing now is one, and so is another fault of the file.
func TestHandedInIncomplete(t *testing.T) {
	t.Parallel()
	incomplete := verify.Finding{Kind: verify.FileIncomplete.String(), Count: 1, English: "may lack logins", Chinese: "可能缺少", Advice: "bring them", AdviceZH: "补齐"}
	for name, c := range map[string]struct {
		handed *store.HandedIn
		faults []verify.Finding
		after  func(*settlement.DayStatus)
		want   Word
	}{
		"all is there now": {handed: &store.HandedIn{Day: day, Number: 2}, faults: []verify.Finding{incomplete}, want: HandedIn},
		"not handed in":    {faults: []verify.Finding{incomplete}, want: DoNotHandIn},
		"another fault":    {handed: &store.HandedIn{Day: day, Number: 2}, faults: []verify.Finding{incomplete, {Kind: "x", Count: 1, English: "x", Chinese: "x", Advice: "x", AdviceZH: "x"}}, want: DoNotHandIn},
		"the front is away yet": {handed: &store.HandedIn{Day: day, Number: 2}, faults: []verify.Finding{incomplete}, want: DoNotHandIn, after: func(d *settlement.DayStatus) {
			d.Good, d.Next, d.NextChinese = false, "INCOMPLETE", "不完整"
		}},
	} {
		a := newAfternoon(t)
		a.before.HandedIn, a.verdict.Good, a.faults = c.handed, false, c.faults
		a.wrote(t, store.FullExport, 1, report, "a\n")
		a.wrote(t, store.SupplementExport, 2, "0001clientinfo20260105.supplement-1.txt", "b\n")
		if c.after != nil {
			c.after(&a.after)
		}
		if r := a.run(t); r.Verdict != c.want {
			t.Errorf("%s: %s: %+v", name, r.Verdict, r.Steps)
		}
	}
}

// Each thing that is not well is a reason, and the verdict is against the file.
func TestReasons(t *testing.T) {
	whole := func(t *testing.T, a *afternoon) { a.wrote(t, store.FullExport, 1, report, "a\nb\n") }
	for _, c := range []struct {
		what    string
		spoil   func(t *testing.T, a *afternoon)
		step    string
		chinese string
	}{
		{"the day is not over", func(_ *testing.T, a *afternoon) { a.before.Closed = false }, StepExport, "尚未结束"},
		{"archived", func(_ *testing.T, a *afternoon) { a.before.Archived, a.before.Last = true, &store.Export{File: report} }, StepExport, "已归档"},
		{"archived, never exported", func(_ *testing.T, a *afternoon) { a.before.Archived = true }, StepExport, "从未导出"},
		{"before the installation", func(_ *testing.T, a *afternoon) {
			a.before.Earlier, a.before.Since = true, a.before.End.Add(48*time.Hour)
		}, StepExport, "2026-01-07 15:30:00 才安装"},
		{"a front holds records", func(_ *testing.T, a *afternoon) {
			a.exportFails = &settlement.ObstaclesError{Day: day, Open: []store.Obstacle{
				{Kind: store.FrontHolds, Where: "front 2", What: "holds 3 records of the day", Next: "start it", Records: 3},
			}}
		}, StepExport, "前置 2 持有当日记录 3 条"},
		{"a file of another content", func(_ *testing.T, a *afternoon) { a.exportFails = &settlement.ForeignFileError{Path: report} }, StepExport, "被编辑"},
		{"fewer records", func(_ *testing.T, a *afternoon) {
			a.exportFails = &settlement.ReplaceError{Obstacles: []store.Obstacle{{Kind: store.FewerRecords, Where: report, What: "has 5 records, and the new report would have 4", Next: "look"}}}
		}, StepExport, "有 5 条记录，而新报送文件只有 4 条"},
		{"the disk is full", func(_ *testing.T, a *afternoon) { a.exportFails = errors.New("no room") }, StepExport, "no room"},
		{"the report is gone", func(t *testing.T, a *afternoon) {
			whole(t, a)
			if err := os.Remove(filepath.Join(a.dir, report)); err != nil {
				t.Fatal(err)
			}
		}, StepExport, "文件不在"},
		{"the report was edited", func(t *testing.T, a *afternoon) {
			whole(t, a)
			if err := os.WriteFile(filepath.Join(a.dir, report), []byte("a\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, StepExport, "被编辑"},
		{"verify cannot be made", func(t *testing.T, a *afternoon) { whole(t, a); a.verifyFails = errors.New("no folder") }, StepVerify, "no folder"},
		{"verify finds a fault", func(t *testing.T, a *afternoon) {
			whole(t, a)
			a.verdict.Good = false
			a.faults = []verify.Finding{{Count: 2, English: "bad", Chinese: "格式错误", Advice: "again", AdviceZH: "重新导出"}}
		}, StepVerify, "格式错误（2）"},
		{"verify says incomplete", func(t *testing.T, a *afternoon) {
			whole(t, a)
			a.verdict = verify.Verdict{Word: verify.WordIncomplete, English: "incomplete", Chinese: "不完整"}
		}, StepVerify, "不完整"},
		{"reconcile cannot be made", func(t *testing.T, a *afternoon) { whole(t, a); a.reconcileWith = errors.New("no log") }, StepReconcile, "no log"},
		{"no record, and no audit log of the day", func(t *testing.T, a *afternoon) {
			a.wrote(t, store.FullExport, 1, report, "")
			a.logs[0].First, a.logs[0].Last = a.before.End.Add(time.Hour), a.before.End.Add(2*time.Hour)
		}, StepReconcile, "什么都没有得到证明"},
		{"late records", func(t *testing.T, a *afternoon) { whole(t, a); a.after.Good, a.after.Late = false, 4 }, StepStatus, "4 条"},
		{"an obstacle came", func(t *testing.T, a *afternoon) {
			whole(t, a)
			a.after.Good = false
			a.after.Obstacles.Open = []store.Obstacle{{Kind: store.FrontMissing, Where: "front 2", What: "did not report since the window closed", Next: "start it"}}
		}, StepStatus, "前置 2 自时段结束以来没有心跳"},
		{"something was waived", func(t *testing.T, a *afternoon) {
			whole(t, a)
			a.after.Good = false
			a.after.Obstacles.Waived = []reportfile.Waived{{Obstacle: store.Obstacle{Kind: store.FrontCorrupt, Where: "front 2", What: "has 1 corrupt stores, whose records are missing"}, By: "clerk@desk"}}
		}, StepStatus, "clerk@desk 已放行：前置 2 有 1 个损坏的本地库"},
		{"lines are another day's", func(t *testing.T, a *afternoon) {
			whole(t, a)
			a.after.Good, a.after.Next, a.after.NextChinese = false, "2 lines are of another day", "2 行已改归其他日"
		}, StepStatus, "2 行"},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := newAfternoon(t)
			c.spoil(t, a)
			r := a.run(t)
			if r.Verdict != DoNotHandIn || r.Good() || !strings.HasPrefix(r.Chinese, "切勿报送") {
				t.Fatalf("%+v", r)
			}
			for i := range r.Steps {
				for _, reason := range r.Steps[i].Reasons {
					if r.Steps[i].Name == c.step && strings.Contains(reason.Why.Chinese, c.chinese) {
						return
					}
				}
			}
			t.Errorf("no reason of %s has %q: %+v", c.step, c.chinese, r.Steps)
		})
	}
}

// A day on which a step was not made is not good, whether it says why or not.
func TestNothingWasMade(t *testing.T) {
	a := newAfternoon(t)
	if r := a.run(t); r.Good() {
		t.Errorf("an export without a file: %+v", r)
	}
	a = newAfternoon(t)
	a.exportFails = &settlement.ObstaclesError{Day: day}
	if r := a.run(t); r.Good() || len(r.Steps[0].Reasons) != 1 {
		t.Errorf("a refusal without an obstacle: %+v", r)
	}
}

// Nothing is exported of a day from before the installation: another system made its report.
func TestBeforeTheInstallation(t *testing.T) {
	a := newAfternoon(t)
	a.before.Earlier = true
	if a.run(t); len(a.asked) != 0 {
		t.Errorf("%v was exported", a.asked)
	}
}

// Many reasons are counted, not all listed.
func TestReasonsAreBounded(t *testing.T) {
	var s Step
	for range reasonsKept + 5 {
		s.against(noFile("x"))
	}
	if len(s.Reasons) != reasonsKept || s.More != 5 || s.Good {
		t.Errorf("%d reasons, %d more", len(s.Reasons), s.More)
	}
}

// TestMovedBack: running it again writes nothing that the report lacks, where late records may be those that were moved away and back.
// Then the reason is what status says.
func TestMovedBack(t *testing.T) {
	t.Parallel()
	for moved, want := range map[int64]string{0: "3 records came after the export", 3: "the day's status is not good: do this"} {
		all := unfinished(&settlement.DayStatus{Day: day, Late: 3, Moved: moved, Next: "do this", NextChinese: "这样做"})
		if len(all) != 1 || all[0].Why.English != want {
			t.Errorf("%d moved: %+v, want %q", moved, all, want)
		}
	}
}
