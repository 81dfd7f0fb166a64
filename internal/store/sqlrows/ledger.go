package sqlrows

import (
	"context"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

const exportColumns = "day, number, kind, exported_at, row_count, bytes, sha256, file_name, position, version, made_on, unit_id"

// AddExport notes a report. Its number is taken once a day.
func AddExport(ctx context.Context, db *Tables, e *store.Export) error {
	result, err := db.ExecContext(ctx, "INSERT INTO report_export ("+exportColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
		int32(e.Day), e.Number, string(e.Kind), Micros(e.At), e.Rows, e.Bytes, e.SHA256[:], e.File,
		string(e.Position), e.Version, e.Host, e.UnitID)
	if err != nil {
		return db.Explain(ctx, err)
	}
	return wantAdded(ctx, db, "report_export", result, "SELECT 1 FROM report_export WHERE day = $1 AND number = $2", int32(e.Day), e.Number)
}

// Exports lists the reports of a day by their numbers.
func Exports(ctx context.Context, db *Tables, day calendar.TradingDay) ([]store.Export, error) {
	rows, err := db.QueryContext(ctx,
		"SELECT "+exportColumns+" FROM report_export WHERE day = $1 ORDER BY number", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []store.Export
	for rows.Next() {
		var (
			e   store.Export
			at  int64
			sum []byte
		)
		if err := rows.Scan(&e.Day, &e.Number, &e.Kind, &at, &e.Rows, &e.Bytes, &sum, &e.File, (*string)(&e.Position),
			&e.Version, &e.Host, &e.UnitID); err != nil {
			return nil, db.Explain(ctx, err)
		}
		e.At = FromMicros(at)
		copy(e.SHA256[:], sum) // the schema holds it to 32 bytes
		all = append(all, e)
	}
	return all, db.Explain(ctx, rows.Err())
}
