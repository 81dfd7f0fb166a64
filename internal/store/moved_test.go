package store_test

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
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestMovedStore: whatever happens to the names of an open store's files, no append succeeds until
// they are back, nothing is made in their place, and what succeeded before is in them.
func TestMovedStore(t *testing.T) {
	for _, name := range []string{"local.db", "local.db-wal", "local.db-shm"} {
		for what, do := range map[string]func(t *testing.T, from, to string){
			"moved":    rename,
			"replaced": func(t *testing.T, from, to string) { rename(t, from, to); writeFile(t, from, readFile(t, to)) },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "local.db")
				l := openLocalAt(t, path, store.LocalOptions{})
				recs := storetest.Records(storetest.Day, 3)
				appendAll(t, l, recs[:2])
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

				rename(t, from+".elsewhere", from)
				appendAll(t, l, recs[2:])
				closeIt(t, l)
				wantExactly(t, openLocalAt(t, path, store.LocalOptions{}), storetest.Day, recs)
			})
		}
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// openMany has the pool open all the connections that it may, and says that no new one comes.
func openMany(t *testing.T, l *store.Local) {
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
	for range 5 {
		dir, away := t.TempDir(), t.TempDir()
		l := openLocalAt(t, filepath.Join(dir, "local.db"), store.LocalOptions{})
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
			rename(t, filepath.Join(dir, "local.db"+suffix), filepath.Join(away, "local.db"+suffix))
		}
		all.Wait()
		closeIt(t, l)
		found := stored(t, openLocalAt(t, filepath.Join(away, "local.db"), store.LocalOptions{}), storetest.Day)
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
	path := filepath.Join(t.TempDir(), "local.db")
	l := openLocalAt(t, path, store.LocalOptions{})
	recs := storetest.Records(storetest.Day, 5)
	appendAll(t, l, recs)
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
	closeIt(t, l)

	l = openLocalAt(t, path, store.LocalOptions{})
	if did, err := store.Recover(t.Context(), l, store.Aside{Path: saved, Time: time.Now()}, nil); err != nil || did.Saved != 5 {
		t.Errorf("%+v, %v", did, err)
	}
	wantExactly(t, l, storetest.Day, recs)
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
	writeFile(t, to, b)
}
