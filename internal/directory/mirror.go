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
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// mirrorStamp is how old the mirror's time may grow while nothing changes: it is what a
// front that starts without PostgreSQL says of its AppIDs and accounts.
const mirrorStamp = 10 * time.Minute

// DefaultCompareAfter is a while after the terminals have come back to a front that was restarted: a comparison of a million accounts
// takes some ten seconds of a processor.
const DefaultCompareAfter = 5 * time.Minute

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

	// CompareAfter is how long after the first Refresh of a life all is compared, DefaultCompareAfter unless it is set before.
	CompareAfter time.Duration

	refreshing sync.Mutex
	met        time.Time // when PostgreSQL was first read in this life; zero if it was not
	compared   bool      // all was compared in this life
	torn       bool      // accounts of a change were written whose last transaction failed

	mu     sync.Mutex
	asOf   time.Time // when PostgreSQL was last read and had this state; zero if never
	err    error     // of the last Refresh
	recent recentChanges
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
	return &Mirror{pg: pg, local: local, now: time.Now, asOf: state.taken, CompareAfter: DefaultCompareAfter}, nil
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

// AppsSince are the AppIDs that changed after that generation of the mirror, and those that went; known is false if that is
// not remembered: then all are to be read.
func (m *Mirror) AppsSince(ctx context.Context, generation int64) (changed []auth.App, gone []regulation.AppID, known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if whole, err := m.hasAllRecent(ctx); err != nil || !whole {
		return nil, nil, false, err
	}
	changed, gone, known = m.recent.appsSince(generation)
	return changed, gone, known, nil
}

// AccountsSince is AppsSince for accounts.
func (m *Mirror) AccountsSince(ctx context.Context, generation int64) (changed []local.Account, gone []regulation.Account, known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if whole, err := m.hasAllRecent(ctx); err != nil || !whole {
		return nil, nil, false, err
	}
	changed, gone, known = m.recent.accountsSince(generation)
	return changed, gone, known, nil
}

// hasAllRecent reports whether recent reaches the generation of the table. Between the commit of a change and remember it does not: who
// asks then would take the new generation for the old rows, and never ask for that change again. The caller has mu.
func (m *Mirror) hasAllRecent(ctx context.Context) (bool, error) {
	state, err := readMirror(ctx, m.local.Tables())
	return m.recent.first+int64(len(m.recent.changes)) >= state.generation, err
}

// EachAccount visits all accounts of the mirror, removed ones too; visit keeps no pointer.
func (m *Mirror) EachAccount(ctx context.Context, visit func(*local.Account) error) error {
	db := m.local.Tables()
	return eachAccount(ctx, db, db, "mirror_account", visit)
}

// Accounts lists the accounts of the mirror.
func (m *Mirror) Accounts(ctx context.Context) ([]local.Account, error) {
	db := m.local.Tables()
	return readAccounts(ctx, db, db, "mirror_account"+notRemoved)
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
// small query; when it moved, the rows that changed since are read, at the first Refresh of a life too: a front that
// starts does not wait for a million rows. All is compared where what changed cannot be told (a person changed rows by hand, or
// the database was restored and counts anew), and once in a life, CompareAfter its first Refresh, even if the generation is the same: that
// finds what a person changed without raising it. Only rows that differ are written. After an error the mirror is
// what it was.
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
	source, err := readPosition(ctx, m.pg.Tables(), m.pg.Tables())
	if err != nil {
		return err
	}
	state, err := readMirror(ctx, m.local.Tables())
	if err != nil {
		return err
	}
	due := !m.met.IsZero() && !m.compared && m.now().Sub(m.met) >= m.CompareAfter || m.torn && source == state.source
	if !m.met.IsZero() && !due && source == state.source {
		if m.now().Sub(state.taken).Abs() < mirrorStamp {
			return nil
		}
		return m.write(&mirrorChange{source: source})
	}
	change, err := m.compare(ctx, &state, due)
	if err != nil {
		return err
	}
	// A comparison does not find again what was written of a change before; what is read of PostgreSQL since that state has it.
	change.partial = m.torn && change.whole
	if err := m.write(&change); err != nil {
		return err
	}
	m.torn = false
	m.remember(state.generation, &change)
	if m.met.IsZero() {
		m.met = m.now()
	}
	m.compared = m.compared || change.whole
	return nil
}

// remember keeps the change for those who have the AppIDs and accounts of the generation before it in memory.
func (m *Mirror) remember(before int64, c *mirrorChange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case c.partial:
		m.recent = recentChanges{first: before + 1}
	case !c.empty():
		m.recent.add(before, c)
	}
}

// position is a state of PostgreSQL's directory. Two states of one generation, of a database before and after it was
// restored, differ in their token.
type position struct {
	generation, relays int64
	token              string
}

func readPosition(ctx context.Context, db *sqlrows.Tables, q sqlrows.Queryer) (p position, err error) {
	err = q.QueryRowContext(ctx, `SELECT generation, relays, coalesce((SELECT token FROM directory_change c WHERE c.generation = d.generation), '')
		FROM directory d`).Scan(&p.generation, &p.relays, &p.token)
	return p, db.Explain(ctx, err)
}

// compare reads both sides, PostgreSQL's in one snapshot: what changed since the mirror's state, or all if that is due or cannot
// be told.
func (m *Mirror) compare(ctx context.Context, state *mirrorState, due bool) (mirrorChange, error) {
	db := m.pg.Tables()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return mirrorChange{}, db.Explain(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	var c mirrorChange
	if c.source, err = readPosition(ctx, db, tx); err != nil {
		return mirrorChange{}, err
	}
	c.whole = true
	if !due {
		known, err := m.readDelta(ctx, tx, state, &c)
		if err != nil {
			return mirrorChange{}, err
		}
		c.whole = !known
	}
	if c.whole {
		err = m.compareAll(ctx, tx, &c)
	}
	if err == nil {
		err = m.compareBans(ctx, tx, &c)
	}
	if err == nil && (c.whole || c.source.relays != state.source.relays) {
		err = m.compareRelays(ctx, tx, &c)
	}
	return c, err
}

// readDelta reads what changed since the mirror's state; false if that cannot be told.
func (m *Mirror) readDelta(ctx context.Context, tx *sql.Tx, state *mirrorState, c *mirrorChange) (known bool, err error) {
	d, db := New(m.pg.Tables()), m.pg.Tables()
	since := state.source.generation
	token, err := d.tokenOf(ctx, tx, since)
	if err != nil || token == "" || token != state.source.token {
		return false, err
	}
	now, whole, err := d.follows(ctx, tx, since)
	if err != nil || !whole {
		return false, err
	}
	if c.apps, err = appsSince(ctx, db, tx, since); err != nil {
		return false, err
	}
	if c.accounts, err = accountsSince(ctx, db, tx, since); err != nil {
		return false, err
	}
	if c.goneApps, err = goneSince[regulation.AppID](ctx, db, tx, "app", since, now); err != nil {
		return false, err
	}
	c.goneAccounts, err = goneSince[regulation.Account](ctx, db, tx, "account", since, now)
	return err == nil, err
}

// compareAll reads all AppIDs and accounts of both sides. Of the mirror's accounts it keeps a hash each, and of PostgreSQL's
// those that differ: a million fit.
func (m *Mirror) compareAll(ctx context.Context, tx *sql.Tx, c *mirrorChange) error {
	db := m.pg.Tables()
	apps, err := readApps(ctx, db, tx, "app")
	if err != nil {
		return err
	}
	hadApps, err := m.Apps(ctx)
	if err != nil {
		return err
	}
	c.compareApps(hadApps, apps)
	had := newAccountHashes()
	if err := m.EachAccount(ctx, had.add); err != nil {
		return err
	}
	err = eachAccount(ctx, db, tx, "account", func(a *local.Account) error {
		if had.differs(a) {
			c.accounts = append(c.accounts, *a)
		}
		return nil
	})
	c.goneAccounts = had.left()
	return err
}

// write changes the mirror. Accounts beyond rowsAtOnce are written before, in transactions of their own between which logins
// commit; the last transaction says which state of PostgreSQL it is. If we crash before it, the mirror has some rows that are newer than
// its state, and the next Refresh reads and writes the whole change again.
func (m *Mirror) write(c *mirrorChange) error {
	rest := *c
	for len(rest.goneAccounts)+len(rest.accounts) > rowsAtOnce {
		part := rest.takeAccounts()
		if err := m.local.Write(part.apply); err != nil {
			return err
		}
		m.torn = true
	}
	taken := sqlrows.Micros(m.now())
	return m.local.Write(func(ctx context.Context, conn *sql.Conn) error {
		if err := rest.apply(ctx, conn); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, `INSERT INTO mirror (only_row, generation, theirs, taken, relays, their_relays, their_token)
			VALUES (1, 1, ?2, ?3, 1, ?5, ?6)
			ON CONFLICT (only_row) DO UPDATE SET generation = generation + ?1, theirs = excluded.theirs, taken = excluded.taken,
			relays = relays + ?4, their_relays = excluded.their_relays, their_token = excluded.their_token`,
			sqlrows.FlagOf(!c.empty() || c.partial), c.source.generation, taken, sqlrows.FlagOf(!c.relays.empty()), c.source.relays, c.source.token)
		return err
	})
}

// mirrorState is the row of table mirror, zero without one.
type mirrorState struct {
	generation, relays int64 // of the copy
	source             position
	taken              time.Time
}

func readMirror(ctx context.Context, db *sqlrows.Tables) (s mirrorState, err error) {
	var taken int64
	err = db.QueryRowContext(ctx, "SELECT generation, theirs, taken, relays, their_relays, their_token FROM mirror").
		Scan(&s.generation, &s.source.generation, &taken, &s.relays, &s.source.relays, &s.source.token)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("the mirror of AppIDs and accounts: %w", db.Explain(ctx, err))
	}
	s.taken = sqlrows.FromMicros(taken)
	return s, nil
}
