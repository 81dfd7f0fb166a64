package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// ofGone is the obstacle of a day whose records were reported and are not in the store any more: its
// partition was detached or removed, as firms do with old days, or records were deleted. Records that
// `calendar reassign` moved to another day are accounted for there.
func (v *Survey) ofGone(ctx context.Context, day calendar.TradingDay) ([]store.Obstacle, error) {
	if v.Brief {
		return nil, nil
	}
	exports, err := v.Store.Exports(ctx, day)
	if err != nil {
		return nil, err
	}
	g, err := goneOf(ctx, v.Store, exports, day)
	if err != nil || g.missing() == 0 {
		return nil, err
	}
	return []store.Obstacle{g.obstacle(day)}, nil
}

// gone is what is left in the store of the records that were reported.
type gone struct {
	reported int64 // lines of the last full export and its supplements
	held     int64 // of them, records that the store has
	moved    bool  // records were reassigned since
	last     store.Export
}

// goneOf compares the ledger of a day with its records. Where positions mean nothing, as after a
// restore from a dump, it finds nothing.
func goneOf(ctx context.Context, s SurveyStore, exports []store.Export, day calendar.TradingDay) (g gone, err error) {
	chain := Chain(exports)
	if len(chain) == 0 {
		return g, nil
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
	g.moved = slices.Contains(left, day)
	return g, err
}

// missing is how many records are gone that no reassignment explains.
func (g *gone) missing() int64 {
	if g.moved {
		return 0
	}
	return max(0, g.reported-g.held)
}

// archived reports whether nothing of the day is there any more.
func (g *gone) archived() bool { return g.held == 0 && g.missing() > 0 }

func (g *gone) obstacle(day calendar.TradingDay) store.Obstacle {
	o := store.Obstacle{
		Day: day, Kind: store.RecordsGone, Where: "records of " + day.String(), Records: g.missing(),
		What: fmt.Sprintf("%d of the %d that were reported are not in the store any more: they were removed", g.missing(), g.reported),
		Next: fmt.Sprintf("keep %s of %s, which holds them; find out who removed them", g.last.File, show.Time(g.last.At)),
	}
	if g.archived() {
		o.What = fmt.Sprintf("are archived: %d were reported and none is in the store any more, as after the day's partition was detached", g.reported)
		o.Next = fmt.Sprintf("keep %s of %s, which holds them; to export the day again attach its partition again", g.last.File, show.Time(g.last.At))
	}
	return o
}
