package gateway

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// hungDisk is told of each commit before its logins are, and does not return while it hangs: so
// a commit looks whose fsync does not come back.
type hungDisk struct {
	store.Observer
	entered, let chan struct{}
}

func (d *hungDisk) LocalCommit(int, time.Duration, error) {
	d.entered <- struct{}{}
	<-d.let
}

// TestHungDisk: on a real local store, the login whose record the commit has taken is answered 8
// and its record is there once the disk returns; the login behind it is answered 90 and leaves none.
func TestHungDisk(t *testing.T) {
	t.Parallel()
	disk := &hungDisk{entered: make(chan struct{}, 3), let: make(chan struct{})}
	local, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{Observer: disk})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	}()
	log, err := forward.NewRecorder(local, nil, forward.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(s *setup) { s.Recorder = log })
	// The deadline of each is its context's (TestHungPart has what login_work makes of it): a busy machine may take its time to
	// come to the commit.
	ctx, expire := context.WithCancel(t.Context())
	defer expire()
	first := make(chan reason.Reason, 1)
	go func() { first <- h.Login(ctx, home, new(attempt())).Reason }()
	<-disk.entered
	soon, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if why := h.Login(soon, home, new(attempt())).Reason; why != reason.LoginDeadline {
		t.Errorf("the login behind it: %v", why)
	}
	expire()
	if why := <-first; why != reason.StoreInDoubt {
		t.Errorf("the login whose commit hangs: %v", why)
	}
	close(disk.let)
	if why := h.Login(t.Context(), home, new(attempt())).Reason; why != reason.OK {
		t.Errorf("once the disk has returned: %v", why)
	}
	days, err := local.Days(t.Context())
	if err != nil || len(days) != 1 || days[0].Records != 2 {
		t.Errorf("%v, %v; want the record in doubt and the last one", days, err)
	}
	var inDoubt []logs.Entry
	for _, line := range h.audit.entries {
		if line.Reason == reason.StoreInDoubt.String() {
			inDoubt = append(inDoubt, line)
		}
	}
	if len(inDoubt) != 1 {
		t.Fatalf("%d lines of a login in doubt", len(inDoubt))
	}
	if _, err := local.Find(t.Context(), inDoubt[0].RecordID); err != nil {
		t.Errorf("the record of the audit line: %v", err)
	}
}
