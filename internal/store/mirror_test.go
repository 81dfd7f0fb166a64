package store_test

import (
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func openMirror(t *testing.T, p *store.Postgres, l *store.Local) *store.Mirror {
	t.Helper()
	m, err := store.OpenMirror(t.Context(), p, l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func refreshed(t *testing.T, m *store.Mirror) {
	t.Helper()
	if err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asOf, err := m.AsOf(); err != nil || time.Since(asOf) > patience {
		t.Errorf("as of %v, error %v", asOf, err)
	}
}

func addApp(t *testing.T, p *store.Postgres, id string) {
	t.Helper()
	at := time.UnixMicro(1_700_000_000_000_001).In(regulation.Zone)
	if err := store.NewDirectory(p.Tables()).AddApp(t.Context(), auth.App{
		AppID: regulation.AppID(id), Type: '1', Cipher: 1, Sealed: []byte("sealed " + id), Enabled: true, Created: at, Changed: at,
	}); err != nil {
		t.Fatal(err)
	}
}

func addAccount(t *testing.T, p *store.Postgres, name string) {
	t.Helper()
	at := time.UnixMicro(1_700_000_000_000_002).In(regulation.Zone)
	if err := store.NewDirectory(p.Tables()).AddAccount(t.Context(), core.Account{
		Account: regulation.Account(name), UserType: regulation.UserCustomer, PasswordHash: "hash of " + name, Created: at, Changed: at,
	}); err != nil {
		t.Fatal(err)
	}
}

// wantMirrored fails unless m has what p has.
func wantMirrored(t *testing.T, m *store.Mirror, p *store.Postgres) {
	t.Helper()
	apps, err := m.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := m.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirApps, err := store.NewDirectory(p.Tables()).Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirAccounts, err := store.NewDirectory(p.Tables()).Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirApps, apps); diff != "" {
		t.Errorf("AppIDs (-PostgreSQL +mirror):\n%s", diff)
	}
	if diff := cmp.Diff(theirAccounts, accounts); diff != "" {
		t.Errorf("accounts (-PostgreSQL +mirror):\n%s", diff)
	}
}

func mirrorGeneration(t *testing.T, m *store.Mirror) int64 {
	t.Helper()
	g, err := m.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMirrorFollows(t *testing.T) {
	l, p := openLocal(t), openPostgres(t)
	m := openMirror(t, p, l)
	if asOf, _ := m.AsOf(); !asOf.IsZero() {
		t.Errorf("as of %v before PostgreSQL was seen", asOf)
	}
	addApp(t, p, "a")
	addApp(t, p, "b")
	addAccount(t, p, "1")
	addAccount(t, p, "2")
	refreshed(t, m)
	wantMirrored(t, m, p)

	before := mirrorGeneration(t, m)
	refreshed(t, m)
	if g := mirrorGeneration(t, m); g != before {
		t.Errorf("the generation went from %d to %d and nothing changed", before, g)
	}
	if err := store.NewDirectory(p.Tables()).SetAppEnabled(t.Context(), "a", false); err != nil {
		t.Fatal(err)
	}
	// There is no command that deletes an account; somebody may do it by hand.
	execute(t, p, "DELETE FROM account WHERE account = '1'; UPDATE directory SET generation = generation + 1")
	refreshed(t, m)
	wantMirrored(t, m, p)
	if g := mirrorGeneration(t, m); g == before {
		t.Error("the generation stands and something changed: nobody would look")
	}
}

// TestMirrorOutlivesPostgres: what was revoked stays so through restarts without it.
func TestMirrorOutlivesPostgres(t *testing.T) {
	c := pgtest.Start(t)
	path := filepath.Join(t.TempDir(), "local.db")
	p := openPostgresAt(t, c.URL(), store.PostgresOptions{})
	addApp(t, p, "good")
	addApp(t, p, "revoked")
	addAccount(t, p, "1")
	addAccount(t, p, "gone")
	l := openLocalAt(t, path, store.LocalOptions{})
	refreshed(t, openMirror(t, p, l))
	if err := store.NewDirectory(p.Tables()).SetAppEnabled(t.Context(), "revoked", false); err != nil {
		t.Fatal(err)
	}
	execute(t, p, "DELETE FROM account WHERE account = 'gone'; UPDATE directory SET generation = generation + 1")
	refreshed(t, openMirror(t, p, l))
	closeIt(t, l)
	c.Stop(pgtest.Immediate)

	for range 2 {
		l := openLocalAt(t, path, store.LocalOptions{})
		m := openMirror(t, p, l)
		if err := m.Refresh(t.Context()); err == nil {
			t.Error("Refresh succeeds without PostgreSQL")
		}
		if asOf, err := m.AsOf(); asOf.IsZero() || err == nil {
			t.Errorf("as of %v, error %v, want the time when it was taken and why it is not newer", asOf, err)
		}
		apps, err := m.Apps(t.Context())
		if err != nil || len(apps) != 2 || !apps[0].Enabled || apps[1].Enabled {
			t.Errorf("AppIDs %+v, error %v, want good enabled, revoked not", apps, err)
		}
		accounts, err := m.Accounts(t.Context())
		if err != nil || len(accounts) != 1 || accounts[0].Account != "1" {
			t.Errorf("accounts %+v, error %v, want 1 alone", accounts, err)
		}
		closeIt(t, l)
	}
}

// TestMirrorOfARestoredDatabase: its generation says that nothing changed.
func TestMirrorOfARestoredDatabase(t *testing.T) {
	l, p := openLocal(t), openPostgres(t)
	addApp(t, p, "a")
	refreshed(t, openMirror(t, p, l))
	execute(t, p, "UPDATE app SET enabled = 0")
	m := openMirror(t, p, l) // a new life
	refreshed(t, m)
	wantMirrored(t, m, p)
}

// TestMirrorWritesWhatChanged: a row that is written anew gets another rowid.
func TestMirrorWritesWhatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l, p := openLocalAt(t, path, store.LocalOptions{}), openPostgres(t)
	execute(t, p, `INSERT INTO account SELECT 'u' || n, 1, 'hash', 1, 1, 0 FROM generate_series(1, 20000) n;
		UPDATE directory SET generation = generation + 1`)
	m := openMirror(t, p, l)
	refreshed(t, m)
	before := rowIDs(t, path)
	if err := store.NewDirectory(p.Tables()).UnlockAccount(t.Context(), "u777", time.Now()); err != nil {
		t.Fatal(err)
	}
	refreshed(t, m)
	wantMirrored(t, m, p)
	after := rowIDs(t, path)
	maps.DeleteFunc(after, func(account string, id int64) bool { return before[account] == id })
	if len(before) != 20000 || len(after) != 1 || after["u777"] == 0 {
		t.Errorf("of %d accounts %v were written, want u777 alone", len(before), after)
	}
}

func rowIDs(t *testing.T, path string) map[string]int64 {
	t.Helper()
	ids := make(map[string]int64)
	store.ReadLocal(t, path, "SELECT account, rowid FROM mirror_account", func(rows *sql.Rows) error {
		var account string
		var id int64
		err := rows.Scan(&account, &id)
		ids[account] = id
		return err
	})
	return ids
}

// TestSchemaIsCheckedWhenPostgresComes: a front that started without PostgreSQL writes
// nothing into a schema that it does not know, and all of it once somebody has migrated.
func TestSchemaIsCheckedWhenPostgresComes(t *testing.T) {
	c := pgtest.Start(t)
	c.Stop(pgtest.Fast)
	l, p := openLocal(t), connect(t, c.URL(), store.PostgresOptions{})
	f := startForwarder(t, l, p, store.ForwarderOptions{})
	m := openMirror(t, p, l)
	recs := storetest.Records(storetest.Day, 10)
	appendAll(t, l, recs)
	c.Start()
	if err := store.MigrateTo(t.Context(), p, 3); err != nil {
		t.Fatal(err)
	}
	var old *store.SchemaError
	eventually(t, func() error {
		if err := f.LastError(); !errors.As(err, &old) {
			return errors.Join(errors.New("not about the schema"), err)
		}
		return nil
	})
	if err := m.Refresh(t.Context()); !errors.As(err, &old) {
		t.Errorf("Refresh: %v, want a SchemaError", err)
	}
	if rows, _, err := l.Pending(t.Context()); rows != 10 || err != nil {
		t.Errorf("%d records wait, error %v, want all 10", rows, err)
	}
	if _, err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	drain(t, f)
	wantExactly(t, p, storetest.Day, recs)
	refreshed(t, m)
}
