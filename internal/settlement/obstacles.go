package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// SurveyStore counts records, and keeps the ledger and what operators noted: either store does. A window is from start up to end, end not
// included.
type SurveyStore interface {
	// State counts the records of a day, and those that came after the position; see store.AheadError.
	State(ctx context.Context, day calendar.TradingDay, position store.Position) (store.DayState, error)
	// Exports are the day's lines of the ledger, by their numbers.
	Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error)
	// Left are the exported days from which records were moved to another day since their last full export.
	Left(ctx context.Context) ([]calendar.TradingDay, error)
	// HandedIn are the notes that a report of the day was handed in, in the order of time.
	HandedIn(ctx context.Context, day calendar.TradingDay) ([]store.HandedIn, error)
	// ReassignedFrom reports whether records were ever moved from the day to another.
	ReassignedFrom(ctx context.Context, day calendar.TradingDay) (bool, error)
	// OutsideWindow counts the day's records whose login time is not in the window. It reads all of them.
	OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (int64, error)
	// InWindow counts the records of the days from first to last, both included, whose login time is in the window.
	InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (int64, error)
	// Archives are the files that took records of the day, by their numbers; of all days for day 0.
	Archives(ctx context.Context, day calendar.TradingDay) ([]store.Archive, error)
	// Since is when the store was made.
	Since(ctx context.Context) (time.Time, error)
	WaiverStore
	// Waivers are those of the day, in the order of time.
	Waivers(ctx context.Context, day calendar.TradingDay) ([]store.Waiver, error)
}

// WaiverStore is where waivers are noted: the ledger of the store that reports read.
type WaiverStore interface {
	// AddWaiver is store.ErrExists if a waiver of that day has that moment.
	AddWaiver(ctx context.Context, w *store.Waiver) error
}

// Survey finds what keeps the report of a day back, and is the only place that does: exports refuse by it,
// status, reconcile and readiness show it.
type Survey struct {
	Store    SurveyStore
	Fronts   FrontStore // nil where fronts do not report
	Calendar *calendar.Calendar
	// Named are the FrontIDs in the records of a day; nil if fronts do not report themselves.
	Named func(context.Context, calendar.TradingDay) ([]int32, error)
	// Brief leaves out what must read the records of the day: for fronts, which ask each minute.
	Brief bool
	// Declared are the FrontIDs that the configuration lists; none if it does not.
	Declared []int32
}

// Obstacles are what keeps the report of a day back, and what of it was waived.
type Obstacles struct {
	Day    calendar.TradingDay
	Open   []store.Obstacle
	Waived []reportfile.Waived
	// Fronts are the fronts among both, as status and manifests show them.
	Fronts []FrontObstacle
}

// Of lists the obstacles of a day whose window has closed. It must be asked before the records
// are read: what fronts hand over meanwhile is then in the report.
func (v *Survey) Of(ctx context.Context, day calendar.TradingDay) (Obstacles, error) {
	o := Obstacles{Day: day}
	start, end, err := v.Calendar.Window(day)
	if err != nil {
		return o, err
	}
	fronts, err := v.fronts(ctx) // before records are counted
	if err != nil {
		return o, err
	}
	o.Fronts = FrontObstacles(withClosedDays(fronts, v.ClosedBefore(day), day), day, end)
	all, err := v.find(ctx, &o, fronts, start, end)
	if err != nil || v.Brief && len(all) == 0 { // what was given up concerns reports, not readiness
		return o, err
	}
	waivers, err := v.Store.Waivers(ctx, day)
	if err != nil {
		return o, err
	}
	for _, obstacle := range all {
		o.add(obstacle, waivers)
	}
	o.addGivenUp(waivers, fronts)
	return o, nil
}

func (v *Survey) fronts(ctx context.Context) ([]store.Front, error) {
	if v.Fronts == nil {
		return nil, nil
	}
	return v.Fronts.Fronts(ctx)
}

// find lists all obstacles, waived or not. A new kind is added here.
func (v *Survey) find(ctx context.Context, o *Obstacles, fronts []store.Front, start, end time.Time) (all []store.Obstacle, err error) {
	for i := range o.Fronts {
		all = append(all, o.Fronts[i].obstacle(o.Day))
	}
	all = append(all, clockObstacles(fronts, o.Day, start, end)...)
	for _, of := range []func() ([]store.Obstacle, error){
		func() ([]store.Obstacle, error) { return v.unknownFronts(ctx, o.Day, fronts) },
		func() ([]store.Obstacle, error) { return v.lostRecords(ctx, o.Day, fronts) },
		func() ([]store.Obstacle, error) { return v.recordsOfOtherWindows(ctx, o.Day, start, end) },
		func() ([]store.Obstacle, error) { return v.recordsOfClosedDays(ctx, o.Day) },
	} {
		found, err := of()
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// lostRecords are records that the store had and has not any more: those that were reported, else those that fronts brought.
func (v *Survey) lostRecords(ctx context.Context, day calendar.TradingDay, fronts []store.Front) ([]store.Obstacle, error) {
	gone, err := v.goneRecords(ctx, day)
	if err != nil || len(gone) > 0 {
		return gone, err
	}
	return v.missingRecords(ctx, day, fronts)
}

// unknownFronts are those that are named and never reported what they hold, at no time.
func (v *Survey) unknownFronts(ctx context.Context, day calendar.TradingDay, fronts []store.Front) ([]store.Obstacle, error) {
	if v.Fronts == nil || v.Named == nil {
		return nil, nil
	}
	var named []int32
	if !v.Brief {
		var err error
		if named, err = v.Named(ctx, day); err != nil {
			return nil, err
		}
	}
	all := unknownFronts(fronts, day, named, "records of the day name it")
	for _, o := range unknownFronts(fronts, day, v.Declared, "the configuration declares it under fronts") {
		if !slices.ContainsFunc(all, func(p store.Obstacle) bool { return p.Where == o.Where }) {
			all = append(all, o)
		}
	}
	return all, nil
}

func unknownFronts(fronts []store.Front, day calendar.TradingDay, ids []int32, named string) (all []store.Obstacle) {
	for _, id := range ids {
		if slices.ContainsFunc(fronts, func(f store.Front) bool { return f.FrontID == id }) {
			continue
		}
		all = append(all, store.Obstacle{
			Day: day, Kind: store.FrontUnknown, Where: fmt.Sprintf("front %d", id),
			What: "has never told PostgreSQL what it holds, although " + named,
			Next: "ask it: tradefront front status on its host, checks presence and self_report; does its role have the rights of roles.sql?",
		})
	}
	return all
}

// AddUnreported adds the fronts among ids, as audit logs name them, that never reported what they hold.
func (v *Survey) AddUnreported(ctx context.Context, o *Obstacles, ids []int32) error {
	if v.Fronts == nil || v.Named == nil {
		return nil
	}
	fronts, err := v.fronts(ctx)
	if err != nil {
		return err
	}
	for _, u := range unknownFronts(fronts, o.Day, ids, "an audit log has logins of the day by it") {
		if !slices.ContainsFunc(o.Open, func(p store.Obstacle) bool { return p.Where == u.Where }) {
			o.Open = append(o.Open, u)
		}
	}
	return nil
}

// missingFronts are the fronts as manifests have them.
func (o *Obstacles) missingFronts() (all []reportfile.MissingFront) {
	for i := range o.Fronts {
		all = append(all, o.Fronts[i].MissingFront)
	}
	return all
}

// add puts an obstacle to those that are waived or to those that are open. The newest waiver that covers it counts.
func (o *Obstacles) add(obstacle store.Obstacle, waivers []store.Waiver) {
	for i := len(waivers) - 1; i >= 0; i-- {
		if w := &waivers[i]; w.Covers(&obstacle) {
			o.Waived = append(o.Waived, reportfile.Waived{Obstacle: obstacle, At: w.At.In(regulation.Zone), By: w.By, Reason: w.Reason})
			return
		}
	}
	o.Open = append(o.Open, obstacle)
}

// ObstaclesError says that a report would not be complete, as far as is known.
type ObstaclesError struct {
	Day  calendar.TradingDay
	Open []store.Obstacle
}

func (e *ObstaclesError) Error() string {
	lines := make([]string, len(e.Open))
	for i := range e.Open {
		lines[i] = "  " + e.Open[i].String()
	}
	return fmt.Sprintf("the report of %[1]s would not be complete, as far as is known:\n%[2]s\n"+
		"To write it all the same, with your name and reason in its manifest: tradefront report waive --day %[1]s --reason TEXT", e.Day, strings.Join(lines, "\n"))
}

// ErrNoReason refuses a waiver that does not say why.
var ErrNoReason = errors.New("a waiver needs a reason: it is written into the manifest of the report")

// NothingToWaiveError says that nothing keeps the report of the day back.
type NothingToWaiveError struct {
	Day    calendar.TradingDay
	Waived int // obstacles that were waived before
}

func (e *NothingToWaiveError) Error() string {
	text := fmt.Sprintf("there is nothing to waive: nothing keeps the report of %s back", e.Day)
	if e.Waived > 0 {
		text += fmt.Sprintf(" that is not waived already (%d)", e.Waived)
	}
	return text
}

// Waive notes that the report of a day may be written in spite of the obstacles that there are
// now, of those that only says; nil for all. It returns them.
func (v *Survey) Waive(ctx context.Context, w store.Waiver, only func(store.ObstacleKind) bool) (store.Waiver, error) {
	if w.Reason = strings.TrimSpace(w.Reason); w.Reason == "" {
		return w, ErrNoReason
	}
	o, err := v.Of(ctx, w.Day)
	if err != nil {
		return w, err
	}
	w.Obstacles = nil
	for _, obstacle := range o.Open {
		if only == nil || only(obstacle.Kind) {
			w.Obstacles = append(w.Obstacles, obstacle)
		}
	}
	if len(w.Obstacles) == 0 {
		return w, &NothingToWaiveError{w.Day, len(o.Waived)}
	}
	return w, addWaiver(ctx, v.Store, &w)
}

// waiversAtOnce is how many waivers of a day may be noted for one instant.
const waiversAtOnce = 1000

// addWaiver notes a waiver for the first instant from w.At on that no other waiver of the day has: one command may note several.
func addWaiver(ctx context.Context, s WaiverStore, w *store.Waiver) (err error) {
	for range waiversAtOnce {
		if err = s.AddWaiver(ctx, w); !errors.Is(err, store.ErrExists) {
			break
		}
		w.At = w.At.Add(time.Microsecond)
	}
	return err
}
