package journal

import (
	"context"
	"database/sql"
	"strings"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

const (
	// chunkRows is how many rows one INSERT of a large batch holds.
	chunkRows = 16
	// rowWidth is how many values a row has: its seq, columns and its checksum.
	rowWidth = sqlrows.ColumnCount + 2
)

// inserter writes records through two prepared statements, for one row and for
// chunkRows. A record that is there already is left as it is.
type inserter struct {
	single, chunk *sql.Stmt
	args          []any // reused
	pending       int   // rows in args
}

func newInserter(ctx context.Context, conn *sql.Conn) (*inserter, error) {
	single, err := conn.PrepareContext(ctx, insertSQL(1))
	if err != nil {
		return nil, err
	}
	chunk, err := conn.PrepareContext(ctx, insertSQL(chunkRows))
	if err != nil {
		return nil, err
	}
	return &inserter{single: single, chunk: chunk}, nil
}

// close lets go of the statements. SQLite keeps a connection half open while it has one,
// and then the log is not folded back into the file at the end.
func (i *inserter) close() { _, _ = i.single.Close(), i.chunk.Close() }

func insertSQL(rows int) string {
	row := "(?" + strings.Repeat(",?", rowWidth-1) + ")"
	return "INSERT INTO record (seq, " + sqlrows.LocalColumns + ") VALUES " + row + strings.Repeat(","+row, rows-1) +
		" ON CONFLICT (trading_day, record_id) DO NOTHING"
}

// insert writes all records of batch; each request's seq is that of its last record.
func (i *inserter) insert(ctx context.Context, batch []*request) error {
	i.args, i.pending = i.args[:0], 0
	defer func() { clear(i.args) }() // keep no record alive
	for _, r := range batch {
		if r.one != nil {
			if err := i.add(ctx, r.seq, r.one); err != nil {
				return err
			}
			continue
		}
		first := r.seq - int64(len(r.many)) + 1
		for n := range r.many {
			if err := i.add(ctx, first+int64(n), &r.many[n]); err != nil {
				return err
			}
		}
	}
	return i.flush(ctx)
}

func (i *inserter) add(ctx context.Context, seq int64, rec *store.Record) error {
	i.args = AppendColumns(append(i.args, seq), rec)
	i.args = append(i.args, int64(rec.Checksum()))
	i.pending++
	if i.pending < chunkRows {
		return nil
	}
	_, err := i.chunk.ExecContext(ctx, i.args...)
	i.args, i.pending = i.args[:0], 0
	return err
}

// AppendColumns adds what the columns of const columns hold.
func AppendColumns(args []any, rec *store.Record) []any {
	return append(args, rec.ID[:], int64(rec.TradingDay), rec.LoginTime.Unix(), rec.VendorID,
		rec.KeyVersion, sqlrows.BytesOf(rec.Terminal), sqlrows.BytesOf(rec.Supplement), int64(sqlrows.Digit(rec.Flag)),
		string(rec.AppID), string(rec.Account), int64(sqlrows.Digit(rec.UserType)), int64(rec.FrontID), int64(rec.SessionID),
		int64(sqlrows.FlagOf(rec.Provisional)))
}

// flush writes the rows that fill no chunk one by one.
func (i *inserter) flush(ctx context.Context) error {
	for n := range i.pending {
		if _, err := i.single.ExecContext(ctx, i.args[n*rowWidth:(n+1)*rowWidth]...); err != nil {
			return err
		}
	}
	return nil
}
