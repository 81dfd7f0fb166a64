// Package settlementtest has a store for tests that need a report and no database.
package settlementtest

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// Scanner gives an export its records: a store.Store, or a test's own.
type Scanner interface {
	// Scan calls f for each record of the day in RecordID order. An error of f ends the scan and is returned.
	Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error
}

// Records are a day's records in RecordID order.
type Records []store.Record

// Scan implements Scanner; every record is of the day.
func (r Records) Scan(_ context.Context, _ calendar.TradingDay, f func(*store.Record) error) error {
	for i := range r {
		if err := f(&r[i]); err != nil {
			return err
		}
	}
	return nil
}

// Store implements settlement.ReportStore on records alone: its ledger is always empty, it remembers nothing, and
// no obstacle comes from it.
type Store struct{ Scanner }

// Snapshot returns a snapshot that scans what the Scanner has, from any position.
func (s Store) Snapshot(_ context.Context, day calendar.TradingDay) (store.Snapshot, error) {
	return snapshot{s.Scanner, day}, nil
}

type snapshot struct {
	from Scanner
	day  calendar.TradingDay
}

func (snapshot) Position() store.Position { return "1" }

func (s snapshot) Scan(ctx context.Context, _ store.Position, f func(*store.Record) error) error {
	return s.from.Scan(ctx, s.day, f)
}

func (snapshot) Close() error { return nil }

// AddExport forgets the export.
func (Store) AddExport(context.Context, *store.Export) error { return nil }

// Identity is unknown.
func (Store) Identity(context.Context) (string, error) { return "", nil }

// Exports returns none.
func (Store) Exports(context.Context, calendar.TradingDay) ([]store.Export, error) { return nil, nil }

// State counts nothing.
func (Store) State(context.Context, calendar.TradingDay, store.Position) (store.DayState, error) {
	return store.DayState{}, nil
}

// Left returns none.
func (Store) Left(context.Context) ([]calendar.TradingDay, error) { return nil, nil }

// HandedIn returns none.
func (Store) HandedIn(context.Context, calendar.TradingDay) ([]store.HandedIn, error) {
	return nil, nil
}

// Archives returns none.
func (Store) Archives(context.Context, calendar.TradingDay) ([]store.Archive, error) { return nil, nil }

// Since is before all days.
func (Store) Since(context.Context) (time.Time, error) { return time.Time{}, nil }

// ReassignedFrom returns false.
func (Store) ReassignedFrom(context.Context, calendar.TradingDay) (bool, error) { return false, nil }

// OutsideWindow counts none.
func (Store) OutsideWindow(context.Context, calendar.TradingDay, time.Time, time.Time) (int64, error) {
	return 0, nil
}

// InWindow counts none.
func (Store) InWindow(context.Context, calendar.TradingDay, calendar.TradingDay, time.Time, time.Time) (int64, error) {
	return 0, nil
}

// AddWaiver forgets the waiver.
func (Store) AddWaiver(context.Context, *store.Waiver) error { return nil }

// Waivers returns none.
func (Store) Waivers(context.Context, calendar.TradingDay) ([]store.Waiver, error) { return nil, nil }
