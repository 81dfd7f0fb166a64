package forward_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/cutproxy"
)

// TestConnectionCutAtCommit makes the two faults that a client cannot tell apart: the commit failed,
// and it succeeded but its answer was lost.
func TestConnectionCutAtCommit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		where     cutproxy.Point
		committed bool
	}{
		"failed":               {cutproxy.BeforeCommit, false},
		"failed but committed": {cutproxy.AfterCommit, true},
	} {
		t.Run(name, func(t *testing.T) {
			direct := storetest.Migrated(t)
			sees := storetest.OpenPostgresAt(t, direct, postgres.Options{})
			through := cutproxy.Start(t)
			url := through.Through(t, direct)
			p := storetest.Connect(t, url, postgres.Options{})
			recs := storetest.Records(storetest.Day, 50)
			if err := p.CopyIn(t.Context(), recs[:1]); err != nil {
				t.Fatal(err)
			}

			through.Cut(c.where, 1)
			storetest.WantInDoubt(t, p.CopyIn(t.Context(), recs[1:]))
			if c.committed {
				storetest.Eventually(t, func() error { return wantCount(t, sees, 50) })
			} else {
				storetest.WantExactly(t, sees, storetest.Day, recs[:1])
			}
			// The retry, first through the same fault again.
			through.Cut(c.where, 1)
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

// TestForwarderThroughCuts repeats both faults, and wants every record once.
func TestForwarderThroughCuts(t *testing.T) {
	t.Parallel()
	direct := storetest.Migrated(t)
	sees := storetest.OpenPostgresAt(t, direct, postgres.Options{})
	through := cutproxy.Start(t)
	url := through.Through(t, direct)
	l, seen := storetest.OpenJournal(t), storetest.NewObserved()
	f := storetest.Forward(t, l, storetest.Connect(t, url, postgres.Options{}),
		forward.Options{BatchRows: 20, BatchDelay: time.Millisecond, Observer: seen})
	var all []store.Record
	for round := range 10 {
		through.Cut([]cutproxy.Point{cutproxy.BeforeCommit, cutproxy.AfterCommit}[round%2], 1)
		recs := storetest.Records(storetest.Day, 30)
		storetest.AppendAll(t, l, recs)
		all = append(all, recs...)
		storetest.Drain(t, f)
		storetest.WantExactly(t, sees, storetest.Day, all)
	}
	storetest.WantEmpty(t, l)
	if n := through.Cuts(); n != 10 {
		t.Errorf("%d connections were cut, want 10", n)
	}
	for _, err := range seen.Errors() {
		storetest.WantInDoubt(t, err)
	}
}
