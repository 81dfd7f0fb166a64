package journal

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// inserter writes the records of a batch, and the SeenHash of each that has one. A record that is
// there already is left as it is.
type inserter struct {
	direct  *direct
	records *chunkInserter
	seen    *seenInserter
}

// newInserter prepares the statements. The caller closes it, also after an error.
func newInserter(ctx context.Context, d *direct) (i inserter, err error) {
	const width = sqlrows.ColumnCount + 2 // with seq and checksum
	i.direct = d
	if i.records, err = prepareInserter(ctx, d, "record (seq, "+sqlrows.LocalColumns+")", width,
		" ON CONFLICT (trading_day, record_id) DO NOTHING"); err != nil {
		return i, err
	}
	i.seen, err = prepareSeen(ctx, d)
	return i, err
}

func (i inserter) close() {
	if i.records != nil {
		i.records.close()
	}
	if i.seen != nil {
		i.seen.insert.close()
	}
}

// insert writes all records of batch; each request's seq is that of its last record, or of the record that is there
// already.
func (i inserter) insert(ctx context.Context, batch []*request) error {
	rows := 0
	for _, r := range batch {
		rows += r.rows()
	}
	if err := i.direct.do(func() error { return i.insertRecords(ctx, batch) }); err != nil {
		return err
	}
	if i.records.inserted < int64(rows) {
		if err := findSubmitted(ctx, i.direct.conn, batch); err != nil {
			return err
		}
	}
	return i.direct.do(func() error { return i.seen.write(ctx, batch) })
}

func (i inserter) insertRecords(ctx context.Context, batch []*request) error {
	i.records.begin()
	for _, r := range batch {
		if err := i.add(ctx, r); err != nil {
			return err
		}
	}
	return i.records.end(ctx)
}

// findSubmitted gives each request that appended a submission the seq of its row: the same submission may have been
// there, and its caller waits for the row that is, and is told what it says.
func findSubmitted(ctx context.Context, conn *sql.Conn, batch []*request) error {
	for _, r := range batch {
		if r.one == nil || !r.one.Submitted() {
			continue
		}
		at, earlier, err := findEarlier(ctx, conn, r.one)
		if err != nil {
			return err
		}
		if at != r.seq {
			r.seq, r.earlier = at, earlier
		}
	}
	return nil
}

func findEarlier(ctx context.Context, conn *sql.Conn, rec *store.Record) (seq int64, _ *store.Earlier, err error) {
	var row sqlrows.Earlier
	err = row.Scan(conn.QueryRowContext(ctx, "SELECT seq, "+sqlrows.EarlierColumns+" FROM record WHERE trading_day = ? AND record_id = ?",
		int64(rec.TradingDay), rec.ID[:]), &seq)
	return seq, row.Into(), err
}

func (i inserter) add(ctx context.Context, r *request) error {
	if r.one != nil {
		return i.addRecord(ctx, r.seq, r.one)
	}
	first := r.seq - int64(len(r.many)) + 1
	for n := range r.many {
		if err := i.addRecord(ctx, first+int64(n), &r.many[n]); err != nil {
			return err
		}
	}
	return nil
}

func (i inserter) addRecord(ctx context.Context, seq int64, rec *store.Record) error {
	c := i.records
	c.args = append(AppendColumns(append(c.args, seq), rec), int64(rec.Checksum()))
	return c.added(ctx)
}

// AppendColumns appends the values of sqlrows.Columns.
func AppendColumns(args []any, rec *store.Record) []any {
	args = append(args, rec.ID[:], int64(rec.TradingDay), rec.LoginTime.Unix(), rec.VendorID,
		rec.KeyVersion, sqlrows.BytesOf(rec.Terminal), sqlrows.BytesOf(rec.Supplement), int64(sqlrows.Digit(rec.Flag)),
		string(rec.AppID), string(rec.Account), int64(sqlrows.Digit(rec.UserType)), int64(rec.FrontID), int64(rec.SessionID),
		int64(sqlrows.FlagOf(rec.Provisional)))
	if rec.RelayAppID == "" {
		return append(args, nil, nil, nil, nil, nil)
	}
	args = append(args, string(rec.RelayAppID), int64(sqlrows.Digit(rec.RelayMode)), rec.VisitTime.Unix(), rec.RelayLoginTime.Unix())
	if rec.RelaySealed == nil {
		return append(args, nil)
	}
	return append(args, rec.RelaySealed)
}
