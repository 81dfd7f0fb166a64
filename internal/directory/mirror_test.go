package directory_test

import (
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

func addAccount(t *testing.T, p *postgres.Store, name string) {
	t.Helper()
	at := time.UnixMicro(1_700_000_000_000_002).In(regulation.Zone)
	if err := directory.New(p.Tables()).AddAccount(t.Context(), local.Account{
		Account: regulation.Account(name), UserType: regulation.UserCustomer, PasswordHash: "hash of " + name, Created: at, Changed: at,
	}); err != nil {
		t.Fatal(err)
	}
}

func TestMirrorFollows(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	m := storetest.OpenMirror(t, p, l)
	if asOf, _ := m.AsOf(); !asOf.IsZero() {
		t.Errorf("as of %v before PostgreSQL was seen", asOf)
	}
	storetest.AddApp(t, p, "a")
	storetest.AddApp(t, p, "b")
	addAccount(t, p, "1")
	addAccount(t, p, "2")
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)

	before := storetest.MirrorGeneration(t, m)
	storetest.Refreshed(t, m)
	if g := storetest.MirrorGeneration(t, m); g != before {
		t.Errorf("the generation went from %d to %d and nothing changed", before, g)
	}
	if err := directory.New(p.Tables()).SetAppEnabled(t.Context(), "a", false); err != nil {
		t.Fatal(err)
	}
	if _, err := directory.New(p.Tables()).ChangeBinding(t.Context(), "b", func(b *auth.Binding) error {
		b.Accounts, b.Confined = []auth.AccountPattern{"8001*"}, []regulation.Account{"1"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// There is no command that deletes an account; an administrator may do it by hand.
	storetest.Execute(t, p, "DELETE FROM account WHERE account = '1'; UPDATE directory SET generation = generation + 1")
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)
	if g := storetest.MirrorGeneration(t, m); g == before {
		t.Error("the generation is the same and something changed: no front would look")
	}
}

// TestMirrorOutlivesPostgres: what was revoked stays so through restarts without it.
func TestMirrorOutlivesPostgres(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	path := filepath.Join(t.TempDir(), "local.db")
	p := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	storetest.AddApp(t, p, "good")
	storetest.AddApp(t, p, "revoked")
	addAccount(t, p, "1")
	addAccount(t, p, "gone")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.Refreshed(t, storetest.OpenMirror(t, p, l))
	if err := directory.New(p.Tables()).SetAppEnabled(t.Context(), "revoked", false); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, p, "DELETE FROM account WHERE account = 'gone'; UPDATE directory SET generation = generation + 1")
	storetest.Refreshed(t, storetest.OpenMirror(t, p, l))
	storetest.CloseIt(t, l)
	c.Stop(pgtest.Immediate)

	for range 2 {
		l := storetest.OpenJournalAt(t, path, journal.Options{})
		m := storetest.OpenMirror(t, p, l)
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
		storetest.CloseIt(t, l)
	}
}

// TestMirrorOfARestoredDatabase: its generation says that nothing changed.
func TestMirrorOfARestoredDatabase(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	storetest.AddApp(t, p, "a")
	storetest.Refreshed(t, storetest.OpenMirror(t, p, l))
	storetest.Execute(t, p, "UPDATE app SET enabled = 0")
	m := storetest.OpenMirror(t, p, l) // a new life
	storetest.Refreshed(t, m)
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)
}

// TestMirrorWritesWhatChanged: a row that is written anew gets another rowid.
func TestMirrorWritesWhatChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l, p := storetest.OpenJournalAt(t, path, journal.Options{}), storetest.OpenPostgres(t)
	storetest.Execute(t, p, `INSERT INTO account SELECT 'u' || n, 1, 'hash', 1, 1, 0 FROM generate_series(1, 20000) n;
		UPDATE directory SET generation = generation + 1`)
	m := storetest.OpenMirror(t, p, l)
	storetest.Refreshed(t, m)
	before := rowIDs(t, path)
	if err := directory.New(p.Tables()).UnlockAccount(t.Context(), "u777", time.Now()); err != nil {
		t.Fatal(err)
	}
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)
	after := rowIDs(t, path)
	maps.DeleteFunc(after, func(account string, id int64) bool { return before[account] == id })
	if len(before) != 20000 || len(after) != 1 || after["u777"] == 0 {
		t.Errorf("of %d accounts %v were written, want u777 alone", len(before), after)
	}
}

func rowIDs(t *testing.T, path string) map[string]int64 {
	t.Helper()
	ids := make(map[string]int64)
	storetest.ReadLocal(t, path, "SELECT account, rowid FROM mirror_account", func(rows *sql.Rows) error {
		var account string
		var id int64
		err := rows.Scan(&account, &id)
		ids[account] = id
		return err
	})
	return ids
}

// TestSchemaIsCheckedWhenPostgresComes: a front that started without PostgreSQL writes
// nothing into a schema that it does not know, and all of it once the operator has migrated.
func TestSchemaIsCheckedWhenPostgresComes(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	c.Stop(pgtest.Fast)
	l, p := storetest.OpenJournal(t), storetest.Connect(t, c.URL(), postgres.Options{})
	f := storetest.Forward(t, l, p, forward.Options{})
	m := storetest.OpenMirror(t, p, l)
	recs := storetest.Records(storetest.Day, 10)
	storetest.AppendAll(t, l, recs)
	c.Start()
	if err := storetest.MigrateTo(t.Context(), p, 3); err != nil {
		t.Fatal(err)
	}
	var old *store.SchemaError
	storetest.Eventually(t, func() error {
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
	storetest.Drain(t, f)
	storetest.WantExactly(t, p, storetest.Day, recs)
	storetest.Refreshed(t, m)
}
