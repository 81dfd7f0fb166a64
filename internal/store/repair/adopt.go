package repair

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// Adopted is what a new local store took over from a corrupt one, all but the records.
type Adopted struct {
	Rows map[string]int // by table
	// Unread are the tables that could not be read to their end, with the error.
	Unread map[string]error
}

// Adopt copies everything but records and quarantine from a corrupt store: AppIDs,
// accounts, the ledger of exports. It skips a table that holds rows already, so that it may be called
// at every start. It takes what can be read of a table, and Unread tells what cannot. It must come
// before the first record: the ledger's positions make new seqs higher than those of exported records.
//
// If we crash in here, nothing was copied, and the next start copies it.
func Adopt(ctx context.Context, l *journal.Journal, a localfile.CorruptStore) (Adopted, error) {
	if err := ctx.Err(); err != nil {
		return Adopted{}, err
	}
	did := Adopted{Rows: make(map[string]int), Unread: make(map[string]error)}
	old, err := localfile.OpenReadOnly(a.Path)
	if errors.Is(err, store.ErrDamaged) { // there is only a WAL: Recover can read its records, and nothing else is left
		did.unread("all tables", err)
		return did, nil
	}
	if err != nil {
		return did, err
	}
	defer old.Close()
	err = l.Write(func(ctx context.Context, conn *sql.Conn) error {
		tables, err := adoptable(ctx, conn)
		for i := 0; err == nil && i < len(tables); i++ {
			err = did.copy(ctx, old, conn, tables[i])
		}
		return err
	})
	return did, err
}

// notAdopted are the tables that Recover fills, or that count changes and migrations of the new store,
// or that hold nothing to keep.
var notAdopted = []any{
	"record", "quarantine", "directory", "directory_change", "directory_removed", "goose_db_version", "probe",
	"forwarded", "forwarded_submission",
}

// adoptable are the names of the other tables.
func adoptable(ctx context.Context, conn *sql.Conn) ([]string, error) {
	marks := "?" + strings.Repeat(", ?", len(notAdopted)-1)
	return names(ctx, conn, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		AND name NOT IN (`+marks+`) ORDER BY name`, notAdopted...)
}

func names(ctx context.Context, from sqlrows.Queryer, query string, args ...any) (all []string, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}

// copy copies one table; only an error of the new store is returned.
func (a *Adopted) copy(ctx context.Context, old *sql.DB, conn *sql.Conn, table string) error {
	var there int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&there); err != nil {
		return err
	}
	if there > 0 {
		return nil
	}
	columns, err := sharedColumns(ctx, old, conn, table)
	if err != nil || len(columns) == 0 {
		a.unread(table, err)
		return nil
	}
	list := strings.Join(columns, ", ")
	insert := "INSERT INTO " + table + " (" + list + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")" //nolint:gosec // G202: names of our own schema
	rows, err := old.QueryContext(ctx, "SELECT "+list+" FROM "+table)                                            //nolint:gosec // G202: names of our own schema
	if err != nil {
		a.unread(table, err)
		return nil
	}
	defer rows.Close()
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			a.unread(table, err)
			return nil
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok { // an empty one comes as nil, which would be NULL
				values[i] = sqlrows.BytesOf(b)
			}
		}
		if _, err := conn.ExecContext(ctx, insert, values...); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		a.Rows[table]++
	}
	a.unread(table, rows.Err())
	return nil
}

func (a *Adopted) unread(table string, err error) {
	if err != nil {
		a.Unread[table] = err
	}
}

// sharedColumns are those that both have: the old store may be of an older binary.
func sharedColumns(ctx context.Context, old *sql.DB, conn *sql.Conn, table string) ([]string, error) {
	const query = "SELECT name FROM pragma_table_info(?)"
	theirs, err := names(ctx, old, query, table)
	if err != nil {
		return nil, err
	}
	ours, err := names(ctx, conn, query, table)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool)
	for _, name := range theirs {
		have[name] = true
	}
	var shared []string
	for _, name := range ours {
		if have[name] {
			shared = append(shared, name)
		}
	}
	return shared, nil
}

// Missing joins what could not be read into one error, nil if all was.
func (a Adopted) Missing() error {
	var errs []error
	for table, err := range a.Unread {
		errs = append(errs, fmt.Errorf("%s: %w", table, err))
	}
	return errors.Join(errs...)
}
