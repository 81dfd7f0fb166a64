package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Earlier is what is here of a submission, nil if nothing is: one index lookup.
func (p *Store) Earlier(ctx context.Context, rec *store.Record) (*store.Earlier, error) {
	var row sqlrows.Earlier
	err := row.Scan(p.db.QueryRowContext(ctx, "SELECT "+sqlrows.EarlierColumns+" FROM record WHERE record_id = $1 AND trading_day = $2",
		[16]byte(rec.ID), int32(rec.TradingDay)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	return row.Into(), nil
}
