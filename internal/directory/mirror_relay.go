package directory

import (
	"context"
	"database/sql"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// relayChange is what makes the mirror's relays equal to PostgreSQL's.
type relayChange struct {
	relays     []relayRow
	gone       map[regulation.AppID]bool // and their grants with them
	grants     []relay.Grant
	goneGrants map[relay.Grant]bool
}

func (c *relayChange) empty() bool {
	return len(c.relays)+len(c.gone)+len(c.grants)+len(c.goneGrants) == 0
}

// compareRelays reads the relays of both sides, and the scopes of those whose version is not the mirror's: in a
// comparison of all, every one.
func (m *Mirror) compareRelays(ctx context.Context, tx *sql.Tx, c *mirrorChange) error {
	local := m.local.Tables()
	has, err := readRelays(ctx, m.pg.Tables(), tx, "relay")
	if err != nil {
		return err
	}
	had, err := readRelays(ctx, local, local, "mirror_relay")
	if err != nil {
		return err
	}
	r := &c.relays
	r.relays, r.gone = differ(had, has, func(r *relayRow) regulation.AppID { return r.AppID })
	versions := make(map[regulation.AppID]string, len(had))
	for i := range had {
		versions[had[i].AppID] = had[i].scopeVersion
	}
	r.goneGrants = make(map[relay.Grant]bool)
	for i := range has {
		if !c.whole && versions[has[i].AppID] == has[i].scopeVersion {
			continue
		}
		if err := m.compareScope(ctx, tx, r, has[i].AppID); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mirror) compareScope(ctx context.Context, tx *sql.Tx, r *relayChange, id regulation.AppID) error {
	local := m.local.Tables()
	has, err := readGrants(ctx, m.pg.Tables(), tx, "relay_scope", "granted = 1 AND app_id = $1", string(id))
	if err != nil {
		return err
	}
	had, err := readGrants(ctx, local, local, "mirror_relay_scope", "app_id = $1", string(id))
	if err != nil {
		return err
	}
	changed, gone := differ(had, has, func(g *relay.Grant) relay.Grant { return *g })
	r.grants = append(r.grants, changed...)
	for g := range gone {
		r.goneGrants[g] = true
	}
	return nil
}

// apply writes the change; what goes, goes first.
func (c *relayChange) apply(ctx context.Context, conn *sql.Conn) error {
	for id := range c.gone {
		for _, table := range [...]string{"mirror_relay", "mirror_relay_scope"} {
			if _, err := conn.ExecContext(ctx, "DELETE FROM "+table+" WHERE app_id = ?", string(id)); err != nil { //nolint:gosec // G202: our own names
				return err
			}
		}
	}
	for g := range c.goneGrants {
		if _, err := conn.ExecContext(ctx, "DELETE FROM mirror_relay_scope WHERE app_id = ? AND operator = ? AND kind = ? AND value = ?",
			grantArgs(&g)...); err != nil {
			return err
		}
	}
	if err := putRows(ctx, conn, "mirror_relay", relayColumns, c.relays, relayArgs); err != nil {
		return err
	}
	return putRows(ctx, conn, "mirror_relay_scope", grantColumns, c.grants, grantArgs)
}
