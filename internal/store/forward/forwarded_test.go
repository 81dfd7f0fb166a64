package forward_test

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestForwardedAtLeast: a record that two files may both have brought counts once.
func TestForwardedAtLeast(t *testing.T) {
	t.Parallel()
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	front := func(id int32, s uuid.UUID, n int64) store.Front {
		return store.Front{FrontReport: store.FrontReport{FrontID: id, StoreID: s, ForwardedOf: map[calendar.TradingDay]int64{storetest.Day: n}}}
	}
	retired := front(2, b, 30)
	retired.Retired = time.Now()
	unknown := front(3, c, 0)
	unknown.ForwardedOf = nil
	for name, c := range map[string]struct {
		fronts []store.Front
		want   int64
	}{
		"none":                            {nil, 0},
		"two fronts, one retired":         {[]store.Front{front(1, a, 100), retired}, 130},
		"one of an older version":         {[]store.Front{front(1, a, 100), unknown}, 100},
		"another life of a store":         {[]store.Front{front(1, a, 100), front(1, a, 66)}, 100},
		"a front with a new store":        {[]store.Front{front(1, a, 10), front(1, b, 66)}, 66},
		"a store with another front.id":   {[]store.Front{front(1, a, 100), front(2, a, 150)}, 150},
		"joined by a third, told last":    {[]store.Front{front(1, a, 100), front(2, b, 90), front(1, b, 1)}, 100},
		"another day, and one that joins": {[]store.Front{front(4, c, 5), front(1, a, 100), front(4, a, 1)}, 100},
	} {
		if got := store.ForwardedAtLeast(c.fronts, storetest.Day); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if got := store.ForwardedAtLeast(c.fronts, storetest.Day+1); got != 0 {
			t.Errorf("%s: %d of a day of which none was brought", name, got)
		}
	}
}

// TestForwardedOf: each record is counted once, when it leaves the file, and PostgreSQL keeps the numbers
// beside what is held. Records recovered from another file make the number of their day unknown.
func TestForwardedOf(t *testing.T) {
	t.Parallel()
	const other = storetest.Day + 1
	path := filepath.Join(t.TempDir(), "front.db")
	local := storetest.OpenJournalAt(t, path, journal.Options{})
	put := func(recs ...store.Record) {
		t.Helper()
		if err := local.Put(t.Context(), recs); err != nil {
			t.Fatal(err)
		}
	}
	want := func(want map[calendar.TradingDay]int64) {
		t.Helper()
		if got, err := local.ForwardedOf(t.Context()); err != nil || !maps.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
	want(map[calendar.TradingDay]int64{})
	put(append(storetest.Records(storetest.Day, 3), storetest.Records(other, 2)...)...)
	for range 2 { // as after a commit that seemed to fail
		if err := storetest.TrimThrough(t.Context(), local, 4); err != nil {
			t.Fatal(err)
		}
	}
	want(map[calendar.TradingDay]int64{storetest.Day: 3, other: 1})

	p := storetest.OpenPostgres(t)
	held, _, err := local.Held(t.Context())
	forwarded, more := local.ForwardedOf(t.Context())
	if err := errors.Join(err, more); err != nil {
		t.Fatal(err)
	}
	delete(held, other) // as if it had been handed over since
	report := store.FrontReport{FrontID: 1, StoreID: uuid.New(), Held: held, ForwardedOf: forwarded}
	if _, err := p.ReportFront(t.Context(), &report, time.Now); err != nil {
		t.Fatal(err)
	}
	if fronts, err := p.Fronts(t.Context()); err != nil || len(fronts) != 1 || !maps.Equal(fronts[0].ForwardedOf, forwarded) || !maps.Equal(fronts[0].Held, held) {
		t.Errorf("%+v, %v", fronts, err)
	}

	copyPath := filepath.Join(t.TempDir(), "old.db")
	old := storetest.OpenJournalAt(t, copyPath, journal.Options{})
	if err := errors.Join(old.Put(t.Context(), storetest.Records(other, 1)), old.Close()); err != nil {
		t.Fatal(err)
	}
	if did, err := repair.Recover(t.Context(), local, localfile.CorruptStore{Path: copyPath}, nil); err != nil || did.Saved != 1 {
		t.Fatalf("%+v, %v", did, err)
	}
	if err := storetest.TrimThrough(t.Context(), local, 99); err != nil {
		t.Fatal(err)
	}
	want(map[calendar.TradingDay]int64{storetest.Day: 3})
}
