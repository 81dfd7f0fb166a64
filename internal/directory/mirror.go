package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// mirrorStamp is how old the mirror's time may grow while nothing changes: it is what a
// front that starts without PostgreSQL says of its AppIDs and accounts.
const mirrorStamp = 10 * time.Minute

// Mirror is PostgreSQL's directory as this front last read it, kept in the local store. A
// front reads its AppIDs and accounts from here always, so that a start while PostgreSQL
// is away is no other way: only Refresh then fails. Secrets are kept as they are in
// PostgreSQL: authcodes under the master key, passwords as argon2id hashes.
//
// What Refresh changes is one transaction: if we crash, the mirror is the one before.
type Mirror struct {
	pg    Source
	local Keeper
	now   func() time.Time

	refreshing sync.Mutex
	met        bool // PostgreSQL was read whole in this life

	mu   sync.Mutex
	asOf time.Time // when PostgreSQL was last read and had this state; zero if never
	err  error     // of the last Refresh
}

// Source is PostgreSQL, in which commands change AppIDs and accounts.
type Source interface {
	Tables() *sqlrows.Tables
	// RequireSchema is an error unless the schema is this binary's.
	RequireSchema(ctx context.Context) error
}

// Keeper is the front's local store, which keeps the copy.
type Keeper interface {
	Tables() *sqlrows.Tables
	Write(work func(context.Context, *sql.Conn) error) error
}

// OpenMirror is the mirror of pg in local, as it was left.
func OpenMirror(ctx context.Context, pg Source, local Keeper) (*Mirror, error) {
	state, err := readMirror(ctx, local.Tables())
	if err != nil {
		return nil, err
	}
	return &Mirror{pg: pg, local: local, now: time.Now, asOf: state.taken}, nil
}

// AsOf is when PostgreSQL was last read and had this state, zero if it never was; and the error of the
// last Refresh.
func (m *Mirror) AsOf() (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asOf, m.err
}

// Generation moves when AppIDs or accounts of the mirror changed.
func (m *Mirror) Generation(ctx context.Context) (int64, error) {
	state, err := readMirror(ctx, m.local.Tables())
	return state.generation, err
}

// Apps lists all AppIDs of the mirror.
func (m *Mirror) Apps(ctx context.Context) ([]auth.App, error) {
	db := m.local.Tables()
	return readApps(ctx, db, db, "mirror_app")
}

// Accounts lists all accounts of the mirror.
func (m *Mirror) Accounts(ctx context.Context) ([]local.Account, error) {
	db := m.local.Tables()
	return readAccounts(ctx, db, db, "mirror_account")
}

// RelaySource is the mirror's relays alone, with a generation of their own.
func (m *Mirror) RelaySource() relay.Source { return relaySource{m.RelayGeneration, m.Relays} }

// RelayGeneration moves when relays of the mirror changed.
func (m *Mirror) RelayGeneration(ctx context.Context) (int64, error) {
	state, err := readMirror(ctx, m.local.Tables())
	return state.relays, err
}

// Relays lists all permissions and grants of the mirror.
func (m *Mirror) Relays(ctx context.Context) ([]relay.Permission, []relay.Grant, error) {
	db := m.local.Tables()
	rows, err := readRelays(ctx, db, db, "mirror_relay")
	if err != nil {
		return nil, nil, err
	}
	grants, err := readGrants(ctx, db, db, "mirror_relay_scope", "")
	return permissions(rows), grants, err
}

// Refresh takes over what PostgreSQL has. While its generation does not move that is one
// small query; at the first one of a life all is compared, whatever the generation is,
// because a database restored from a dump counts anew. Only rows that differ are written.
// After an error the mirror is what it was.
func (m *Mirror) Refresh(ctx context.Context) error {
	m.refreshing.Lock()
	defer m.refreshing.Unlock()
	err := m.refresh(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err = err; err == nil {
		m.asOf = m.now()
	}
	return err
}

func (m *Mirror) refresh(ctx context.Context) error {
	if err := m.pg.RequireSchema(ctx); err != nil {
		return err
	}
	source, err := New(m.pg.Tables()).Generation(ctx)
	if err != nil {
		return err
	}
	state, err := readMirror(ctx, m.local.Tables())
	if err != nil {
		return err
	}
	if m.met && source == state.source {
		if m.now().Sub(state.taken).Abs() < mirrorStamp {
			return nil
		}
		return m.write(mirrorChange{source: source, sourceRelays: state.sourceRelays})
	}
	change, err := m.compare(ctx, state.sourceRelays)
	if err != nil {
		return err
	}
	if err := m.write(change); err != nil {
		return err
	}
	m.met = true
	return nil
}

// compare reads both sides, PostgreSQL's in one snapshot; relays only if they changed since that state of theirs.
func (m *Mirror) compare(ctx context.Context, sourceRelays int64) (mirrorChange, error) {
	db := m.pg.Tables()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return mirrorChange{}, db.Explain(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var c mirrorChange
	if err := tx.QueryRowContext(ctx, "SELECT generation, relays FROM directory").Scan(&c.source, &c.sourceRelays); err != nil {
		return mirrorChange{}, db.Explain(ctx, err)
	}
	apps, err := readApps(ctx, db, tx, "app")
	if err != nil {
		return mirrorChange{}, err
	}
	accounts, err := readAccounts(ctx, db, tx, "account")
	if err != nil {
		return mirrorChange{}, err
	}
	hadApps, err := m.Apps(ctx)
	if err != nil {
		return mirrorChange{}, err
	}
	hadAccounts, err := m.Accounts(ctx)
	if err != nil {
		return mirrorChange{}, err
	}
	c.compareApps(hadApps, apps)
	c.compareAccounts(hadAccounts, accounts)
	if !m.met || c.sourceRelays != sourceRelays {
		err = m.compareRelays(ctx, tx, &c)
	}
	return c, err
}

// write is the one transaction in which the mirror changes.
func (m *Mirror) write(c mirrorChange) error {
	taken := sqlrows.Micros(m.now())
	return m.local.Write(func(ctx context.Context, conn *sql.Conn) error {
		if err := c.apply(ctx, conn); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, `INSERT INTO mirror (only_row, generation, theirs, taken, relays, their_relays) VALUES (1, 1, ?2, ?3, 1, ?5)
			ON CONFLICT (only_row) DO UPDATE SET generation = generation + ?1, theirs = excluded.theirs, taken = excluded.taken,
			relays = relays + ?4, their_relays = excluded.their_relays`,
			sqlrows.FlagOf(!c.empty()), c.source, taken, sqlrows.FlagOf(!c.relays.empty()), c.sourceRelays)
		return err
	})
}

// mirrorState is the row of table mirror, zero without one.
type mirrorState struct {
	generation, source   int64
	relays, sourceRelays int64
	taken                time.Time
}

func readMirror(ctx context.Context, db *sqlrows.Tables) (s mirrorState, err error) {
	var taken int64
	err = db.QueryRowContext(ctx, "SELECT generation, theirs, taken, relays, their_relays FROM mirror").
		Scan(&s.generation, &s.source, &taken, &s.relays, &s.sourceRelays)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("the mirror of AppIDs and accounts: %w", db.Explain(ctx, err))
	}
	s.taken = sqlrows.FromMicros(taken)
	return s, nil
}
