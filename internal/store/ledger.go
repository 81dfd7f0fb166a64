package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ExportKind is what an export wrote of its day.
type ExportKind string

// The kinds of exports.
const (
	FullExport       ExportKind = "full"       // every record of the day
	PartialExport    ExportKind = "partial"    // what was there before the day's window closed
	SupplementExport ExportKind = "supplement" // what came after the full export and its supplements
)

// Position is what an export could see: in PostgreSQL its snapshot, in the local store
// the highest seq. It means something to the store that gave it alone. "" saw nothing.
type Position string

// Export is one line of the ledger: a report file that was written.
type Export struct {
	Day      calendar.TradingDay
	Number   int // 1, 2, … within the day
	Kind     ExportKind
	At       time.Time // kept to the microsecond
	Rows     int64
	Bytes    int64
	SHA256   [32]byte
	File     string // name without its folder
	Position Position
	Version  string // of the program
	Host     string // that made it
	UnitID   string // 期货公司统一标识
}

// AddExport notes an export of the local store. ErrExists: its Number is taken, so
// another export of the day ran at the same time.
func (l *Local) AddExport(ctx context.Context, e *Export) error { return addExport(ctx, l.Tables(), e) }

// AddExport notes an export of PostgreSQL; see Local.AddExport.
func (p *Postgres) AddExport(ctx context.Context, e *Export) error {
	return addExport(ctx, p.Tables(), e)
}

// Exports lists the exports of a day in the order of their numbers.
func (l *Local) Exports(ctx context.Context, day calendar.TradingDay) ([]Export, error) {
	return listExports(ctx, l.Tables(), day)
}

// Exports lists the exports of a day in the order of their numbers.
func (p *Postgres) Exports(ctx context.Context, day calendar.TradingDay) ([]Export, error) {
	return listExports(ctx, p.Tables(), day)
}

const exportColumns = "day, number, kind, exported_at, row_count, bytes, sha256, file_name, position, version, made_on, unit_id"

func addExport(ctx context.Context, db *Tables, e *Export) error {
	result, err := db.ExecContext(ctx, "INSERT INTO report_export ("+exportColumns+
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
		int32(e.Day), e.Number, string(e.Kind), micros(e.At), e.Rows, e.Bytes, e.SHA256[:], e.File,
		string(e.Position), e.Version, e.Host, e.UnitID)
	if err != nil {
		return db.Explain(ctx, err)
	}
	return wantAdded(ctx, db, "report_export", result, "SELECT 1 FROM report_export WHERE day = $1 AND number = $2", int32(e.Day), e.Number)
}

func listExports(ctx context.Context, db *Tables, day calendar.TradingDay) ([]Export, error) {
	rows, err := db.QueryContext(ctx,
		"SELECT "+exportColumns+" FROM report_export WHERE day = $1 ORDER BY number", int32(day))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	var all []Export
	for rows.Next() {
		var (
			e   Export
			at  int64
			sum []byte
		)
		if err := rows.Scan(&e.Day, &e.Number, &e.Kind, &at, &e.Rows, &e.Bytes, &sum, &e.File, (*string)(&e.Position),
			&e.Version, &e.Host, &e.UnitID); err != nil {
			return nil, db.Explain(ctx, err)
		}
		e.At = fromMicros(at)
		copy(e.SHA256[:], sum) // the schema holds it to 32 bytes
		all = append(all, e)
	}
	return all, db.Explain(ctx, rows.Err())
}

// DayState is how the records of a day stand to a position.
type DayState struct {
	Records     int64
	Late        int64 // of them, those that arrived after the position; 0 with no position
	Provisional int64 // of them, those whose trading day is not certain
}

// AheadError says that a position comes from a database whose transactions had counted
// further than this one's: this one was restored from a dump, and what an export saw
// cannot be told any more. See "After a restore" in the package comment.
type AheadError struct{ Day calendar.TradingDay }

func (e *AheadError) Error() string {
	return fmt.Sprintf("store: the export of %s was made in another life of this database, which was restored from a dump since: "+
		"do what docs/settlement.md says under \"After a restore\"", e.Day)
}
