package store

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ObstacleKind is a way in which a report may lack records. What a survey of a day finds is a closed
// set (ObstacleKinds), whose words are in JSON and in the metric's label. Rooms that accept a loss for
// good have kinds of their own, which are in waivers alone.
type ObstacleKind string

// The kinds.
const (
	FrontHolds       ObstacleKind = "front_holds"       // a front has records that the store lacks
	FrontQuarantines ObstacleKind = "front_quarantines" // PostgreSQL refused records of a front
	FrontCorrupt     ObstacleKind = "front_set_aside"   // a damaged local store is not recovered
	FrontMissing     ObstacleKind = "front_silent"      // a front did not report since the window closed
	FrontOtherLife   ObstacleKind = "front_other_life"  // an older copy of a local store runs, and the newer one held records
	FrontUnreadable  ObstacleKind = "front_unreadable"  // what a front said that it holds cannot be read any more
	FrontUnknown     ObstacleKind = "front_unknown"     // a front is named, and no report of one is known
	FrontClock       ObstacleKind = "front_clock"       // a front's clock and PostgreSQL's differ: login times are wrong
	NoTradingDay     ObstacleKind = "no_trading_day"    // records are on a day that has no report
	RowsMissing      ObstacleKind = "rows_missing"      // fewer records than fronts brought
	OutsideWindow    ObstacleKind = "outside_window"    // records are on another day than their login time's
	RecordsGone      ObstacleKind = "records_gone"      // records that were reported are not in the store any more
	FewerRecords     ObstacleKind = "fewer_records"     // the new report would have fewer records than the file that it replaces
	ReportHandedIn   ObstacleKind = "report_handed_in"  // the file that would be replaced was handed in
)

// ObstacleKinds are all kinds that a survey finds.
func ObstacleKinds() []ObstacleKind {
	return []ObstacleKind{
		FrontHolds, FrontQuarantines, FrontCorrupt, FrontMissing, FrontOtherLife, FrontUnreadable, FrontUnknown, FrontClock,
		NoTradingDay, OutsideWindow, RecordsGone, RowsMissing, FewerRecords, ReportHandedIn,
	}
}

// OfFront reports whether --despite-fronts waives it.
func (k ObstacleKind) OfFront() bool {
	switch k {
	case FrontHolds, FrontQuarantines, FrontCorrupt, FrontMissing, FrontOtherLife, FrontUnreadable, FrontUnknown:
		return true
	}
	return false
}

// Obstacle is one reason why the report of a day would not be complete, as far as is known.
// While one is not waived, no report of the day is written.
type Obstacle struct {
	Day  calendar.TradingDay `json:"day,omitempty"` // 0: of every day
	Kind ObstacleKind        `json:"kind"`
	// Where names the thing by a text that does not change while it is the same thing: a waiver
	// finds its obstacle by Kind, Where and Day.
	Where   string `json:"where"`
	What    string `json:"what"`              // the cause, with its numbers and times
	Records int64  `json:"records,omitempty"` // how many may be missing; 0 if that is not known
	Next    string `json:"next"`              // what to do
}

func (o *Obstacle) String() string { return fmt.Sprintf("%s %s: %s", o.Where, o.What, o.Next) }

// concerns reports whether a report of the day meets it.
func (o *Obstacle) concerns(day calendar.TradingDay) bool { return o.Day == 0 || o.Day == day }

// same reports whether both are about the same thing.
func (o *Obstacle) same(p *Obstacle) bool {
	return o.Kind == p.Kind && o.Where == p.Where && o.Day == p.Day
}
