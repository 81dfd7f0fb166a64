package directory

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// bulkRows is how many rows one statement writes: more than grantsAtOnce, since here PostgreSQL may be asked for millions, and each
// statement costs a round trip.
const bulkRows = 200

// Addition is what AddAll adds.
type Addition struct {
	Apps     []auth.App
	Accounts iter.Seq[local.Account]
	Relays   []relay.Permission // of Apps that are relays
	Grants   []relay.Grant
}

// AddAll adds many rows, all or none: one that is there already is a store.ErrExists. progress is told how many rows
// are written; nil for no one. Other changes of the directory wait meanwhile.
func (d *Directory) AddAll(ctx context.Context, a Addition, progress func(rows int)) error {
	change := d.transact
	if len(a.Relays)+len(a.Grants) > 0 {
		change = d.changeRelays
	}
	return change(ctx, func(tx *sql.Tx, version int64) error {
		done := counter{tell: progress}
		defer func() { d.action.Note("added", "", strconv.Itoa(done.rows)+" rows") }()
		w := bulkWriter{d: d, tx: tx, done: &done}
		if err := writeAll(ctx, &w, "app", appColumns+versionColumn, slices.Values(a.Apps), func(a *auth.App) []any {
			return append(appArgs(a), version)
		}); err != nil {
			return err
		}
		if a.Accounts != nil {
			if err := writeAll(ctx, &w, "account", accountColumns+versionColumn, a.Accounts, func(a *local.Account) []any {
				return append(accountArgs(a), version)
			}); err != nil {
				return err
			}
		}
		return d.addRelays(ctx, tx, &a)
	})
}

func (d *Directory) addRelays(ctx context.Context, tx *sql.Tx, a *Addition) error {
	for i := range a.Relays {
		if err := d.insertRelay(ctx, tx, a.Relays[i]); err != nil {
			return err
		}
	}
	return d.putGrants(ctx, tx, distinct(a.Grants), true)
}

// counter tells progress.
type counter struct {
	rows int
	tell func(int)
}

func (c *counter) add(n int) {
	if c.rows += n; c.tell != nil {
		c.tell(c.rows)
	}
}

// bulkWriter is the transaction that many rows are written in.
type bulkWriter struct {
	d    *Directory
	tx   *sql.Tx
	done *counter
}

// writeAll inserts the rows, bulkRows with each statement.
func writeAll[T any](ctx context.Context, w *bulkWriter, table, columns string, rows iter.Seq[T], argsOf func(*T) []any) (err error) {
	var args []any
	n := 0
	var whole *sql.Stmt // for bulkRows; its transaction closes it
	for row := range rows {
		args = append(args, argsOf(&row)...)
		if n++; n < bulkRows {
			continue
		}
		if whole == nil {
			if whole, err = w.tx.PrepareContext(ctx, insertRows(table, columns, n)); err != nil { //nolint:sqlclosecheck // the transaction does
				return w.d.db.Explain(ctx, err)
			}
		}
		result, err := whole.ExecContext(ctx, args...)
		if err := w.wrote(ctx, table, result, err, n); err != nil {
			return err
		}
		args, n = args[:0], 0
	}
	if n == 0 {
		return nil
	}
	result, err := w.tx.ExecContext(ctx, insertRows(table, columns, n), args...)
	return w.wrote(ctx, table, result, err, n)
}

// wrote tells rows that are there already from rows that were dropped.
func (w *bulkWriter) wrote(ctx context.Context, table string, result sql.Result, err error, want int) error {
	if err != nil {
		return w.d.db.Explain(ctx, err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if changed < int64(want) {
		return fmt.Errorf("table %s: %w", table, store.ErrExists)
	}
	w.done.add(want)
	return sqlrows.WantRows(table, changed, int64(want))
}

// insertRows is the statement that inserts so many rows. Of rows that are there already it inserts none; an account that was removed is
// added again.
func insertRows(table, columns string, rows int) string {
	conflict := " ON CONFLICT DO NOTHING"
	if table == "account" {
		conflict = addAgain
	}
	return insertInto(table, columns, rows) + conflict
}

// Removal is what Remove removes.
type Removal struct {
	Apps     []regulation.AppID
	Accounts iter.Seq[regulation.Account]
	// Created, if it is not 0, spares rows that were not created at that microsecond.
	Created int64
}

// Removed counts rows.
type Removed struct{ Apps, Accounts int }

// Remove deletes AppIDs, with what they may do as relays, and accounts, in one transaction. Names that are not there are not
// counted. In PostgreSQL the owner of the tables alone may do it.
func (d *Directory) Remove(ctx context.Context, r Removal, progress func(names int)) (did Removed, err error) {
	err = d.changeRelays(ctx, func(tx *sql.Tx, version int64) error {
		done := counter{tell: progress}
		w := remover{bulkWriter{d, tx, &done}, version, r.Created}
		var err error
		if did.Apps, err = removeNames(ctx, &w, "app", "app_id", slices.Values(r.Apps)); err != nil {
			return err
		}
		if r.Accounts != nil {
			did.Accounts, err = removeNames(ctx, &w, "account", "account", r.Accounts)
		}
		d.action.Note("removed", "", fmt.Sprintf("%d accounts, %d AppIDs", did.Accounts, did.Apps))
		return err
	})
	return did, err
}

type remover struct {
	bulkWriter
	version int64
	created int64
}

func removeNames[K ~string](ctx context.Context, w *remover, table, column string, names iter.Seq[K]) (removed int, err error) {
	some := make([]any, 0, bulkRows)
	for name := range names {
		if some = append(some, string(name)); len(some) < bulkRows {
			continue
		}
		n, err := w.remove(ctx, table, column, some)
		if removed += n; err != nil {
			return removed, err
		}
		some = some[:0]
	}
	if len(some) == 0 {
		return removed, nil
	}
	n, err := w.remove(ctx, table, column, some)
	return removed + n, err
}

// remove notes which of the names it finds and deletes them. Fronts are told of those alone.
func (w *remover) remove(ctx context.Context, table, column string, names []any) (int, error) {
	list, mark := placeholdersFrom(4, len(names)), " AND (created = $1 OR $1 = 0)"
	found := column + " IN " + list + mark
	args := append([]any{w.created, w.version, table}, names...)
	note := "INSERT INTO directory_removed (generation, kind, name) SELECT CAST($2 AS bigint), CAST($3 AS text), " + //nolint:gosec // G202: our own names
		column + " FROM " + table + " WHERE " + found
	result, err := w.tx.ExecContext(ctx, note, args...)
	if err != nil {
		return 0, w.d.db.Explain(ctx, err)
	}
	noted, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	result, err = w.tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+column+" IN "+placeholdersFrom(2, len(names))+mark, //nolint:gosec // G202: our own names
		append([]any{w.created}, names...)...)
	if err != nil {
		return 0, w.d.db.Explain(ctx, err)
	}
	deleted, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	if table == "app" {
		if err := w.removeRelays(ctx, names); err != nil {
			return 0, err
		}
	}
	w.done.add(len(names))
	return int(deleted), sqlrows.WantRows(table, deleted, noted)
}

// removeRelays deletes what those of the AppIDs that are gone might do as relays.
func (w *remover) removeRelays(ctx context.Context, names []any) error {
	for _, table := range [...]string{"relay", "relay_scope"} {
		if _, err := w.tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE app_id IN "+placeholdersFrom(1, len(names))+ //nolint:gosec // G202: our own names
			" AND app_id NOT IN (SELECT app_id FROM app)", names...); err != nil {
			return w.d.db.Explain(ctx, err)
		}
	}
	return nil
}

// Count is how many rows there are.
type Count struct{ Apps, Accounts int }

// Count counts the AppIDs and accounts.
func (d *Directory) Count(ctx context.Context) (c Count, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM app), (SELECT count(*) FROM account WHERE state <> 2)").Scan(&c.Apps, &c.Accounts)
	return c, d.db.Explain(ctx, err)
}

// There says which of the accounts there are: true for each that is there and not removed, no entry for the others.
func (d *Directory) There(ctx context.Context, accounts []regulation.Account) (there map[regulation.Account]bool, err error) {
	there = make(map[regulation.Account]bool)
	for some := range slices.Chunk(accounts, bulkRows) {
		args := make([]any, len(some))
		for i, a := range some {
			args[i] = string(a)
		}
		query := "SELECT account FROM account WHERE state <> 2 AND account IN " + placeholdersFrom(1, len(some))
		if err := d.addThere(ctx, there, query, args); err != nil {
			return nil, err
		}
	}
	return there, nil
}

func (d *Directory) addThere(ctx context.Context, there map[regulation.Account]bool, query string, args []any) error {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var account regulation.Account
		if err := rows.Scan(&account); err != nil {
			return d.db.Explain(ctx, err)
		}
		there[account] = true
	}
	return d.db.Explain(ctx, rows.Err())
}
