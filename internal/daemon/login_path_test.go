package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
)

// idleServer has no logins in flight: each was answered.
type idleServer struct{}

func (idleServer) Start() error                { return nil }
func (idleServer) Drain(context.Context) error { return nil }

// TestStopWithRecordInDoubt: while a commit hangs, every login may be answered and a record still
// come. Then the path does not say that all is handed over.
func TestStopWithRecordInDoubt(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	for _, hangs := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "local.db")
		local, err := journal.Open(t.Context(), path, journal.Options{BusyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		release := func() {}
		if hangs {
			if release, err = storetest.HoldLock(path); err != nil {
				t.Fatal(err)
			}
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			appended := make(chan error, 1)
			go func() {
				rec := storetest.Record(storetest.Day)
				_, err := local.Append(ctx, &rec)
				appended <- err
			}()
			await.True(t, "the commit to wait for the lock", func() bool { return local.HeldUp() != nil })
			giveUp()
			if err := <-appended; !errors.Is(err, store.ErrInDoubt) {
				t.Fatalf("Append: %v, want ErrInDoubt", err)
			}
		}
		drained := hangs
		p := LoginPath{Journal: local, server: idleServer{}, opt: PathOptions{
			Config: &cfg, Logger: zap.NewNop(),
			Between: Between{HandedOver: func(d bool) {
				drained = d
				release() // else the store does not close
			}},
		}}
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if drained == hangs {
			t.Errorf("hangs %v: told that drained is %v", hangs, drained)
		}
	}
}
