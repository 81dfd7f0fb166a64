package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Scan calls f for each record of the day in RecordID order; see Store. PostgreSQL reads
// the day's partition alone; rows are decoded from the wire's bytes as they come.
func (p *Store) Scan(ctx context.Context, day calendar.TradingDay, f func(*store.Record) error) error {
	// When f ends the scan, closing rows would first read the rest; a cancelled context
	// closes the connection instead.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := p.pool.Query(ctx, "SELECT "+sqlrows.Columns+" FROM record WHERE trading_day = $1 ORDER BY record_id",
		binaryFormat, int32(day))
	if err != nil {
		return explain(ctx, err)
	}
	defer rows.Close()
	var rec store.Record
	for rows.Next() {
		if err := decode(rows, &rec); err != nil {
			return err
		}
		if err := f(&rec); err != nil {
			cancel()
			return err
		}
	}
	return explain(ctx, rows.Err())
}

// Find returns the record with that RecordID, or ErrNotFound: one index lookup a day.
func (p *Store) Find(ctx context.Context, id uuid.UUID) (store.Record, error) {
	rows, err := p.pool.Query(ctx, "SELECT "+sqlrows.Columns+" FROM record WHERE record_id = $1", binaryFormat, [16]byte(id))
	if err != nil {
		return store.Record{}, explain(ctx, err)
	}
	rec, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (store.Record, error) {
		var rec store.Record
		if err := decode(row, &rec); err != nil {
			return store.Record{}, err
		}
		rec.Terminal, rec.Supplement = append([]byte{}, rec.Terminal...), append([]byte{}, rec.Supplement...)
		return rec, nil
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Record{}, store.ErrNotFound
	}
	return rec, explain(ctx, err)
}

// Days counts the records of each trading day, in ascending order of days.
func (p *Store) Days(ctx context.Context) ([]store.DayCount, error) {
	return sqlrows.CountDays(ctx, p.Tables())
}

// binaryFormat asks for every column in PostgreSQL's binary format.
var binaryFormat = pgx.QueryResultFormats{1}

// rawRow is a row as it came from the wire.
type rawRow interface{ RawValues() [][]byte }

// decode reads the columns of const columns in binary format. The record's slices are
// the connection's buffer, valid until the next row; its strings are its own.
func decode(row rawRow, rec *store.Record) error {
	v := row.RawValues()
	if err := checkWidths(v); err != nil {
		return err
	}
	var err error
	rec.ID = uuid.UUID(v[0])
	rec.TradingDay = calendar.TradingDay(int32(binary.BigEndian.Uint32(v[1])))
	rec.LoginTime = sqlrows.Instant(int64(binary.BigEndian.Uint64(v[2])))
	rec.VendorID = same(rec.VendorID, v[3])
	rec.KeyVersion = same(rec.KeyVersion, v[4])
	rec.Terminal, rec.Supplement = v[5], v[6]
	if rec.Flag, err = sqlrows.Code[regulation.AbnormalFlag](int16(binary.BigEndian.Uint16(v[7]))); err != nil {
		return err
	}
	rec.AppID = same(rec.AppID, v[8])
	rec.Account = same(rec.Account, v[9])
	if rec.UserType, err = sqlrows.Code[regulation.UserType](int16(binary.BigEndian.Uint16(v[10]))); err != nil {
		return err
	}
	rec.FrontID = int32(binary.BigEndian.Uint32(v[11]))
	rec.SessionID = int32(binary.BigEndian.Uint32(v[12]))
	rec.Provisional = v[13][0] != 0
	return nil
}

// widths of the columns in bytes, 0 for those of any length.
var widths = [sqlrows.ColumnCount]int{16, 4, 8, 0, 0, 0, 0, 2, 0, 0, 2, 4, 4, 1}

func checkWidths(v [][]byte) error {
	if len(v) != sqlrows.ColumnCount {
		return fmt.Errorf("store: PostgreSQL sent %d columns, want %d", len(v), sqlrows.ColumnCount)
	}
	for i, w := range widths {
		if w != 0 && len(v[i]) != w {
			return fmt.Errorf("store: PostgreSQL sent %d bytes for %s, want %d", len(v[i]), columnNames[i], w)
		}
	}
	return nil
}

// same is string(b), without a new string if it equals the row before: whole days have
// one vendor and few key versions.
func same[T ~string](before T, b []byte) T {
	if string(before) == string(b) {
		return before
	}
	return T(b)
}
