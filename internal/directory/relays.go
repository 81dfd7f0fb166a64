package directory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// ErrNoRelay says that the AppID is there and is none of a relay.
var ErrNoRelay = errors.New("it is no relay: its type is direct, and a type cannot be changed; admit the relay under an AppID of its own")

// Relay is what the directory has of one relay.
type Relay struct {
	App        auth.App
	Permission relay.Permission
	Grants     []relay.Grant
}

// relaySource has the Generation of relays alone: a Table need not read 100,000 grants because a password changed.
type relaySource struct {
	generation func(context.Context) (int64, error)
	relays     func(context.Context) ([]relay.Permission, []relay.Grant, error)
}

func (s relaySource) Generation(ctx context.Context) (int64, error) { return s.generation(ctx) }

func (s relaySource) Relays(ctx context.Context) ([]relay.Permission, []relay.Grant, error) {
	return s.relays(ctx)
}

// RelaySource is the relays alone, with a generation of their own.
func (d *Directory) RelaySource() relay.Source { return relaySource{d.RelayGeneration, d.Relays} }

// RelayGeneration is a number that every change of a relay's permission or scope makes larger, in the same
// transaction.
func (d *Directory) RelayGeneration(ctx context.Context) (g int64, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT relays FROM directory").Scan(&g)
	return g, d.db.Explain(ctx, err)
}

// Relays lists the permissions of all relays, the disabled ones too, and their scopes.
func (d *Directory) Relays(ctx context.Context) ([]relay.Permission, []relay.Grant, error) {
	rows, err := readRelays(ctx, d.db, d.db, "relay")
	if err != nil {
		return nil, nil, err
	}
	grants, err := readGrants(ctx, d.db, d.db, "relay_scope", "granted = 1")
	return permissions(rows), grants, err
}

func permissions(rows []relayRow) []relay.Permission {
	all := make([]relay.Permission, len(rows))
	for i := range rows {
		all[i] = rows[i].Permission
	}
	return all
}

// FindRelay is the relay with its scope: store.ErrNotFound if there is no such AppID, ErrNoRelay if it is another's.
func (d *Directory) FindRelay(ctx context.Context, id regulation.AppID) (r Relay, err error) {
	if r.App, err = d.FindApp(ctx, id); err != nil {
		return r, err
	}
	row, err := findRelay(ctx, d.db, d.db, id)
	if err != nil {
		return r, err
	}
	r.Permission = row.Permission
	r.Grants, err = readGrants(ctx, d.db, d.db, "relay_scope", "granted = 1 AND app_id = $1", string(id))
	return r, err
}

// findRelay is the relay's row; what is there instead tells the error.
func findRelay(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer, id regulation.AppID) (relayRow, error) {
	rows, err := readRelays(ctx, db, q, "relay")
	if err != nil {
		return relayRow{}, err
	}
	for i := range rows {
		if rows[i].AppID == id {
			return rows[i], nil
		}
	}
	apps, err := readApps(ctx, db, q, "app")
	if err != nil {
		return relayRow{}, err
	}
	if _, err := find(apps, id); err != nil {
		return relayRow{}, err
	}
	return relayRow{}, ErrNoRelay
}

// AddRelay admits a relay with what it may do, all in one transaction; store.ErrExists.
func (d *Directory) AddRelay(ctx context.Context, a auth.App, p relay.Permission, grants []relay.Grant) error {
	if err := errors.Join(p.Check(), checkRelay(&a, &p, grants)); err != nil {
		return err
	}
	p.Created, p.Changed = a.Created, a.Changed
	d.action.Note("relay", "", a.Type.String())
	d.notePermission(&relay.Permission{}, &p)
	return d.changeRelays(ctx, func(tx *sql.Tx, version int64) error {
		result, err := tx.ExecContext(ctx, insertApp, append(appArgs(&a), version)...)
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		if added, err := result.RowsAffected(); err != nil || added == 0 {
			return errors.Join(err, store.ErrExists)
		}
		if err := d.insertRelay(ctx, tx, p); err != nil {
			return err
		}
		return d.putGrants(ctx, tx, distinct(grants), true)
	})
}

func (d *Directory) insertRelay(ctx context.Context, tx *sql.Tx, p relay.Permission) error {
	row := relayRow{Permission: p, scopeVersion: rand.Text()}
	result, err := tx.ExecContext(ctx, insertRow("relay", relayColumns), relayArgs(&row)...)
	if err != nil {
		return d.db.Explain(ctx, err)
	}
	return sqlrows.WantOne("relay", result)
}

// checkRelay holds the parts of a new relay to one another.
func checkRelay(a *auth.App, p *relay.Permission, grants []relay.Grant) error {
	switch {
	case !a.Type.Relay():
		return fmt.Errorf("AppID %s: type %v is no relay's", a.AppID, a.Type)
	case p.AppID != a.AppID:
		return fmt.Errorf("the permission of %s is for %s", a.AppID, p.AppID)
	}
	return checkGrants(a.AppID, grants)
}

func checkGrants(id regulation.AppID, grants []relay.Grant) error {
	for i := range grants {
		if g := &grants[i]; g.AppID != id || g.Operator == "" {
			return fmt.Errorf("a grant of %s is for relay %q and operator %q", id, string(g.AppID), string(g.Operator))
		}
	}
	return nil
}

// distinct are the grants without those that come twice.
func distinct(grants []relay.Grant) (once []relay.Grant) {
	seen := make(map[relay.Grant]bool, len(grants))
	for _, g := range grants {
		if !seen[g] {
			once = append(once, g)
		}
		seen[g] = true
	}
	return once
}

// AdmitRelay admits a relay with that authcode; store.ErrExists.
func (d *Directory) AdmitRelay(ctx context.Context, master *auth.MasterKey, kind auth.AppType, code auth.AuthCode, cipher auth.Cipher,
	p relay.Permission, grants []relay.Grant,
) error {
	apps, err := d.Apps(ctx)
	if err != nil {
		return err
	}
	now := d.now()
	app := auth.App{AppID: p.AppID, Type: kind, Enabled: true, Created: now, Changed: now}
	if err := master.For(apps).Rotate(&app, code, cipher, time.Time{}); err != nil {
		return err
	}
	return d.AddRelay(ctx, app, p, grants)
}

// SetPermission replaces what a relay may do but for its scope; store.ErrNotFound, ErrNoRelay.
func (d *Directory) SetPermission(ctx context.Context, p relay.Permission) error {
	_, err := d.ChangePermission(ctx, p.AppID, func(now *relay.Permission) error {
		*now = p
		return nil
	})
	return err
}

// ChangePermission gives the permission to change and writes what it made of it, in one transaction, so that of two
// operators none undoes what the other did. An error of change leaves all as it was. store.ErrNotFound, ErrNoRelay.
func (d *Directory) ChangePermission(ctx context.Context, id regulation.AppID, change func(*relay.Permission) error) (p relay.Permission, err error) {
	err = d.changeRelays(ctx, func(tx *sql.Tx, _ int64) error {
		row, err := findRelay(ctx, d.db, tx, id)
		if err != nil {
			return err
		}
		created, was := row.Created, row.Permission
		if err := change(&row.Permission); err != nil {
			return err
		}
		row.AppID, row.Created, row.Changed = id, created, d.now()
		if err := row.Check(); err != nil {
			return err
		}
		p = row.Permission
		d.notePermission(&was, &p)
		args := relayArgs(&row)
		result, err := tx.ExecContext(ctx, `UPDATE relay SET networks = $2, operators = $3, terminal_apps = $4, allowed_apps = $5, client_certs = $6,
			connections = $7, rate = $8, burst = $9, window_size = $10, chained = $11, changed = $12 WHERE app_id = $1`,
			append(args[:11:11], sqlrows.Micros(row.Changed))...)
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		return sqlrows.WantOne("relay", result)
	})
	return p, err
}

// notePermission notes what differs between two permissions of a relay.
func (d *Directory) notePermission(was, is *relay.Permission) {
	if d.action == nil {
		return
	}
	old, now := relayArgs(&relayRow{Permission: *was}), relayArgs(&relayRow{Permission: *is})
	for i, what := range strings.Split(relayColumns, ", ") {
		if what == "app_id" || what == "scope_version" || what == "created" || what == "changed" {
			continue
		}
		if a, b := fmt.Sprint(old[i]), fmt.Sprint(now[i]); a != b {
			d.action.Note(what, a, b)
		}
	}
}

// SetRelayEnabled is SetAppEnabled for a relay: an AppID that is none is ErrNoRelay.
func (d *Directory) SetRelayEnabled(ctx context.Context, id regulation.AppID, enabled bool) error {
	if _, err := findRelay(ctx, d.db, d.db, id); err != nil {
		return err
	}
	return d.SetAppEnabled(ctx, id, enabled)
}

// changeRelays is transact for relays: it moves their generation as well.
func (d *Directory) changeRelays(ctx context.Context, work func(*sql.Tx, int64) error) error {
	return d.transact(ctx, func(tx *sql.Tx, version int64) error {
		result, err := tx.ExecContext(ctx, "UPDATE directory SET relays = relays + 1")
		if err != nil {
			return d.db.Explain(ctx, err)
		}
		if err := sqlrows.WantOne("directory", result); err != nil {
			return err
		}
		return work(tx, version)
	})
}
