package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// ScopeChange counts grants.
type ScopeChange struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Now     int `json:"now"` // of all operators of the relay
}

// AddGrants adds to the scope of a relay; those that it has already are not counted. store.ErrNotFound, ErrNoRelay.
func (d *Directory) AddGrants(ctx context.Context, id regulation.AppID, grants []relay.Grant) (ScopeChange, error) {
	return d.changeScope(ctx, id, grants, func(has map[relay.Grant]bool) (add, remove []relay.Grant) {
		for _, g := range grants {
			if !has[g] {
				has[g] = true
				add = append(add, g)
			}
		}
		return add, nil
	})
}

// RemoveGrants takes grants back; those that the relay has not are not counted. store.ErrNotFound, ErrNoRelay.
func (d *Directory) RemoveGrants(ctx context.Context, id regulation.AppID, grants []relay.Grant) (ScopeChange, error) {
	return d.changeScope(ctx, id, grants, func(has map[relay.Grant]bool) (add, remove []relay.Grant) {
		for _, g := range grants {
			if has[g] {
				delete(has, g)
				remove = append(remove, g)
			}
		}
		return nil, remove
	})
}

// ReplaceScope makes grants the whole scope of those operators of the relay. What stays is not written, so that a file of
// 100,000 lines of which one is new writes one row. store.ErrNotFound, ErrNoRelay.
func (d *Directory) ReplaceScope(ctx context.Context, id regulation.AppID, operators []regulation.Account, grants []relay.Grant) (ScopeChange, error) {
	return d.changeScope(ctx, id, grants, func(has map[relay.Grant]bool) (add, remove []relay.Grant) {
		wanted := make(map[relay.Grant]bool, len(grants))
		for _, g := range grants {
			if !has[g] && !wanted[g] {
				add = append(add, g)
			}
			wanted[g] = true
		}
		for g := range has {
			if !wanted[g] && slices.Contains(operators, g.Operator) {
				remove = append(remove, g)
			}
		}
		return add, remove
	})
}

// changeScope makes one transaction of what differ makes of the relay's grants.
func (d *Directory) changeScope(ctx context.Context, id regulation.AppID, grants []relay.Grant,
	differ func(has map[relay.Grant]bool) (add, remove []relay.Grant),
) (did ScopeChange, err error) {
	if err := checkGrants(id, grants); err != nil {
		return did, err
	}
	err = d.changeRelays(ctx, func(tx *sql.Tx, _ int64) error {
		if _, err := findRelay(ctx, d.db, tx, id); err != nil {
			return err
		}
		had, err := readGrants(ctx, d.db, tx, "relay_scope", "granted = 1 AND app_id = $1", string(id))
		if err != nil {
			return err
		}
		has := make(map[relay.Grant]bool, len(had))
		for _, g := range had {
			has[g] = true
		}
		add, remove := differ(has)
		did = ScopeChange{Added: len(add), Removed: len(remove), Now: len(had) + len(add) - len(remove)}
		d.action.Note("scope", strconv.Itoa(len(had))+" grants", strconv.Itoa(did.Now)+" grants")
		if len(add)+len(remove) == 0 {
			return nil
		}
		if err := d.putGrants(ctx, tx, add, true); err != nil {
			return err
		}
		if err := d.putGrants(ctx, tx, remove, false); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "UPDATE relay SET scope_version = $1, changed = $2 WHERE app_id = $3",
			rand.Text(), sqlrows.Micros(d.now()), string(id))
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		return sqlrows.WantOne("relay", result)
	})
	return did, err
}

// grantsAtOnce is how many rows one statement writes: PostgreSQL is asked 2,000 times for 100,000, and SQLite's driver,
// which compares each placeholder with those before it, need not know many: at 200, that took half of an import.
const grantsAtOnce = 50

// putGrants writes that each is granted, or is not any more.
func (d *Directory) putGrants(ctx context.Context, tx *sql.Tx, grants []relay.Grant, granted bool) error {
	whole := len(grants) / grantsAtOnce * grantsAtOnce
	for _, part := range [...]struct {
		grants []relay.Grant
		rows   int
	}{{grants[:whole], grantsAtOnce}, {grants[whole:], len(grants) - whole}} {
		if len(part.grants) == 0 {
			continue
		}
		if err := d.putInRows(ctx, tx, part.grants, part.rows, granted); err != nil {
			return err
		}
	}
	return nil
}

// putInRows writes so many grants by each statement.
func (d *Directory) putInRows(ctx context.Context, tx *sql.Tx, grants []relay.Grant, rows int, granted bool) error {
	now := sqlrows.Micros(d.now())
	query := "INSERT INTO relay_scope (" + //nolint:gosec // G202: column names and marks of ours
		grantColumns + ", granted, changed) VALUES " + placeholders(rows, 6) +
		" ON CONFLICT (app_id, operator, kind, value) DO UPDATE SET granted = excluded.granted, changed = excluded.changed"
	put, err := tx.PrepareContext(ctx, query) //nolint:sqlclosecheck // it is; the loop over an iterator hides it
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	defer put.Close()
	args := make([]any, 0, 6*rows)
	for some := range slices.Chunk(grants, rows) {
		args = args[:0]
		for i := range some {
			args = append(append(args, grantArgs(&some[i])...), sqlrows.FlagOf(granted), now)
		}
		result, err := put.ExecContext(ctx, args...)
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		if err := sqlrows.WantRows("relay_scope", changed, int64(len(some))); err != nil {
			return err
		}
	}
	return nil
}

// placeholdersFrom are ($4, $5) from 4 on for two.
func placeholdersFrom(first, count int) string {
	var b strings.Builder
	for i := range count {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return "(" + b.String() + ")"
}

// placeholders are ($1, $2), ($3, $4) for two rows of two columns.
func placeholders(rows, columns int) string {
	all := make([]string, rows)
	for i := range all {
		all[i] = placeholdersFrom(i*columns+1, columns)
	}
	return strings.Join(all, ", ")
}
