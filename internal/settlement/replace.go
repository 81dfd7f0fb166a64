package settlement

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// What keeps an export from taking the place of a report that may be the only one: it has more
// records than the new one, or it was handed in. With Exporter.Force both are waived, and the file
// that was there stays beside the new one.

// ReplaceError says that a report would take the place of one that must be kept.
type ReplaceError struct{ Obstacles []store.Obstacle }

func (e *ReplaceError) Error() string {
	text := ""
	for i := range e.Obstacles {
		text += e.Obstacles[i].String() + "; "
	}
	return text + "to replace it all the same, and keep it beside the new one: --force --reason TEXT"
}

// mayReplace is called before anything has the report's name; old is what has it, nil if nothing has.
func (j *exportJob) mayReplace(ctx context.Context, old *Replaced, made Result) error {
	obstacles, err := j.replaceObstacles(ctx, old, made)
	if err != nil {
		return err
	}
	if len(obstacles) > 0 {
		if err := j.force(ctx, obstacles); err != nil {
			return err
		}
	}
	if old != nil && !old.Same && (len(obstacles) > 0 || old.Rows > made.Rows) {
		old.Kept, err = reportfile.KeepBeside(made.Path)
	}
	return err
}

// force waives what keeps the report from its name, or refuses.
func (j *exportJob) force(ctx context.Context, obstacles []store.Obstacle) error {
	if !j.Force {
		return &ReplaceError{obstacles}
	}
	w := store.Waiver{Day: j.day, At: j.now, By: j.By, Reason: j.Reason, Obstacles: obstacles}
	if err := addWaiver(ctx, j.Store, &w); err != nil {
		return err
	}
	for _, o := range obstacles {
		j.obstacles.Waived = append(j.obstacles.Waived, reportfile.Waived{Obstacle: o, At: w.At.In(regulation.Zone), By: w.By, Reason: w.Reason})
	}
	return nil
}

// replaceObstacles are those of the file that has the name, and that of the report that was handed in.
func (j *exportJob) replaceObstacles(ctx context.Context, old *Replaced, made Result) (all []store.Obstacle, err error) {
	if old != nil && old.Rows > made.Rows {
		if all, err = j.fewerRecords(ctx, old, made); err != nil {
			return nil, err
		}
	}
	if j.kind != store.FullExport {
		return all, nil // a supplement is beside what was handed in
	}
	handed, err := j.Store.HandedIn(ctx, j.day)
	if err != nil {
		return nil, err
	}
	return append(all, j.handedIn(LastNote(handed), made)...), nil
}

// fewerRecords leaves out that there are fewer records where `calendar reassign` moved some to
// another day: they are in that day's report. It asks for a move of any time: the file may be older than the last full export, which went
// to another folder, or be a partial one.
func (j *exportJob) fewerRecords(ctx context.Context, old *Replaced, made Result) ([]store.Obstacle, error) {
	moved, err := j.Store.ReassignedFrom(ctx, j.day)
	if moved || err != nil {
		return nil, err
	}
	return []store.Obstacle{{
		Day: j.day, Kind: store.FewerRecords, Where: made.Path, Records: old.Rows - made.Rows,
		What: fmt.Sprintf("has %d records, and the new report would have %d", old.Rows, made.Rows),
		Next: "find out where the others are: report status --day " + j.day.String(),
	}}, nil
}

// handedIn keeps a report that was handed in the day's report, by the ledger and wherever its file is: another full export would be the
// base of the next supplement, and what came late would be in no file that the monitoring centre has. The same bytes may be written
// again: those of what was handed in, and those of the day's report as it was forced since.
func (j *exportJob) handedIn(last *store.HandedIn, made Result) []store.Obstacle {
	if last == nil || isAllOf(given(j.exports, last), made.SHA256) || isAllOf(Chain(j.exports), made.SHA256) {
		return nil
	}
	return []store.Obstacle{{
		Day: j.day, Kind: store.ReportHandedIn, Where: filepath.Base(made.Path),
		What: fmt.Sprintf("was handed in, as %s noted at %s", last.By, show.Time(last.At)),
		Next: "records that came late go into a file of their own: report export --supplement --day " + j.day.String(),
	}}
}
