package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestSimultaneousOpen: many processes may meet a file that is not there yet.
func TestSimultaneousOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			l, err := journal.Open(t.Context(), path, journal.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			rec := storetest.Record(storetest.Day)
			if _, err := l.Append(t.Context(), &rec); err != nil {
				t.Error(err)
			}
			storetest.CloseIt(t, l)
		})
	}
	wg.Wait()
	if n := len(storetest.Stored(t, storetest.OpenJournalAt(t, path, journal.Options{}), storetest.Day)); n != 8 {
		t.Errorf("%d records, want 8", n)
	}
}

// TestChangeBesideWriter: a command changes the directory while a daemon appends, and the
// daemon sees it.
func TestChangeBesideWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	daemon := storetest.OpenJournalAt(t, path, journal.Options{})
	command := storetest.OpenJournalAt(t, path, journal.Options{})
	ctx, stop := context.WithCancel(t.Context())
	var appended []store.Record
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			rec := storetest.Record(storetest.Day)
			if _, err := daemon.Append(context.Background(), &rec); err != nil {
				t.Error(err)
				return
			}
			appended = append(appended, rec)
		}
	}()
	before, err := directory.New(daemon.Tables()).Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range storetest.Accounts(20) {
		if err := directory.New(command.Tables()).AddAccount(t.Context(), account); err != nil {
			t.Error(err)
		}
	}
	stop()
	<-done
	after, err := directory.New(daemon.Tables()).Generation(t.Context())
	if err != nil || after != before+20 {
		t.Errorf("generation %d after %d, error %v, want 20 more", after, before, err)
	}
	storetest.WantExactly(t, command, storetest.Day, appended)
}

func TestLocalSchemaOfNewerBinaryIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	storetest.CloseIt(t, storetest.OpenJournalAt(t, path, journal.Options{}))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)"); err != nil {
		t.Fatal(err)
	}
	_, err = journal.Open(t.Context(), path, journal.Options{})
	if e, ok := errors.AsType[*store.SchemaError](err); !ok || e.Current != 99 || !errors.Is(err, store.ErrSchema) {
		t.Errorf("journal.Open: %v, want a SchemaError of version 99", err)
	}
}

func TestAppendWithEndedContextRecordsNothing(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournal(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(ctx, &rec); !errors.Is(err, context.Canceled) {
		t.Errorf("Append: %v, want the context's error", err)
	}
	storetest.WantExactly(t, l, storetest.Day, nil)
}

func TestOpenLocalWhereItCannotBe(t *testing.T) {
	t.Parallel()
	if _, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "none", "local.db"), journal.Options{}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
