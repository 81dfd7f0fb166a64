package daily

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/settlement"
	"github.com/tradefront/tradefront/internal/settlement/reconcile"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/store"
)

// Options are the day, and how each step is made.
type Options struct {
	Day    calendar.TradingDay
	OutDir string // where the report and its supplements are

	Status    func(context.Context) (settlement.DayStatus, error)
	Export    func(context.Context, store.ExportKind) (settlement.Done, error)
	Exports   func(context.Context) ([]store.Export, error)
	Verify    func(ctx context.Context, path string) (*verify.Report, error)
	Reconcile func(ctx context.Context, reports []string) (*reconcile.Result, error)
}

// Run makes the steps. An error says that the day's state could not be read at all; what a step found or failed at is in the Result.
func Run(ctx context.Context, o Options) (*Result, error) {
	before, err := o.Status(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, result: &Result{Day: o.Day.String(), HandedIn: before.HandedIn != nil}}
	r.export(ctx, &before)
	if r.result.Steps[0].Good { // else the files are not what they should be, and every step would say so again
		r.verify(ctx)
		r.reconcile(ctx, &before)
		if err := r.status(ctx); err != nil {
			return nil, err
		}
	}
	r.result.judge()
	return r.result, ctx.Err()
}

type run struct {
	Options
	result *Result
}

// export writes what the day needs and lists the files that hold it.
func (r *run) export(ctx context.Context, before *settlement.DayStatus) {
	s := r.result.step(StepExport)
	kind := store.FullExport
	switch {
	case !before.Closed:
		s.against(openWindow(before))
		return
	case before.Archived:
		s.against(archived(before))
		return
	case before.Earlier:
		s.against(beforeInstallation(before))
		return
	case before.HandedIn != nil && before.Late == 0:
		s.say("已报送，不再导出", "handed in before: nothing is exported")
		r.list(ctx, s, before.HandedIn)
		return
	case before.HandedIn != nil:
		kind = store.SupplementExport
	}
	done, err := r.Export(ctx, kind)
	if err != nil {
		s.fails(err)
		return
	}
	r.result.Warnings = append(r.result.Warnings, done.Warnings(r.OutDir)...)
	if done.Nothing {
		s.say("没有需要补报的记录", "a supplement would have no record")
	} else {
		s.say(fmt.Sprintf("%d 行 %s", done.Rows, filepath.Base(done.Path)), fmt.Sprintf("%d rows, %s", done.Rows, filepath.Base(done.Path)))
	}
	r.list(ctx, s, before.HandedIn)
}

// list finds the files that together hold the day: the ledger's last full export and its supplements.
func (r *run) list(ctx context.Context, s *Step, handed *store.HandedIn) {
	exports, err := r.Exports(ctx)
	if err != nil {
		s.fails(err)
		return
	}
	toHandIn := settlement.ToHandIn(exports, handed)
	for _, e := range settlement.Chain(exports) {
		f := File{
			Path: filepath.Join(r.OutDir, e.File), Kind: e.Kind, Rows: e.Rows, SHA256: hex.EncodeToString(e.SHA256[:]),
			HandIn: slices.ContainsFunc(toHandIn, func(left store.Export) bool { return left.Number == e.Number }),
		}
		r.result.Files = append(r.result.Files, f)
		r.result.Rows += e.Rows
		sum, _, err := reportfile.Sum(ctx, f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			s.against(noFile(f.Path))
		case err != nil:
			s.fails(err)
		case sum != e.SHA256:
			s.against(otherFile(f.Path))
		}
	}
}

func (r *run) verify(ctx context.Context) {
	s := r.result.step(StepVerify)
	for i := range r.result.Files {
		path := r.result.Files[i].Path
		report, err := r.Verify(ctx, path)
		if err != nil {
			s.fails(err)
			continue
		}
		s.say(filepath.Base(path)+"："+report.Verdict.Chinese, filepath.Base(path)+": "+report.Verdict.English)
		if report.Verdict.Good {
			continue
		}
		if len(report.Faults) == 0 {
			s.against(notGood(report))
		}
		for j := range report.Faults {
			if !r.result.Files[i].HandIn && report.Faults[j].Kind == verify.FileIncomplete.String() {
				// Its manifest is as old as the file: a supplement may have brought what was missing, and no export replaces the file.
				s.say("该文件已报送：现在还缺什么，见对账和状态", "that file was handed in: what is missing now, reconcile and status say")
				continue
			}
			s.against(finding(path, &report.Faults[j]))
		}
	}
}

func (r *run) reconcile(ctx context.Context, day *settlement.DayStatus) {
	s := r.result.step(StepReconcile)
	paths := make([]string, len(r.result.Files))
	for i := range r.result.Files {
		paths[i] = r.result.Files[i].Path
	}
	found, err := r.Reconcile(ctx, paths)
	if err != nil {
		s.fails(err)
		return
	}
	s.say(fmt.Sprintf("应答 %d，入库 %d，报送文件 %d 行", found.Answered, found.Stored, found.Reported),
		fmt.Sprintf("answered %d, stored %d, reported %d", found.Answered, found.Stored, found.Reported))
	for _, d := range found.Differences() {
		switch {
		case d.Fault, d.Kind == reconcile.StoredNotInAudit && d.Total > unloggedMost(found.Stored):
			s.against(difference(&d))
		case d.Kind == reconcile.StoredNotInAudit:
			r.result.Unlogged = d.Total
		}
	}
	if found.Stored == 0 && !covers(found.Audit, day) {
		s.against(nothingProven())
	}
	r.result.Warnings = append(r.result.Warnings, found.Warnings...)
}

// unloggedMost is how many stored records may be in no audit log: those of a front that was killed before it wrote their lines. More are
// rather a log that was cut, behind which answered logins may be missing.
func unloggedMost(stored int64) int64 { return max(10, stored/1000) }

// covers reports whether some audit log has an entry from within the day's window: without one nothing is proven of a day without records.
func covers(logs []reconcile.AuditFile, day *settlement.DayStatus) bool {
	for i := range logs {
		if !logs[i].First.IsZero() && logs[i].First.Before(day.End) && logs[i].Last.After(day.Start) {
			return true
		}
	}
	return false
}

// status asks once more: what came while the steps were made is late, and a waived obstacle is one still.
func (r *run) status(ctx context.Context) error {
	after, err := r.Status(ctx)
	if err != nil {
		return err
	}
	s := r.result.step(StepStatus)
	if after.Good {
		s.say("没有遗留事项", "nothing is left to do")
		return nil
	}
	for _, reason := range unfinished(&after) {
		s.against(reason)
	}
	return nil
}
