package postgres

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Since is when this database got its schema, give or take the time zone's hours: of what was
// before nothing can be here, but for what another store's copy brought.
func (p *Store) Since(ctx context.Context) (time.Time, error) {
	// The column has no time zone: it is in that of the session that migrated, which is this one's too, the database's.
	return sqlrows.Since(ctx, p.Tables(), "SELECT extract(epoch FROM min(tstamp)::timestamptz)::bigint FROM goose_db_version")
}

// Identity tells the database's tables from others', in the manifests of reports: the cluster's system identifier, which standbys and
// physical backups share, and the OIDs of the database and of the ledger. What was restored from a dump is another one; the ledger in it
// knows its reports all the same. It is "" where the role may not ask the cluster, or the server has no such function.
func (p *Store) Identity(ctx context.Context) (id string, err error) {
	err = p.pool.QueryRow(ctx, `SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' ||
		(SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' || 'report_export'::regclass::oid::text`).Scan(&id)
	if s := state(err); s == stateDenied || s == stateNoFunction {
		return "", nil
	}
	return id, p.explain(ctx, err)
}

// OutsideWindow counts the records of a day whose login time is not in [start, end). It reads all of them.
func (p *Store) OutsideWindow(ctx context.Context, day calendar.TradingDay, start, end time.Time) (n int64, err error) {
	err = p.pool.QueryRow(ctx, "SELECT count(*) FROM record WHERE trading_day = $1 AND NOT (login_time >= $2 AND login_time < $3)",
		int32(day), start.Unix(), end.Unix()).Scan(&n)
	return n, p.explain(ctx, err)
}

// InWindow counts the records of the days from first to last whose login time is in [start, end). RecordIDs
// begin with the time, so the index on them finds the few that come into question.
func (p *Store) InWindow(ctx context.Context, first, last calendar.TradingDay, start, end time.Time) (n int64, err error) {
	from, to := sqlrows.IDsOf(start, end)
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM record WHERE trading_day BETWEEN $1 AND $2
		AND record_id >= $3 AND record_id < $4 AND login_time >= $5 AND login_time < $6`,
		int32(first), int32(last), from, to, start.Unix(), end.Unix()).Scan(&n)
	return n, p.explain(ctx, err)
}

// ReassignedFrom reports whether records of the day were ever moved to another.
func (p *Store) ReassignedFrom(ctx context.Context, day calendar.TradingDay) (moved bool, err error) {
	err = p.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM reassigned_from WHERE day = $1)", int32(day)).Scan(&moved)
	return moved, p.explain(ctx, err)
}
