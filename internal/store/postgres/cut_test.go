package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestCutMeetsTheAnswer: where a COMMIT's answer comes at the instant at which the connection is cut, who has the answer knows whether it is cut,
// and it is not cut later, when the pool has given it to another.
func TestCutMeetsTheAnswer(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var closed atomic.Bool
			stop := postgres.CutAfter(ctx, func() { closed.Store(true) })
			time.Sleep(time.Second) // the simulated one: both are due now
			cut := stop()
			synctest.Wait()
			if cut != closed.Load() {
				t.Errorf("cut %v, and the socket is closed: %v", cut, closed.Load())
			}
		})
	}
}

// TestConnectionThatWasCutIsNotUsedAgain, though the answer to its COMMIT had come.
func TestConnectionThatWasCutIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	p := storetest.OpenPostgresAt(t, pgtest.Database(t), postgres.Options{Conns: 1})
	if err := p.CommitCutAfterwards(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.Scan(t.Context(), storetest.Day, func(*store.Record) error { return nil }); err != nil {
		t.Errorf("what comes next: %v", err)
	}
}
