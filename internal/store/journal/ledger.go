package journal

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// AddHandedIn notes in the local store that a report was handed in. ErrExists: it was noted in the
// same microsecond.
func (l *Journal) AddHandedIn(ctx context.Context, h *store.HandedIn) error {
	return sqlrows.AddHandedIn(ctx, l.Tables(), h)
}

// HandedIn lists when the report of a day was handed in, oldest first.
func (l *Journal) HandedIn(ctx context.Context, day calendar.TradingDay) ([]store.HandedIn, error) {
	return sqlrows.HandedIn(ctx, l.Tables(), day)
}

// AddExport notes an export of the local store. ErrExists: its Number is taken, so
// another export of the day ran at the same time.
func (l *Journal) AddExport(ctx context.Context, e *store.Export) error {
	return sqlrows.AddExport(ctx, l.Tables(), e)
}

// Exports lists the exports of a day in the order of their numbers.
func (l *Journal) Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error) {
	return sqlrows.Exports(ctx, l.Tables(), day)
}

// AddWaiver notes a waiver in the local store, for reports of the embedded driver. ErrExists:
// another one was noted in the same microsecond.
func (l *Journal) AddWaiver(ctx context.Context, w *store.Waiver) error {
	return sqlrows.AddWaiver(ctx, l.Tables(), w)
}

// Waivers lists the waivers of a day, oldest first.
func (l *Journal) Waivers(ctx context.Context, day calendar.TradingDay) ([]store.Waiver, error) {
	return sqlrows.Waivers(ctx, l.Tables(), day)
}

// Archives are none: days do not leave a local store, whose backup has them all.
func (l *Journal) Archives(context.Context, calendar.TradingDay) ([]store.Archive, error) {
	return nil, nil
}
