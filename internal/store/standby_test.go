package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// The traps of a synchronous standby that does not answer: a COMMIT hangs, and whoever
// cancels it is told that it succeeded.

func withoutStandby(t *testing.T, patience time.Duration) (*pgtest.Cluster, *store.Postgres) {
	t.Helper()
	c := pgtest.Start(t)
	p := openPostgresAt(t, with(c.URL(), "application_name=front"), store.PostgresOptions{BatchPatience: patience})
	if err := p.EnsurePartitions(t.Context(), []calendar.TradingDay{storetest.Day}); err != nil {
		t.Fatal(err)
	}
	setting(t, session(t, c.URL()), "synchronous_standby_names", "nobody")
	eventually(t, func() error { return commitHangs(t, c) })
	return c, p
}

// commitHangs returns nil when the setting is in force: the server takes it over some
// time after it was told to.
func commitHangs(t *testing.T, c *pgtest.Cluster) error {
	conn := session(t, c.URL())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "UPDATE directory SET generation = generation"); err == nil {
		return errors.New("a COMMIT does not wait for the standby")
	}
	return nil
}

// TestCancelledCommitIsInDoubt: an administrator cancels the wait; COMMIT succeeds with a
// warning. That is not durable.
func TestCancelledCommitIsInDoubt(t *testing.T) {
	c, p := withoutStandby(t, patience)
	recs := storetest.Records(storetest.Day, 3)
	result := make(chan error, 1)
	go func() { result <- p.CopyIn(t.Context(), recs) }()
	cancelCommit(t, c)
	wantInDoubt(t, <-result)
	wantExactly(t, p, storetest.Day, recs) // it is there, and not durable

	// The retry must not be satisfied with rows that are there: it waits again.
	go func() { result <- p.Put(t.Context(), recs) }()
	cancelCommit(t, c)
	wantInDoubt(t, <-result)

	setting(t, session(t, c.URL()), "synchronous_standby_names", "")
	if err := p.Put(t.Context(), recs); err != nil {
		t.Fatal(err)
	}
	wantExactly(t, p, storetest.Day, recs)
}

// TestCommitPastPatienceIsInDoubt: nobody cancels; the batch's patience ends.
func TestCommitPastPatienceIsInDoubt(t *testing.T) {
	c, p := withoutStandby(t, 300*time.Millisecond)
	recs := storetest.Records(storetest.Day, 3)
	wantInDoubt(t, p.CopyIn(t.Context(), recs))
	wantInDoubt(t, p.Put(t.Context(), recs))
	setting(t, session(t, c.URL()), "synchronous_standby_names", "")
	eventually(t, func() error { return p.Put(t.Context(), recs) })
	wantExactly(t, p, storetest.Day, recs)
}

// cancelCommit waits until the front's COMMIT waits for the standby, and cancels it.
func cancelCommit(t *testing.T, c *pgtest.Cluster) {
	t.Helper()
	admin := session(t, c.URL())
	eventually(t, func() error {
		var cancelled int
		err := admin.QueryRow(t.Context(), `SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
			WHERE application_name = 'front' AND wait_event = 'SyncRep'`).Scan(&cancelled)
		if err == nil && cancelled == 0 {
			err = errors.New("no COMMIT waits for the standby")
		}
		return err
	})
}

func wantInDoubt(t *testing.T, err error) {
	t.Helper()
	var doubt *store.InDoubtError
	if !errors.As(err, &doubt) {
		t.Fatalf("error %v, want an InDoubtError", err)
	}
}

// TestCommitOutlivesItsContext: a front that stops does not cancel the COMMIT that is on its
// way; if the standby confirms within the grace, the batch is known to be durable.
func TestCommitOutlivesItsContext(t *testing.T) {
	c, p := withoutStandby(t, patience)
	for attempt := range 5 { // a slow machine may miss the grace, in doubt is right then
		admin := session(t, c.URL())
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- p.CopyIn(ctx, storetest.Records(storetest.Day, 3)) }()
		eventually(t, func() error {
			var waiting int
			err := admin.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE application_name = 'front' AND wait_event = 'SyncRep'`).Scan(&waiting)
			if err == nil && waiting == 0 {
				err = errors.New("no COMMIT waits for the standby")
			}
			return err
		})
		cancel()
		setting(t, admin, "synchronous_standby_names", "")
		err := <-result
		if err == nil {
			return
		}
		wantInDoubt(t, err)
		t.Logf("attempt %d: %v", attempt+1, err)
		setting(t, admin, "synchronous_standby_names", "nobody")
		eventually(t, func() error { return commitHangs(t, c) })
	}
	t.Error("a COMMIT does not outlive its context")
}
