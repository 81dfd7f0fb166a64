package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// measure looks how full l is, and fails on an error.
func measure(t *testing.T, l *journal.Journal, now time.Time) journal.Capacity {
	t.Helper()
	f, err := l.Measure(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestBounds: at each bound appends are refused and nothing is recorded; they are taken again
// once the bound is left by a tenth, not before, and by the forwarder's work alone.
func TestBounds(t *testing.T) {
	t.Parallel()
	login := storetest.Record(storetest.Day).LoginTime
	for _, test := range []struct {
		bound  string
		bounds journal.Bounds
		now    time.Time
	}{
		{"rows", journal.Bounds{Rows: 1000}, login},
		{"bytes", journal.Bounds{Bytes: 1 << 20}, login},
		{"age", journal.Bounds{Age: time.Hour}, login.Add(time.Hour)},
	} {
		t.Run(test.bound, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "local.db")
			l := storetest.OpenJournalAt(t, path, journal.Options{Bounds: test.bounds})
			var all []store.Record
			near := 0
			for {
				f := measure(t, l, test.now)
				if f.Rows != int64(len(all)) {
					t.Fatalf("%d rows, want %d", f.Rows, len(all))
				}
				if len(f.Measures) != 1 || f.Measures[0].Bound != test.bound {
					t.Fatalf("measures %+v", f.Measures)
				}
				if f.Measures[0].Near() {
					near++
				}
				if f.Full != nil {
					break
				}
				recs := storetest.Records(storetest.Day, 50)
				storetest.AppendAll(t, l, recs)
				all = append(all, recs...)
			}
			if test.bound != "age" && near < 2 {
				t.Errorf("a warning came at %d looks only, want some before the bound", near)
			}
			rec := storetest.Record(storetest.Day)
			_, err := l.Append(t.Context(), &rec)
			if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "store.max_"+test.bound) {
				t.Fatalf("Append: %v", err)
			}
			storetest.WantExactly(t, l, storetest.Day, all)

			// One row less is not enough to take more.
			if err := storetest.TrimThrough(t.Context(), l, 1); err != nil {
				t.Fatal(err)
			}
			if f := measure(t, l, test.now); f.Full == nil {
				t.Fatal("refusing ended at the bound")
			}
			// All forwarded: the file keeps its size, its room is free again.
			p := storetest.OpenPostgres(t)
			storetest.Forward(t, l, p, forward.Options{})
			storetest.WantEmpty(t, l)
			storetest.Eventually(t, func() error {
				if f := measure(t, l, test.now); f.Full != nil {
					return errors.New(f.Full.String())
				}
				return nil
			})
			if _, err := l.Append(t.Context(), &rec); err != nil {
				t.Errorf("after the backlog was forwarded: %v", err)
			}
		})
	}
}

// TestMinFree: the disk's free space is a bound, however little the store holds.
func TestMinFree(t *testing.T) {
	t.Parallel()
	l := storetest.OpenJournalAt(t, filepath.Join(t.TempDir(), "local.db"), journal.Options{Bounds: journal.Bounds{Free: 1 << 60}})
	if f := measure(t, l, storetest.Noon); f.Full == nil || f.Full.Bound != "free" {
		t.Fatalf("%+v", f)
	}
	rec := storetest.Record(storetest.Day)
	if _, err := l.Append(t.Context(), &rec); !errors.Is(err, store.ErrFull) {
		t.Errorf("Append: %v", err)
	}
}

// TestFreedRoomIsUsedAgain: a backlog that comes and goes does not make the file grow.
func TestFreedRoomIsUsedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	var sizes []int64
	for range 5 {
		if err := l.Put(t.Context(), storetest.Records(storetest.Day, 2000)); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, fileSize(t, path)+fileSize(t, path+"-wal"))
		if err := storetest.TrimThrough(t.Context(), l, l.LastSeq()); err != nil {
			t.Fatal(err)
		}
	}
	if first, last := sizes[1], sizes[len(sizes)-1]; last > first+first/4 {
		t.Errorf("file and log grew from %d to %d bytes: %v", first, last, sizes)
	}
	t.Logf("file and log after each backlog of 2,000: %v", sizes)
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestWALIsBoundedBesideReaders: a report that is read keeps the WAL from being folded; at the
// bound the reader gives up, and the WAL's room is given back.
func TestWALIsBoundedBesideReaders(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	const bound = 24 << 20
	reader := storetest.OpenJournalAt(t, path, journal.Options{WALBytes: bound})
	writer := storetest.OpenJournalAt(t, path, journal.Options{})
	put := func() {
		t.Helper()
		if err := writer.Put(t.Context(), storetest.Records(storetest.Day, 500)); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		put()
	}
	if n := fileSize(t, path+"-wal"); n > 16<<20 {
		t.Errorf("without readers the log has %d bytes", n)
	}
	scans := map[string]func(f func(*store.Record) error) error{
		"a report": func(f func(*store.Record) error) error {
			s, err := reader.Snapshot(t.Context(), storetest.Day)
			if err != nil {
				return err
			}
			defer storetest.CloseIt(t, s)
			return s.Scan(t.Context(), "", f)
		},
		"a scan": func(f func(*store.Record) error) error { return reader.Scan(t.Context(), storetest.Day, f) },
	}
	for name, scan := range scans {
		n, longest := 0, int64(0)
		err := scan(func(*store.Record) error {
			if n++; n%50 == 0 {
				put() // logins go on, ten for each record that is read
				longest = max(longest, fileSize(t, path+"-wal"))
			}
			return nil
		})
		if !errors.Is(err, store.ErrWALTooLong) {
			t.Errorf("%s beside a writer that is faster: %v after %d rows", name, err, n)
		}
		if longest > 2*bound {
			t.Errorf("%s: the log grew to %d bytes, its bound is %d", name, longest, bound)
		}
		put() // folds the WAL
		put()
		if n := fileSize(t, path+"-wal"); n > 16<<20 {
			t.Errorf("%s: the log keeps %d bytes", name, n)
		}
		t.Logf("%s: the log grew to %d bytes until the reader gave up, and has %d now", name, longest, fileSize(t, path+"-wal"))
	}
}
