package directory_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/testmain"
)

// TestMirrorUnderRandomChanges: after any changes of commands and administrators, and restarts of the front, the mirror equals
// PostgreSQL after a Refresh, and what a registry in memory is told since any generation makes it equal too.
func TestMirrorUnderRandomChanges(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 3))
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	path := filepath.Join(t.TempDir(), "local.db")
	l, p := storetest.OpenJournalAt(t, path, journal.Options{}), storetest.OpenPostgres(t)
	m := storetest.OpenMirror(t, p, l)
	d := directory.New(p.Tables())
	seen := new(memory)
	for range testmain.Fewer(60, 20) {
		for range random.IntN(4) {
			randomChange(t, random, d, p)
		}
		switch random.IntN(10) {
		case 0: // a restart
			m = storetest.OpenMirror(t, p, l)
			storetest.Refreshed(t, m)
			seen = &memory{deltas: seen.deltas}
		case 1: // a refresh that the memory does not see
			storetest.Refreshed(t, m)
			continue
		default:
			storetest.Refreshed(t, m)
		}
		storetest.WantMirrored(t, m, p)
		seen.follow(t, m)
	}
	if seen.deltas == 0 {
		t.Error("no change was taken over as such")
	}
}

// randomChange is one that a command makes, or a person by hand with or without its note.
func randomChange(t *testing.T, random *rand.Rand, d *directory.Directory, p *postgres.Store) {
	t.Helper()
	at := time.UnixMicro(1_700_000_000_000_000 + random.Int64N(1e9)).In(regulation.Zone)
	name := regulation.Account(fmt.Sprintf("u%02d", random.IntN(20)))
	id := regulation.AppID(fmt.Sprintf("a_b_%02d", random.IntN(10)))
	var err error
	switch random.IntN(8) {
	case 0, 1:
		err = d.AddAccount(t.Context(), local.Account{Account: name, UserType: regulation.UserCustomer, PasswordHash: fmt.Sprint(at), Created: at, Changed: at})
	case 2:
		err = d.SetPassword(t.Context(), name, fmt.Sprint("hash ", at))
	case 3:
		err = d.UnlockAccount(t.Context(), name, at)
	case 4:
		err = d.AddApp(t.Context(), auth.App{AppID: id, Type: auth.AppDirect, Sealed: fmt.Append(nil, at), Enabled: true, Created: at, Changed: at})
	case 5:
		err = d.SetAppEnabled(t.Context(), id, random.IntN(2) == 0)
	case 6:
		storetest.Execute(t, p, fmt.Sprintf("DELETE FROM account WHERE account = '%s'; UPDATE directory SET generation = generation + 1", name))
	case 7:
		_, err = d.Remove(t.Context(), directory.Removal{Apps: []regulation.AppID{id}, Accounts: slices.Values([]regulation.Account{name})}, nil)
	}
	_ = err // it is there already, or it is not there: no change
}

// memory is what a registry does with a mirror.
type memory struct {
	generation int64
	accounts   map[regulation.Account]local.Account
	apps       map[regulation.AppID]auth.App
	loaded     bool
	deltas     int
}

func (m *memory) follow(t *testing.T, from *directory.Mirror) {
	t.Helper()
	generation := storetest.MirrorGeneration(t, from)
	accounts, goneAccounts, known, err := from.AccountsSince(t.Context(), m.generation)
	if err != nil {
		t.Fatal(err)
	}
	apps, goneApps, appsKnown, err := from.AppsSince(t.Context(), m.generation)
	if err != nil || known != appsKnown {
		t.Fatal(known, appsKnown, err)
	}
	allAccounts, err := from.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	allApps, err := from.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !m.loaded || !known {
		m.accounts, m.apps, m.loaded = make(map[regulation.Account]local.Account), make(map[regulation.AppID]auth.App), true
		accounts, apps, goneAccounts, goneApps = allAccounts, allApps, nil, nil
	} else if generation != m.generation {
		m.deltas++
	}
	for _, a := range goneAccounts {
		delete(m.accounts, a)
	}
	for i := range accounts {
		m.accounts[accounts[i].Account] = accounts[i]
	}
	for _, id := range goneApps {
		delete(m.apps, id)
	}
	for i := range apps {
		m.apps[apps[i].AppID] = apps[i]
	}
	m.generation = generation
	if len(m.accounts) != len(allAccounts) || len(m.apps) != len(allApps) {
		t.Fatalf("%d accounts and %d AppIDs in memory, want %d and %d", len(m.accounts), len(m.apps), len(allAccounts), len(allApps))
	}
	for _, a := range allAccounts {
		if m.accounts[a.Account] != a {
			t.Fatalf("%+v in memory, want %+v", m.accounts[a.Account], a)
		}
	}
	for _, a := range allApps {
		if got := m.apps[a.AppID]; got.Enabled != a.Enabled || string(got.Sealed) != string(a.Sealed) {
			t.Fatalf("%+v in memory, want %+v", got, a)
		}
	}
}

// TestLateCommitIsNotLost: a change that was begun first and commits last is seen, and so is the one that waited for it. The
// mirror looks at each moment between.
func TestLateCommitIsNotLost(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	m := storetest.OpenMirror(t, p, l)
	d := directory.New(p.Tables())
	addAccount(t, p, "first")
	storetest.Refreshed(t, m)

	late, err := p.Tables().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Rollback()
	for _, s := range []string{
		"UPDATE directory SET generation = generation + 1",
		"INSERT INTO directory_change SELECT generation, 'late' FROM directory",
		"INSERT INTO account (account, user_type, password_hash, created, changed, unlocked, version) SELECT 'late', 1, 'x', 1, 1, 0, generation FROM directory",
	} {
		if _, err := late.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	waited := make(chan error, 1)
	go func() {
		at := time.UnixMicro(1).In(regulation.Zone)
		waited <- d.AddAccount(t.Context(), local.Account{Account: "waits", UserType: regulation.UserCustomer, PasswordHash: "x", Created: at, Changed: at})
	}()
	await.True(t, "the second change waits for the first", func() bool {
		var waiting int
		storetest.Row(t, p, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", &waiting)
		return waiting == 1
	})
	storetest.Refreshed(t, m)
	if accounts, err := m.Accounts(t.Context()); err != nil || len(accounts) != 1 {
		t.Errorf("%d accounts while two changes wait, %v, want the first alone", len(accounts), err)
	}
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	storetest.Refreshed(t, m)
	storetest.WantMirrored(t, m, p)
	if accounts, err := m.Accounts(t.Context()); err != nil || len(accounts) != 3 {
		t.Errorf("%d accounts, %v, want 3", len(accounts), err)
	}
}

// TestRestoredDatabaseOfTheSameGeneration: it was put back and changed since, so that its number is the mirror's again. The
// rows that differ have old versions.
func TestRestoredDatabaseOfTheSameGeneration(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"the same number": "", "a higher number": "INSERT INTO directory_change VALUES (3, 'other'); UPDATE directory SET generation = 3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
			m := storetest.OpenMirror(t, p, l)
			addAccount(t, p, "kept")
			addAccount(t, p, "lost")
			storetest.Refreshed(t, m)
			storetest.Execute(t, p, `DELETE FROM account WHERE account = 'lost'; DELETE FROM directory_change WHERE generation = 2;
				INSERT INTO account (account, user_type, password_hash, created, changed, unlocked, version) VALUES ('other', 1, 'x', 1, 1, 0, 2);
				INSERT INTO directory_change VALUES (2, 'another history');`+more)
			storetest.Refreshed(t, m)
			storetest.WantMirrored(t, m, p)
		})
	}
}
