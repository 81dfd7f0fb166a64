package postgres

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// AddHandedIn notes in PostgreSQL that a report was handed in; see journal.Journal.AddHandedIn.
func (p *Store) AddHandedIn(ctx context.Context, h *store.HandedIn) error {
	return sqlrows.AddHandedIn(ctx, p.Tables(), h)
}

// HandedIn lists when the report of a day was handed in, oldest first.
func (p *Store) HandedIn(ctx context.Context, day calendar.TradingDay) ([]store.HandedIn, error) {
	return sqlrows.HandedIn(ctx, p.Tables(), day)
}

// AddExport notes an export of PostgreSQL; see journal.Journal.AddExport.
func (p *Store) AddExport(ctx context.Context, e *store.Export) error {
	return sqlrows.AddExport(ctx, p.Tables(), e)
}

// Exports lists the exports of a day in the order of their numbers.
func (p *Store) Exports(ctx context.Context, day calendar.TradingDay) ([]store.Export, error) {
	return sqlrows.Exports(ctx, p.Tables(), day)
}

// AddWaiver notes a waiver in PostgreSQL; see journal.Journal.AddWaiver.
func (p *Store) AddWaiver(ctx context.Context, w *store.Waiver) error {
	return sqlrows.AddWaiver(ctx, p.Tables(), w)
}

// Waivers lists the waivers of a day, oldest first.
func (p *Store) Waivers(ctx context.Context, day calendar.TradingDay) ([]store.Waiver, error) {
	return sqlrows.Waivers(ctx, p.Tables(), day)
}
