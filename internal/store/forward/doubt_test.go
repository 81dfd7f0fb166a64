package forward_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestConnectionCutAtCommit is the pair of faults that look the same from here: failed,
// and failed but committed.
func TestConnectionCutAtCommit(t *testing.T) {
	for name, c := range map[string]struct {
		where     storetest.Cut
		committed bool
	}{
		"failed":               {storetest.BeforeCommit, false},
		"failed but committed": {storetest.AfterCommit, true},
	} {
		t.Run(name, func(t *testing.T) {
			direct := pgtest.Database(t)
			sees := storetest.OpenPostgresAt(t, direct, postgres.Options{})
			through, url := storetest.StartProxy(t, direct)
			p := storetest.Connect(t, url, postgres.Options{})
			recs := storetest.Records(storetest.Day, 50)
			if err := p.CopyIn(t.Context(), recs[:1]); err != nil {
				t.Fatal(err)
			}

			through.Next.Store(int32(c.where))
			storetest.WantInDoubt(t, p.CopyIn(t.Context(), recs[1:]))
			if c.committed {
				storetest.Eventually(t, func() error { return wantCount(t, sees, 50) })
			} else {
				storetest.WantExactly(t, sees, storetest.Day, recs[:1])
			}
			// The retry, first through the same fault again.
			through.Next.Store(int32(c.where))
			storetest.WantInDoubt(t, p.Put(t.Context(), recs[1:]))
			if err := p.Put(t.Context(), recs[1:]); err != nil {
				t.Fatal(err)
			}
			storetest.WantExactly(t, sees, storetest.Day, recs)
		})
	}
}

func wantCount(t *testing.T, s store.Store, n int) error {
	if got := len(storetest.Stored(t, s, storetest.Day)); got != n {
		return errors.New("not all records are there")
	}
	return nil
}

// TestForwarderThroughCuts: both faults, again and again, and every record arrives once.
func TestForwarderThroughCuts(t *testing.T) {
	direct := pgtest.Database(t)
	sees := storetest.OpenPostgresAt(t, direct, postgres.Options{})
	through, url := storetest.StartProxy(t, direct)
	l, seen := storetest.OpenJournal(t), storetest.NewObserved()
	f := storetest.Forward(t, l, storetest.Connect(t, url, postgres.Options{}),
		forward.Options{BatchRows: 20, BatchDelay: time.Millisecond, Observer: seen})
	var all []store.Record
	for round := range 10 {
		through.Next.Store(int32([]storetest.Cut{storetest.BeforeCommit, storetest.AfterCommit}[round%2]))
		recs := storetest.Records(storetest.Day, 30)
		storetest.AppendAll(t, l, recs)
		all = append(all, recs...)
		storetest.Drain(t, f)
		storetest.WantExactly(t, sees, storetest.Day, all)
	}
	storetest.WantEmpty(t, l)
	if n := through.Cuts.Load(); n != 10 {
		t.Errorf("%d connections were cut, want 10", n)
	}
	for _, err := range seen.Errors() {
		storetest.WantInDoubt(t, err)
	}
}
