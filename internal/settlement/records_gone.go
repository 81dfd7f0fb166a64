package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// goneRecords is the obstacle of a day whose records were reported and are not in the store any more: its
// partition was detached or removed, as firms do with old days, or records were deleted. Records that
// `calendar reassign` moved to another day are accounted for there. Of a day that was archived before any report was made it is
// an obstacle too: a report of what came since would lack them.
func (v *Survey) goneRecords(ctx context.Context, day calendar.TradingDay) ([]store.Obstacle, error) {
	if v.Brief {
		return nil, nil
	}
	exports, err := v.Store.Exports(ctx, day)
	if err != nil {
		return nil, err
	}
	g, err := goneOf(ctx, v.Store, exports, day)
	switch {
	case err != nil || g.missing() == 0 && !g.unreported:
		return nil, err
	case g.unreported:
		return []store.Obstacle{g.obstacleUnreported(day)}, nil
	}
	return []store.Obstacle{g.obstacle(day)}, nil
}

// gone is what is left in the store of the records that were reported.
type gone struct {
	reported int64 // lines of the last full export and its supplements
	held     int64 // of them, records that the store has
	moved    bool  // records were reassigned since
	last     store.Export
	files    []store.Archive // that have records which the store has not
	// unreported: the day has such files, and no export.
	unreported bool
}

// goneOf compares the ledger of a day with its records. Where positions mean nothing, as after a
// restore from a dump, it finds nothing.
func goneOf(ctx context.Context, s SurveyStore, exports []store.Export, day calendar.TradingDay) (g gone, err error) {
	chain := Chain(exports)
	if len(chain) == 0 {
		if g.files, err = archivesOf(ctx, s, day); err != nil || len(g.files) == 0 {
			return g, err
		}
		here, err := s.State(ctx, day, "")
		g.unreported, g.held = true, here.Records
		return g, err
	}
	for _, e := range chain {
		g.reported += e.Rows
		g.last = e
	}
	state, err := s.State(ctx, day, g.last.Position)
	if _, restored := errors.AsType[*store.AheadError](err); restored {
		return gone{}, nil
	}
	if err != nil {
		return g, err
	}
	g.held = state.Records - state.Late
	left, err := s.Left(ctx)
	if err != nil {
		return g, err
	}
	g.moved = slices.Contains(left, day)
	g.files, err = archivesOf(ctx, s, day)
	return g, err
}

// archivesOf are the files that have records of the day which the store has not.
func archivesOf(ctx context.Context, s SurveyStore, day calendar.TradingDay) ([]store.Archive, error) {
	all, err := s.Archives(ctx, day)
	return slices.DeleteFunc(all, func(a store.Archive) bool { return !a.Apart() }), err
}

// CheckHere is an error if archives have records of the day: what the store has is then a part of it, and each login in the archives
// would pass for one that was never stored.
func (v *Survey) CheckHere(ctx context.Context, day calendar.TradingDay) error {
	apart, err := archivesOf(ctx, v.Store, day)
	switch {
	case err != nil || len(apart) == 0:
		return err
	case len(apart) == 1:
		return fmt.Errorf("nothing was compared: the records of %s are archived in %s; bring it back, then reconcile: tradefront archive restore %s",
			day, apart[0].File, apart[0].File)
	}
	return fmt.Errorf("nothing was compared: the records of %s are archived; bring each file back, in any order, then reconcile: "+
		"tradefront archive restore, of %s", day, fileNames(apart))
}

// fileNames are the archives' names, in a sentence.
func fileNames(files []store.Archive) string {
	names := make([]string, 0, len(files))
	for i := range files {
		names = append(names, files[i].File)
	}
	return strings.Join(names, " and ")
}

// inFiles is how many records archives have.
func inFiles(files []store.Archive) (n int64) {
	for i := range files {
		n += files[i].Records
	}
	return n
}

// missing is how many records are gone that no reassignment explains.
func (g *gone) missing() int64 {
	if g.moved {
		return 0
	}
	return max(0, g.reported-g.held)
}

// archived reports whether nothing of the day is there any more, or archives have what is missing.
func (g *gone) archived() bool {
	return g.missing() > 0 && (g.held == 0 || g.missing() <= inFiles(g.files))
}

func (g *gone) obstacleUnreported(day calendar.TradingDay) store.Obstacle {
	next := "to export the day bring it back: tradefront archive restore " + g.files[0].File
	if len(g.files) > 1 {
		next = "to export the day bring each file back, in any order: tradefront archive restore, of " + fileNames(g.files)
	}
	return store.Obstacle{
		Day: day, Kind: store.RecordsGone, Where: "records of " + day.String(), Records: inFiles(g.files),
		What: fmt.Sprintf("are archived in %s, %d of them, and the day was never exported", fileNames(g.files), inFiles(g.files)),
		Next: next,
	}
}

func (g *gone) obstacle(day calendar.TradingDay) store.Obstacle {
	o := store.Obstacle{
		Day: day, Kind: store.RecordsGone, Where: "records of " + day.String(), Records: g.missing(),
		What: fmt.Sprintf("%d of the %d that were reported are not in the store any more: they were removed", g.missing(), g.reported),
		Next: fmt.Sprintf("keep %s of %s, which holds them; find out who removed them", g.last.File, show.Time(g.last.At)),
	}
	switch {
	case g.archived() && len(g.files) > 0:
		o.What = fmt.Sprintf("are archived in %s: %d were reported and %d of them are there", fileNames(g.files), g.reported, inFiles(g.files))
		o.Next = "keep that file; to export the day again bring it back: tradefront archive restore " + g.files[0].File
		if len(g.files) > 1 {
			o.Next = "keep those files; to export the day again bring each back, in any order: tradefront archive restore, of " + fileNames(g.files)
		}
	case g.archived():
		o.What = fmt.Sprintf("are archived: %d were reported and none is in the store any more, as after the day's partition was detached", g.reported)
		o.Next = fmt.Sprintf("keep %s of %s, which holds them; to export the day again attach its partition again", g.last.File, show.Time(g.last.At))
	}
	return o
}
