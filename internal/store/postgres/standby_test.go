package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// The traps of a synchronous standby that does not answer: a COMMIT hangs, and an
// administrator who cancels it is told that it succeeded.

// TestCancelledCommitIsInDoubt: an administrator cancels the wait; COMMIT succeeds with a
// warning. That is not durable.
func TestCancelledCommitIsInDoubt(t *testing.T) {
	t.Parallel()
	c, p := storetest.WithoutStandby(t, storetest.Patience)
	recs := storetest.Records(storetest.Day, 3)
	result := make(chan error, 1)
	go func() { result <- p.CopyIn(t.Context(), recs) }()
	cancelCommit(t, c)
	storetest.WantInDoubt(t, <-result)
	storetest.WantExactly(t, p, storetest.Day, recs) // it is there, and not durable

	// The retry must not be satisfied with rows that are there: it waits again.
	go func() { result <- p.Put(t.Context(), recs) }()
	cancelCommit(t, c)
	storetest.WantInDoubt(t, <-result)

	storetest.Setting(t, storetest.Session(t, c.URL()), "synchronous_standby_names", "")
	if err := p.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	storetest.WantExactly(t, p, storetest.Day, recs)
}

// TestCommitPastPatienceIsInDoubt: no administrator cancels; the batch's patience ends.
func TestCommitPastPatienceIsInDoubt(t *testing.T) {
	t.Parallel()
	c, p := storetest.WithoutStandby(t, 2*time.Second) // it must reach COMMIT
	recs := storetest.Records(storetest.Day, 3)
	storetest.WantInDoubt(t, p.CopyIn(t.Context(), recs))
	storetest.WantInDoubt(t, p.Put(t.Context(), recs))
	storetest.Setting(t, storetest.Session(t, c.URL()), "synchronous_standby_names", "")
	storetest.Eventually(t, func() error { return p.Put(t.Context(), recs) })
	storetest.WantExactly(t, p, storetest.Day, recs)
}

// cancelCommit waits until the front's COMMIT waits for the standby, and cancels it.
func cancelCommit(t *testing.T, c *pgtest.Cluster) {
	t.Helper()
	admin := storetest.Session(t, c.URL())
	storetest.Eventually(t, func() error {
		var cancelled int
		err := admin.QueryRow(t.Context(), `SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
			WHERE application_name = 'front' AND wait_event = 'SyncRep'`).Scan(&cancelled)
		if err == nil && cancelled == 0 {
			err = errors.New("no COMMIT waits for the standby")
		}
		return err
	})
}

// TestCommitOutlivesItsContext: a front that stops does not cancel the COMMIT that is on its
// way; if the standby confirms within the grace, the batch is known to be durable.
func TestCommitOutlivesItsContext(t *testing.T) {
	t.Parallel()
	c, p := storetest.WithoutStandby(t, storetest.Patience)
	for attempt := range 5 { // a slow machine may miss the grace, in doubt is right then
		admin := storetest.Session(t, c.URL())
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- p.CopyIn(ctx, storetest.Records(storetest.Day, 3)) }()
		storetest.Eventually(t, func() error {
			var waiting int
			err := admin.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE application_name = 'front' AND wait_event = 'SyncRep'`).Scan(&waiting)
			if err == nil && waiting == 0 {
				err = errors.New("no COMMIT waits for the standby")
			}
			return err
		})
		cancel()
		storetest.Setting(t, admin, "synchronous_standby_names", "")
		err := <-result
		if err == nil {
			return
		}
		storetest.WantInDoubt(t, err)
		t.Logf("attempt %d: %v", attempt+1, err)
		storetest.Setting(t, admin, "synchronous_standby_names", "no_such_standby")
		storetest.Eventually(t, func() error { return storetest.CommitHangs(t, c) })
	}
	t.Error("a COMMIT does not outlive its context")
}
