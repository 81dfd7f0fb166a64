package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

const archiveColumns = "day, number, file_name, sha256, bytes, row_count, archived_at, archived_by, version, state, changed_at"

// Archives lists the archives of a day by their numbers; of all days for day 0.
func (p *Store) Archives(ctx context.Context, day calendar.TradingDay) ([]store.Archive, error) {
	rows, err := p.pool.Query(ctx, "SELECT "+archiveColumns+" FROM archive WHERE $1 = 0 OR day = $1 ORDER BY day, number", int32(day))
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a store.Archive, err error) {
		var at, changed int64
		var sum []byte
		err = row.Scan((*int32)(&a.Day), &a.Number, &a.File, &sum, &a.Bytes, &a.Records, &at, &a.By, &a.Version, (*string)(&a.State), &changed)
		copy(a.SHA256[:], sum) // the schema holds it to 32 bytes
		a.At, a.Changed = sqlrows.FromMicros(at), sqlrows.FromMicros(changed)
		return a, err
	})
	return all, p.explain(ctx, err)
}

// ScanArrivals calls f for each record of the day in RecordID order, with the transaction that wrote it, in one snapshot, of which it
// returns the position. The record and its slices are valid only during the call.
func (p *Store) ScanArrivals(ctx context.Context, day calendar.TradingDay, f func(rec *store.Record, arrival int64) error) (store.Position, error) {
	seen, err := p.Snapshot(ctx, day)
	if err != nil {
		return "", err
	}
	s := seen.(*snapshot) //nolint:forcetypeassert // it is what Snapshot makes
	err = s.scanArrivals(ctx, f)
	return s.position, errors.Join(err, s.Close())
}

func (s *snapshot) scanArrivals(ctx context.Context, f func(*store.Record, int64) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := s.conn.Exec(ctx, "SET LOCAL enable_sort = off"); err != nil { // see Scan
		return explain(ctx, err)
	}
	rows, err := s.conn.Query(ctx, "SELECT "+sqlrows.Columns+", arrival FROM record WHERE trading_day = $1 ORDER BY record_id", binaryFormat, int32(s.day))
	if err != nil {
		return explain(ctx, err)
	}
	defer rows.Close()
	var rec store.Record
	for rows.Next() {
		raw := rows.RawValues()
		last := len(raw) - 1
		if err := recordLayout.decode(raw[:last], &rec); err != nil {
			cancel()
			return err
		}
		if err := f(&rec, int64(binary.BigEndian.Uint64(raw[last]))); err != nil {
			cancel()
			return err
		}
	}
	return explain(ctx, rows.Err())
}

// DaysBefore counts the days before that one whose tables are in record, empty ones too, and names the oldest. Any role may ask.
func (p *Store) DaysBefore(ctx context.Context, day calendar.TradingDay) (n int64, oldest string, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(*), coalesce(min(substr(c.relname::text, 8)), '') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = to_regclass('record') AND c.relname ~ '^record_[0-9]{8}$' AND substr(c.relname::text, 8) < $1`, day.String()).Scan(&n, &oldest)
	return n, oldest, p.explain(ctx, err)
}

// CheckOwner is an ErrDenied unless the role of the URL may take a day's table out of record.
func (p *Store) CheckOwner(ctx context.Context) error {
	owner := false
	err := p.pool.QueryRow(ctx, "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'record'::regclass").Scan(&owner)
	if err == nil && !owner {
		return &store.DeniedError{Err: errors.New("only the owner of table record can archive a day or bring one back")}
	}
	return p.explain(ctx, err)
}

const (
	// detachLock bounds one wait for a lock, below PostgreSQL's deadlock_timeout: a front that holds what we want and wants what we
	// hold goes on, and we begin again.
	detachLock = 500 * time.Millisecond
	// detachPatience bounds all attempts.
	detachPatience = time.Minute
	detachPause    = 250 * time.Millisecond
)

// Detach takes the table of an archived day out of record, renames it to a.Table and writes the ledger's row, all or none: while the row
// is not there the day is in the store, and from then on it is in the file. It refuses if the day has not exactly the records that
// were read at that position. An InDoubtError: look into the ledger.
//
// Fronts wait for it some milliseconds. It waits for reports that are being read, and gives up after a minute.
func (p *Store) Detach(ctx context.Context, a *store.Archive, at store.Position) error {
	deadline := time.Now().Add(detachPatience)
	for {
		err := p.transact(ctx, func(ctx context.Context, tx pgx.Tx) error { return detach(ctx, tx, a, at) })
		if state(err) != stateLocked || time.Now().After(deadline) {
			p.forgetDays()
			return err
		}
		select {
		case <-ctx.Done():
			return p.explain(ctx, ctx.Err())
		case <-time.After(detachPause):
		}
	}
}

// partitionLock is what ensure_record_partition takes.
const partitionLock = 7305804402570881

func detach(ctx context.Context, tx pgx.Tx, a *store.Archive, at store.Position) error {
	table := "record_" + a.Day.String()
	for _, statement := range []string{
		fmt.Sprintf("SET LOCAL lock_timeout = %d", detachLock.Milliseconds()),
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(partitionLock)),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	own := false
	const attached = `SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'record'::regclass AND inhrelid = to_regclass($1))`
	if err := tx.QueryRow(ctx, attached, table).Scan(&own); err != nil {
		return err
	}
	if !own {
		return fmt.Errorf("store: day %s has no partition %s of its own, as when another partition takes several days: give it one first", a.Day, table)
	}
	// Writers of this day wait from here on; what they wrote before is seen by the count.
	if _, err := tx.Exec(ctx, "LOCK TABLE "+table+" IN SHARE MODE"); err != nil {
		return err
	}
	var there, later int64
	if err := tx.QueryRow(ctx, "SELECT count(*), count(*) FILTER (WHERE NOT txid_visible_in_snapshot(arrival, $1::text::txid_snapshot)) FROM "+table,
		string(at)).Scan(&there, &later); err != nil {
		return err
	}
	if later > 0 || there != a.Records {
		return fmt.Errorf("store: day %s changed while it was archived (%d records were read, %d are there, %d of them new), "+
			"and nothing was taken away: archive it again",
			a.Day, a.Records, there, later)
	}
	for _, statement := range []string{
		"ALTER TABLE record DETACH PARTITION " + table,
		"ALTER TABLE " + table + " RENAME TO " + a.Table(),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return addArchive(ctx, tx, a)
}

func addArchive(ctx context.Context, tx pgx.Tx, a *store.Archive) error {
	tag, err := tx.Exec(ctx, "INSERT INTO archive ("+archiveColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		int32(a.Day), a.Number, a.File, a.SHA256[:], a.Bytes, a.Records, sqlrows.Micros(a.At), a.By, a.Version, string(a.State), sqlrows.Micros(a.Changed))
	if err != nil {
		return err
	}
	return sqlrows.WantRows("archive", tag.RowsAffected(), 1)
}

// SetArchive notes a state of an archive. Dropped and Destroyed remove the day's detached table in the same transaction, if it is there.
func (p *Store) SetArchive(ctx context.Context, a *store.Archive, state store.ArchiveState, at time.Time) error {
	return p.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if state == store.ArchiveDropped || state == store.ArchiveDestroyed {
			if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+a.Table()); err != nil {
				return err
			}
		}
		return setArchive(ctx, tx, a, state, at)
	})
}

func setArchive(ctx context.Context, tx pgx.Tx, a *store.Archive, state store.ArchiveState, at time.Time) error {
	tag, err := tx.Exec(ctx, "UPDATE archive SET state = $1, changed_at = $2 WHERE day = $3 AND number = $4",
		string(state), sqlrows.Micros(at), int32(a.Day), a.Number)
	if err != nil {
		return err
	}
	return sqlrows.WantRows("archive", tag.RowsAffected(), 1)
}
