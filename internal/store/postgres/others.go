package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/store"
)

const othersSQL = `SELECT r.record_id, r.trading_day, s.front_id FROM record r
	JOIN unnest($1::uuid[], $2::integer[], $3::integer[]) AS s (record_id, trading_day, front_id) USING (record_id, trading_day)
	WHERE r.front_id <> s.front_id`

// StoredByOthers are those of recs that are here from another front: a relay submitted the same there, and it was first.
// FrontIDs of rows never change, so that the answer holds for ever.
func (p *Store) StoredByOthers(ctx context.Context, recs []store.Record) (others []int, err error) {
	if err := p.RequireSchema(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errPatience)
	defer cancel()
	ids, days, fronts := make([][16]byte, len(recs)), make([]int32, len(recs)), make([]int32, len(recs))
	for i := range recs {
		ids[i], days[i], fronts[i] = recs[i].ID, int32(recs[i].TradingDay), recs[i].FrontID
	}
	rows, err := p.pool.Query(ctx, othersSQL, ids, days, fronts)
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	type sentBy struct {
		rowKey
		front int32
	}
	found := make(map[sentBy]bool)
	var k sentBy
	if _, err := pgx.ForEachRow(rows, []any{&k.id, &k.day, &k.front}, func() error { found[k] = true; return nil }); err != nil {
		return nil, p.explain(ctx, err)
	}
	for i := range recs {
		if found[sentBy{rowKey{ids[i], days[i]}, fronts[i]}] {
			others = append(others, i)
		}
	}
	return others, nil
}
