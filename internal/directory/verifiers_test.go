package directory_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestVerifiersOutliveTheProcess: written behind the logins, found in the next life, deleted with their key, and their bytes too.
func TestVerifiersOutliveTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	v := directory.NewVerifiers(l)
	made := func(i int) local.Verifier {
		return local.Verifier{Key: []string{"old", "new"}[i%2], KiB: 1024, Tag: [32]byte{1, byte(i), byte(i >> 8)}}
	}
	name := func(i int) regulation.Account { return regulation.Account(fmt.Sprintf("u%05d", i)) }
	const accounts = 1000
	mirrored(t, l, accounts)
	for i := range accounts {
		v.Keep(name(i), made(i))
	}
	if found, err := v.Find(t.Context(), name(1)); err != nil || found != (local.Verifier{}) {
		t.Errorf("before it is written: %+v, %v", found, err)
	}
	for range 2 { // the second has nothing to write
		if err := v.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	storetest.CloseIt(t, l)

	l = storetest.OpenJournalAt(t, path, journal.Options{})
	v = directory.NewVerifiers(l)
	want := func(name regulation.Account, want local.Verifier) {
		t.Helper()
		if found, err := v.Find(t.Context(), name); err != nil || found != want {
			t.Errorf("%s: %+v, %v, want %+v", name, found, err, want)
		}
	}
	for i := range accounts {
		want(name(i), made(i))
	}
	v.SetKeys([]string{"new"})
	v.Keep(name(0), made(1))
	if err := v.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(name(0), made(1))
	for i := 1; i < accounts; i++ {
		if i%2 == 0 {
			want(name(i), local.Verifier{})
		} else {
			want(name(i), made(i))
		}
	}
}

// mirrored puts that many accounts into the mirror, u00000 and on.
func mirrored(t *testing.T, l directory.Keeper, accounts int) {
	t.Helper()
	if err := l.Write(func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
			INSERT INTO mirror_account (account, user_type, state, created, changed, unlocked, password_hash)
			SELECT printf('u%05d', i), 1, 0, 0, 0, 0, x'00' FROM n`, accounts)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestVerifierGoesWithItsAccount: an account that was removed, by its state or with its row, leaves no verifier, and so no name: soon
// after a start, and while the front runs. One that was only disabled keeps its own.
func TestVerifierGoesWithItsAccount(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	const accounts = 600 // more than one transaction deletes
	mirrored(t, l, accounts)
	change := func(statement string) {
		t.Helper()
		if err := l.Write(func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, statement)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	v := directory.NewVerifiers(l)
	for i := range accounts {
		v.Keep(regulation.Account(fmt.Sprintf("u%05d", i)), local.Verifier{Key: "k", KiB: 1024, Tag: [32]byte{1}})
	}
	v.Keep("own", local.Verifier{Key: "k", KiB: 1024, Tag: [32]byte{1}})
	if err := directory.New(l.Tables()).AddAccount(t.Context(), local.Account{Account: "own", UserType: regulation.UserCustomer, PasswordHash: "x"}); err != nil {
		t.Fatal(err)
	}
	flush := func(v *directory.Verifiers, times, want int) {
		t.Helper()
		for range times {
			if err := v.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var kept int
		if err := l.Tables().QueryRowContext(t.Context(), "SELECT count(*) FROM verifier").Scan(&kept); err != nil || kept != want {
			t.Errorf("%d verifiers, %v, want %d", kept, err, want)
		}
	}
	flush(v, 1, accounts+1)
	change("DELETE FROM mirror_account WHERE account >= 'u00300'")
	change("UPDATE mirror_account SET state = 2 WHERE account < 'u00010'")
	change("UPDATE mirror_account SET state = 1 WHERE account = 'u00020'")
	v = directory.NewVerifiers(l)
	flush(v, 149, accounts+1)
	flush(v, 1, 291)
	change("DELETE FROM mirror_account WHERE account = 'u00100'")
	flush(v, 1800, 290)
	change("UPDATE account SET state = 2")
	flush(v, 1800, 289)
}

// TestFirstLoginsOfASecondLife: an account that logged in before a restart is verified after it without argon2 of full cost, by
// what is in the local store.
func TestFirstLoginsOfASecondLife(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	params := local.Params{MemoryKiB: 64, Iterations: 1}
	life := func(password string) error {
		l := storetest.OpenJournalAt(t, path, journal.Options{})
		defer storetest.CloseIt(t, l)
		v := directory.NewVerifiers(l)
		c, err := local.New(directory.New(l.Tables()), local.Options{
			Params: params, HashQueue: 1, LockFailures: 9, LockSourceFailures: 9, LockDecay: time.Minute, Verifiers: v, VerifierKiB: 8,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.SetVerifierKeys(local.VerifierKey{ID: "a", Secret: [32]byte{7}})
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, refused := c.Verify(t.Context(), &core.Attempt{Account: "1001", Password: []byte(password), Source: netip.MustParseAddrPort("127.0.0.1:1")})
		if err := v.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		return refused
	}
	set := func(password string, add bool) {
		l := storetest.OpenJournalAt(t, path, journal.Options{})
		defer storetest.CloseIt(t, l)
		hash, err := local.HashPassword([]byte(password), params)
		if err != nil {
			t.Fatal(err)
		}
		if add {
			err = directory.New(l.Tables()).AddAccount(t.Context(), local.Account{Account: "1001", UserType: regulation.UserCustomer, PasswordHash: hash})
		} else {
			err = directory.New(l.Tables()).SetPassword(t.Context(), "1001", hash)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	set("first", true)
	for range 2 {
		if err := life("first"); err != nil {
			t.Error(err)
		}
	}
	set("second", false)
	if life("first") == nil {
		t.Error("the password before lets in by its verifier")
	}
	for range 2 {
		if err := life("second"); err != nil {
			t.Error(err)
		}
	}
}
