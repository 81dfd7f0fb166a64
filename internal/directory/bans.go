package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// MaxBans is how many may be in force at once: each front has all in memory and in its mirror.
const MaxBans = 10_000

// ErrTooManyBans says that another would be more than MaxBans.
var ErrTooManyBans = errors.New("as many bans are in force as there may be: ban a network in place of many addresses, or lift some")

// Ban keeps the connections of an address or a network away from every front until it ends.
type Ban struct {
	Network netip.Prefix // masked; of an address its whole length
	Ends    time.Time    // times are kept to the microsecond
	Created time.Time
	By      string // the operator, as in actions
	Why     string
}

const banColumns = "network, ends, created, banned_by, why"

func banArgs(b *Ban) []any {
	return []any{b.Network.String(), sqlrows.Micros(b.Ends), sqlrows.Micros(b.Created), b.By, b.Why}
}

// SetBan writes a ban, in the place of one of the same network; ErrTooManyBans.
func (d *Directory) SetBan(ctx context.Context, b Ban) error {
	return d.transact(ctx, func(tx *sql.Tx, _ int64) error {
		now := sqlrows.Micros(d.now())
		var others int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM ban WHERE ends > $1 AND network <> $2", now, b.Network.String()).Scan(&others); err != nil {
			return d.db.Explain(ctx, err)
		}
		if others >= MaxBans {
			return ErrTooManyBans
		}
		was, err := d.endOfBan(ctx, tx, b.Network)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		d.action.Note("ban", was, "until "+noted(b.Ends))
		return d.exec(ctx, tx, store.ErrExists, insertRow("ban", banColumns)+` ON CONFLICT (network) DO UPDATE SET
			ends = excluded.ends, created = excluded.created, banned_by = excluded.banned_by, why = excluded.why`, banArgs(&b)...)
	})
}

// LiftBan ends the ban of that network now; store.ErrNotFound if none is in force.
func (d *Directory) LiftBan(ctx context.Context, network netip.Prefix) error {
	return d.transact(ctx, func(tx *sql.Tx, _ int64) error {
		was, err := d.endOfBan(ctx, tx, network)
		if err != nil {
			return err
		}
		d.action.Note("ban", was, "")
		return d.exec(ctx, tx, store.ErrNotFound, "UPDATE ban SET ends = $1 WHERE network = $2", sqlrows.Micros(d.now()), network.String())
	})
}

// endOfBan is until when the ban of that network is in force; store.ErrNotFound if it is not.
func (d *Directory) endOfBan(ctx context.Context, tx *sql.Tx, network netip.Prefix) (string, error) {
	ends, err := d.wasNumber(ctx, tx, "SELECT ends FROM ban WHERE network = $1 AND ends > $2", network.String(), sqlrows.Micros(d.now()))
	if err != nil {
		return "", err
	}
	return "until " + noted(sqlrows.FromMicros(ends)), nil
}

// noted is a time as an action has it.
func noted(t time.Time) string { return t.In(regulation.Zone).Format(time.RFC3339) }

// Bans are those in force, in the order of their networks' texts.
func (d *Directory) Bans(ctx context.Context) ([]Ban, error) {
	return readBans(ctx, d.db, d.db, "ban", d.now())
}

// Bans are those of the mirror that are in force.
func (m *Mirror) Bans(ctx context.Context) ([]Ban, error) {
	db := m.local.Tables()
	return readBans(ctx, db, db, "mirror_ban", m.now())
}

func readBans(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, table string, now time.Time) (all []Ban, err error) {
	query := "SELECT " + banColumns + " FROM " + table + " WHERE ends > $1 ORDER BY network"
	rows, err := q.QueryContext(ctx, query, sqlrows.Micros(now))
	if err != nil {
		return nil, db.Explain(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var b Ban
		var network string
		var ends, created int64
		if err := rows.Scan(&network, &ends, &created, &b.By, &b.Why); err != nil {
			return nil, db.Explain(ctx, err)
		}
		if b.Network, err = netip.ParsePrefix(network); err != nil {
			return nil, fmt.Errorf("store: ban of %q: %w", network, err)
		}
		b.Ends, b.Created = sqlrows.FromMicros(ends), sqlrows.FromMicros(created)
		all = append(all, b)
	}
	return all, db.Explain(ctx, rows.Err())
}

// banChange is what makes the mirror's bans PostgreSQL's: they are few, and written whole.
type banChange struct {
	differ bool
	all    []Ban
}

// compareBans reads both sides.
func (m *Mirror) compareBans(ctx context.Context, tx *sql.Tx, c *mirrorChange) (err error) {
	now := m.now()
	if c.bans.all, err = readBans(ctx, m.pg.Tables(), tx, "ban", now); err != nil {
		return err
	}
	db := m.local.Tables()
	had, err := readBans(ctx, db, db, "mirror_ban", now)
	if err != nil {
		return err
	}
	changed, gone := differ(had, c.bans.all, func(b *Ban) netip.Prefix { return b.Network })
	c.bans.differ = len(changed)+len(gone) > 0
	return nil
}

func (c *banChange) apply(ctx context.Context, conn *sql.Conn) error {
	if !c.differ {
		return nil
	}
	if _, err := conn.ExecContext(ctx, "DELETE FROM mirror_ban"); err != nil {
		return err
	}
	return putRows(ctx, conn, "mirror_ban", banColumns, c.all, banArgs)
}
