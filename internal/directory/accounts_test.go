package directory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func action(t *testing.T, command string) *store.Action {
	t.Helper()
	return &store.Action{ID: uuid.Must(uuid.NewV7()), At: time.Now(), User: "ops", Host: "host", Command: command, Subject: "1", Why: "because"}
}

// TestAccountStates: in both databases, with the mirror: disabled, enabled, removed, made again; and each change is written down with it.
func TestAccountStates(t *testing.T) {
	t.Parallel()
	l, p := storetest.OpenJournal(t), storetest.OpenPostgres(t)
	m := storetest.OpenMirror(t, p, l)
	for _, db := range []*sqlrows.Tables{p.Tables(), storetest.OpenJournal(t).Tables()} {
		d := directory.New(db)
		row := local.Account{Account: "1", UserType: '1', PasswordHash: "hash", Created: time.UnixMicro(7), Changed: time.UnixMicro(7)}
		if err := d.As(action(t, "add")).AddAccount(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		set := func(state, was local.State, want error) {
			t.Helper()
			if got, err := d.As(action(t, state.String())).SetAccountState(t.Context(), "1", state); got != was || !errors.Is(err, want) {
				t.Errorf("%v: before %v, %v", state, got, err)
			}
			if db != p.Tables() {
				return
			}
			storetest.Refreshed(t, m)
			storetest.WantMirrored(t, m, p)
		}
		set(local.Disabled, local.Enabled, nil)
		if all, err := d.Accounts(t.Context()); err != nil || len(all) != 1 || all[0].State != local.Disabled || all[0].PasswordHash != "hash" {
			t.Errorf("disabled: %+v, %v", all, err)
		}
		if err := d.AddAccount(t.Context(), row); !errors.Is(err, store.ErrExists) {
			t.Errorf("a disabled account was added again: %v", err)
		}
		set(local.Enabled, local.Disabled, nil)
		set(local.Removed, local.Enabled, nil)
		set(local.Enabled, local.Removed, store.ErrNotFound)
		if err := d.SetPassword(t.Context(), "1", "x"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a removed account has a password: %v", err)
		}
		if all, err := d.Accounts(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("removed: %+v, %v", all, err)
		}
		generation, err := d.Generation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := d.AddAccount(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		changed, _, known, err := d.AccountsSince(t.Context(), generation)
		if err != nil || !known || len(changed) != 1 || changed[0].Account != row.Account || changed[0].State != local.Enabled || changed[0].PasswordHash != "hash" {
			t.Errorf("made again: %+v, %v, %v", changed, known, err)
		}
		var said []string
		if err := sqlrows.EachAction(t.Context(), db, time.Time{}, func(a *store.Action) error {
			said = append(said, a.Command+" "+a.Changes[0].Old+" "+a.Changes[0].New+" "+a.Why)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{"add  customer because", "disabled enabled disabled because", "enabled disabled enabled because", "removed enabled removed because"}
		if len(said) != len(want) {
			t.Fatalf("%q", said)
		}
		for i := range want {
			if said[i] != want[i] {
				t.Errorf("%q, want %q", said[i], want[i])
			}
		}
	}
}
