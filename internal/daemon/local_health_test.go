package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
)

// A store that failed makes the front not ready until a probe shows that it works again.
func TestLocalHealth(t *testing.T) {
	local, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var h localHealth
	if ready, _ := h.check(); !ready {
		t.Error("not ready at the start")
	}
	h.note(store.ErrDiskFull)
	if ready, reason := h.check(); ready || !strings.Contains(reason, "disk full") {
		t.Errorf("after a failed commit: %v, %s", ready, reason)
	}
	h.probe(context.Background(), local, zap.NewNop())
	if ready, reason := h.check(); !ready {
		t.Errorf("after a good probe: %s", reason)
	}
	if err := local.Close(); err != nil {
		t.Fatal(err)
	}
	h.note(store.ErrDiskFull)
	h.probe(context.Background(), local, zap.NewNop())
	if err := h.trouble(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after a failed probe: %v", err)
	}
}

// hungDisk does not return from a commit before it is let.
type hungDisk struct {
	store.Observer
	entered, let chan struct{}
}

func (d hungDisk) LocalCommit(int, time.Duration, error) {
	close(d.entered)
	<-d.let
}

// TestLocalHealthOfAHungDisk: a commit that does not return makes the front not ready, and its end
// makes it ready again.
func TestLocalHealthOfAHungDisk(t *testing.T) {
	t.Parallel()
	disk := hungDisk{entered: make(chan struct{}), let: make(chan struct{})}
	local, err := journal.Open(t.Context(), filepath.Join(t.TempDir(), "local.db"), journal.Options{Observer: disk})
	if err != nil {
		t.Fatal(err)
	}
	appended := make(chan error, 1)
	go func() {
		_, err := local.Append(context.Background(), &store.Record{
			ID: uuid.New(), TradingDay: 20260105, LoginTime: time.Unix(1767574800, 0), Flag: '0', UserType: '1',
		})
		appended <- err
	}()
	<-disk.entered
	var h localHealth
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond) // instead of localPatience
	defer cancel()
	h.probe(short, local, zap.NewNop())
	if ready, why := h.check(); ready || !strings.Contains(why, "look whether the disk hangs") {
		t.Errorf("while the disk hangs: %v, %s", ready, why)
	}
	close(disk.let)
	if err := <-appended; err != nil {
		t.Fatal(err)
	}
	h.probe(t.Context(), local, zap.NewNop())
	if ready, why := h.check(); !ready {
		t.Errorf("once it has returned: %s", why)
	}
	if err := local.Close(); err != nil {
		t.Fatal(err)
	}
}
