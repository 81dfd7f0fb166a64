package directory_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// watchedKeeper calls after between two steps of the mirror, and may have room for some more writes alone.
type watchedKeeper struct {
	*journal.Journal
	after func()
	full  bool // no write has room, but for as many as room says
	room  int
}

func (k *watchedKeeper) Write(work func(context.Context, *sql.Conn) error) error {
	if k.full && k.room == 0 {
		return store.ErrDiskFull
	}
	k.room--
	err := k.Journal.Write(work)
	if err == nil && k.after != nil {
		k.after()
	}
	return err
}

// TestAChangeIsNotKnownBeforeItIsRemembered: who asks between the commit of a change and the note of it reads all rows.
func TestAChangeIsNotKnownBeforeItIsRemembered(t *testing.T) {
	p, k := storetest.OpenPostgres(t), &watchedKeeper{Journal: storetest.OpenJournal(t)}
	m, err := directory.OpenMirror(t.Context(), p, k)
	if err != nil {
		t.Fatal(err)
	}
	m.CompareAfter = time.Hour
	for _, name := range []string{"a", "b"} {
		storetest.AddApp(t, p, name)
		storetest.Refreshed(t, m)
	}
	held, asked := storetest.MirrorGeneration(t, m), 0
	k.after = func() {
		if asked++; storetest.MirrorGeneration(t, m) == held {
			return
		}
		if changed, _, known, err := m.AppsSince(t.Context(), held); err != nil || known && len(changed) == 0 {
			t.Errorf("generation %d is known without its change, %v", held+1, err)
		}
		if _, _, known, err := m.AccountsSince(t.Context(), held); err != nil || known {
			t.Errorf("generation %d is known before it is remembered, %v", held+1, err)
		}
	}
	if err := directory.New(p.Tables()).SetAppEnabled(t.Context(), "a", false); err != nil {
		t.Fatal(err)
	}
	storetest.Refreshed(t, m)
	k.after = nil
	if changed, _, known, err := m.AppsSince(t.Context(), held); err != nil || !known || len(changed) != 1 || asked == 0 {
		t.Errorf("then: %d changed, known %v, %v, asked %d times", len(changed), known, err, asked)
	}
}

// TestManyAccountsLeaveRoomForLogins: a change of many accounts is written in small transactions, and what is known of it comes with the last.
func TestManyAccountsLeaveRoomForLogins(t *testing.T) {
	p, k := storetest.OpenPostgres(t), &watchedKeeper{Journal: storetest.OpenJournal(t)}
	m, err := directory.OpenMirror(t.Context(), p, k)
	if err != nil {
		t.Fatal(err)
	}
	storetest.AddApp(t, p, "a")
	storetest.Refreshed(t, m)
	held := storetest.MirrorGeneration(t, m)
	rows := make([]local.Account, 2000)
	for i := range rows {
		rows[i] = local.Account{Account: regulation.Account(fmt.Sprintf("u%06d", i)), UserType: regulation.UserCustomer, PasswordHash: "hash"}
	}
	if err := directory.New(p.Tables()).AddAll(t.Context(), directory.Addition{Accounts: slices.Values(rows)}, nil); err != nil {
		t.Fatal(err)
	}
	writes := 0
	k.after = func() { writes++ }
	storetest.Refreshed(t, m)
	got, err := m.Accounts(t.Context())
	if err != nil || len(got) != len(rows) || writes != 8 || storetest.MirrorGeneration(t, m) != held+1 {
		t.Errorf("%d accounts in %d transactions, generation %d after %d, %v", len(got), writes, storetest.MirrorGeneration(t, m), held, err)
	}
	changed, _, known, err := m.AccountsSince(t.Context(), held)
	if err != nil || !known || len(changed) != len(rows) {
		t.Errorf("%d are known as changed (%v, %v)", len(changed), known, err)
	}
}

// TestAChangeThatWasWrittenInPartIsNotKnown: a disk that is full ends the write of many accounts in its middle. The comparison after it finds
// those alone that are left: who has the accounts of before in memory must read all rows, or would keep some that were disabled.
func TestAChangeThatWasWrittenInPartIsNotKnown(t *testing.T) {
	p, k := storetest.OpenPostgres(t), &watchedKeeper{Journal: storetest.OpenJournal(t)}
	life := func() *directory.Mirror {
		m, err := directory.OpenMirror(t.Context(), p, k)
		if err != nil {
			t.Fatal(err)
		}
		m.CompareAfter = time.Hour
		return m
	}
	storetest.AddApp(t, p, "a")
	storetest.Refreshed(t, life())
	m := life() // which compares all once more, later
	storetest.Refreshed(t, m)
	storetest.AddApp(t, p, "b")
	storetest.Refreshed(t, m)
	held := storetest.MirrorGeneration(t, m)
	rows := make([]local.Account, 1000)
	for i := range rows {
		rows[i] = local.Account{Account: regulation.Account(fmt.Sprintf("u%06d", i)), UserType: regulation.UserCustomer, PasswordHash: "hash"}
	}
	if err := directory.New(p.Tables()).AddAll(t.Context(), directory.Addition{Accounts: slices.Values(rows)}, nil); err != nil {
		t.Fatal(err)
	}
	k.full, k.room = true, 2
	if err := m.Refresh(t.Context()); !errors.Is(err, store.ErrDiskFull) {
		t.Fatalf("%v, want that the disk is full", err)
	}
	k.full, m.CompareAfter = false, 0 // all is compared
	storetest.Refreshed(t, m)
	if got, err := m.Accounts(t.Context()); err != nil || len(got) != len(rows) {
		t.Fatalf("the mirror has %d accounts, %v", len(got), err)
	}
	if changed, _, known, err := m.AccountsSince(t.Context(), held); err != nil || known && len(changed) != len(rows) {
		t.Errorf("%d of %d accounts are known as changed (%v, %v)", len(changed), len(rows), known, err)
	}
	held = storetest.MirrorGeneration(t, m)
	storetest.AddApp(t, p, "c")
	storetest.Refreshed(t, m)
	if changed, _, known, err := m.AppsSince(t.Context(), held); err != nil || !known || len(changed) != 1 {
		t.Errorf("after it %d AppIDs are known as changed (%v, %v)", len(changed), known, err)
	}
}

// TestAVerifierOfARetiredKeyIsNotWritten: also one that waited while the key changed.
func TestAVerifierOfARetiredKeyIsNotWritten(t *testing.T) {
	v := directory.NewVerifiers(storetest.OpenJournal(t))
	v.SetKeys([]string{"old"})
	v.Keep("u1", local.Verifier{Key: "old", KiB: 1024, Tag: [32]byte{1}})
	v.Keep("u2", local.Verifier{Key: "new", KiB: 1024, Tag: [32]byte{2}})
	v.SetKeys([]string{"new"})
	if err := v.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for account, want := range map[regulation.Account]string{"u1": "", "u2": "new"} {
		if found, err := v.Find(t.Context(), account); err != nil || found.Key != want {
			t.Errorf("%s: a verifier under %q, %v, want %q", account, found.Key, err, want)
		}
	}
}
