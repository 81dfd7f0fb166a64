package heartbeat_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/heartbeat"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
)

// received is a receiver that keeps what it was told.
type received struct{ reports []store.FrontReport }

func (h *received) ReportFront(_ context.Context, r *store.FrontReport, _ func() time.Time) ([]store.Front, error) {
	h.reports = append(h.reports, *r)
	return nil, nil
}

type idle struct{}

func (idle) Rows() int64   { return 0 }
func (idle) Healthy() bool { return true }

// TestLastReportWaitsForRecordsInDoubt: a login that was answered 8 while its commit hung may leave a
// record after the count. No report says then that the front holds nothing.
func TestLastReportWaitsForRecordsInDoubt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{BusyTimeout: time.Minute})
	var pg received
	h, err := heartbeat.New(t.Context(), l, idle{}, &pg, heartbeat.Options{FrontID: 1})
	if err != nil {
		t.Fatal(err)
	}
	release, err := storetest.HoldLock(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	appended := make(chan error, 1)
	go func() {
		rec := storetest.Record(storetest.Day)
		_, err := l.Append(ctx, &rec)
		appended <- err
	}()
	await.True(t, "the commit to wait for the lock", func() bool { return l.HeldUp() != nil })
	giveUp()
	if err := <-appended; !errors.Is(err, store.ErrInDoubt) {
		t.Fatalf("Append: %v, want ErrInDoubt", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.Report(soon); err == nil || len(pg.reports) != 0 {
		t.Errorf("while the commit hangs: error %v, %d reports, want none", err, len(pg.reports))
	}
	stopped := make(chan error, 1)
	go func() { stopped <- h.Stop(context.Background()) }()
	time.Sleep(20 * time.Millisecond) // it may count meanwhile, if it does not wait
	release()
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if n := len(pg.reports); n != 1 || !pg.reports[0].Stopped || pg.reports[0].Held[storetest.Day].Pending != 1 {
		t.Errorf("%d reports, the last says %+v; want one pending record", n, pg.reports)
	}
}
