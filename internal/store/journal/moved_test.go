package journal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestMovedStore: when the names of an open store's files are moved or removed, no append succeeds until
// they are back, nothing is made in their place, and what succeeded before is in them.
func TestMovedStore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"local.db", "local.db-wal", "local.db-shm"} {
		for what, do := range map[string]func(t *testing.T, from, to string){
			"moved": storetest.Rename,
			"replaced": func(t *testing.T, from, to string) {
				storetest.Rename(t, from, to)
				storetest.WriteFile(t, from, storetest.ReadFile(t, to))
			},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "local.db")
				l := storetest.OpenJournalAt(t, path, journal.Options{})
				recs := storetest.Records(storetest.Day, 3)
				storetest.AppendAll(t, l, recs[:2])
				from := filepath.Join(filepath.Dir(path), name)
				do(t, from, from+".elsewhere")

				for range 2 {
					_, err := l.Append(t.Context(), &recs[2])
					if !errors.Is(err, store.ErrMoved) || !strings.Contains(err.Error(), from+".elsewhere now") {
						t.Fatalf("append: %v", err)
					}
				}
				if err := l.Reach(t.Context()); !errors.Is(err, store.ErrMoved) {
					t.Errorf("reach: %v", err)
				}
				if err := l.Probe(t.Context()); !errors.Is(err, store.ErrMoved) {
					t.Errorf("probe: %v", err)
				}
				openMany(t, l)
				if _, err := os.Stat(from); what == "moved" && err == nil {
					t.Error("something was made in its place")
				}

				storetest.Rename(t, from+".elsewhere", from)
				storetest.AppendAll(t, l, recs[2:])
				storetest.CloseIt(t, l)
				storetest.WantExactly(t, storetest.OpenJournalAt(t, path, journal.Options{}), storetest.Day, recs)
			})
		}
	}
}

// openMany has the pool open all the connections that it may, and says that no new one comes.
func openMany(t *testing.T, l *journal.Journal) {
	t.Helper()
	failed := 0
	for range 4 {
		s, err := l.Snapshot(t.Context(), storetest.Day)
		if err == nil {
			defer s.Close()
			continue
		}
		if failed++; !errors.Is(err, store.ErrMoved) {
			t.Errorf("another connection: %v", err)
		}
	}
	if failed == 0 {
		t.Error("the pool had all its connections: nothing was tested")
	}
}

// TestMoveUnderLoad: the files are moved, one by one, while logins come in. What was answered is in
// the files that were moved.
func TestMoveUnderLoad(t *testing.T) {
	t.Parallel()
	for range 5 {
		dir, away := t.TempDir(), t.TempDir()
		l := storetest.OpenJournalAt(t, filepath.Join(dir, "local.db"), journal.Options{})
		var (
			mu       sync.Mutex
			answered = make(map[uuid.UUID]bool)
			enough   = make(chan struct{})
			all      sync.WaitGroup
		)
		for range 8 {
			all.Go(func() {
				for {
					rec := storetest.Record(storetest.Day)
					if _, err := l.Append(context.Background(), &rec); err != nil {
						if !errors.Is(err, store.ErrMoved) {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					if answered[rec.ID] = true; len(answered) == 200 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		for _, suffix := range []string{"", "-wal", "-shm"} {
			storetest.Rename(t, filepath.Join(dir, "local.db"+suffix), filepath.Join(away, "local.db"+suffix))
		}
		all.Wait()
		storetest.CloseIt(t, l)
		found := storetest.Stored(t, storetest.OpenJournalAt(t, filepath.Join(away, "local.db"), journal.Options{}), storetest.Day)
		for id := range answered {
			if _, ok := found[id]; !ok {
				t.Errorf("%v was answered and is lost", id)
			}
		}
	}
}

// TestRemovedStore: the records of a store that was removed are saved from the running process, in
// the way that its error says.
func TestRemovedStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	recs := storetest.Records(storetest.Day, 5)
	storetest.AppendAll(t, l, recs)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil {
			t.Fatal(err)
		}
	}
	err := l.Reach(t.Context())
	m := regexp.MustCompile(`copy (/proc/\d+/fd/\d+) to a file, .* \((/proc/\d+/fd/\d+)\)`).FindStringSubmatch(fmt.Sprint(err))
	if !errors.Is(err, store.ErrMoved) || m == nil {
		t.Fatalf("%v", err)
	}
	saved := filepath.Join(t.TempDir(), "saved.db")
	copyFile(t, m[1], saved)
	copyFile(t, m[2], saved+"-wal")
	storetest.CloseIt(t, l)

	l = storetest.OpenJournalAt(t, path, journal.Options{})
	if did, err := repair.Recover(t.Context(), l, localfile.CorruptStore{Path: saved, Time: time.Now()}, nil); err != nil || did.Saved != 5 {
		t.Errorf("%+v, %v", did, err)
	}
	storetest.WantExactly(t, l, storetest.Day, recs)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	storetest.WriteFile(t, to, b)
}
