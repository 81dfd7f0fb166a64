package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestConnectionCutAtCommit is the pair of faults that look the same from here: failed,
// and failed but committed.
func TestConnectionCutAtCommit(t *testing.T) {
	for name, c := range map[string]struct {
		where     cut
		committed bool
	}{
		"failed":               {beforeCommit, false},
		"failed but committed": {afterCommit, true},
	} {
		t.Run(name, func(t *testing.T) {
			direct := pgtest.Database(t)
			sees := openPostgresAt(t, direct, store.PostgresOptions{})
			through, url := startProxy(t, direct)
			p := connect(t, url, store.PostgresOptions{})
			recs := storetest.Records(storetest.Day, 50)
			if err := p.CopyIn(t.Context(), recs[:1]); err != nil {
				t.Fatal(err)
			}

			through.next.Store(int32(c.where))
			wantInDoubt(t, p.CopyIn(t.Context(), recs[1:]))
			if c.committed {
				eventually(t, func() error { return wantCount(t, sees, 50) })
			} else {
				wantExactly(t, sees, storetest.Day, recs[:1])
			}
			// The retry, first through the same fault again.
			through.next.Store(int32(c.where))
			wantInDoubt(t, p.Put(t.Context(), recs[1:]))
			if err := p.Put(t.Context(), recs[1:]); err != nil {
				t.Fatal(err)
			}
			wantExactly(t, sees, storetest.Day, recs)
		})
	}
}

func wantCount(t *testing.T, s store.Store, n int) error {
	if got := len(stored(t, s, storetest.Day)); got != n {
		return errors.New("not all records are there")
	}
	return nil
}

// TestForwarderThroughCuts: both faults, again and again, and every record arrives once.
func TestForwarderThroughCuts(t *testing.T) {
	direct := pgtest.Database(t)
	sees := openPostgresAt(t, direct, store.PostgresOptions{})
	through, url := startProxy(t, direct)
	l, seen := openLocal(t), newLedger()
	f := startForwarder(t, l, connect(t, url, store.PostgresOptions{}),
		store.ForwarderOptions{BatchRows: 20, BatchDelay: time.Millisecond, Observer: seen})
	var all []store.Record
	for round := range 10 {
		through.next.Store(int32([]cut{beforeCommit, afterCommit}[round%2]))
		recs := storetest.Records(storetest.Day, 30)
		appendAll(t, l, recs)
		all = append(all, recs...)
		drain(t, f)
		wantExactly(t, sees, storetest.Day, all)
	}
	wantEmpty(t, l)
	if n := through.cuts.Load(); n != 10 {
		t.Errorf("%d connections were cut, want 10", n)
	}
	for _, err := range seen.errors() {
		wantInDoubt(t, err)
	}
}
