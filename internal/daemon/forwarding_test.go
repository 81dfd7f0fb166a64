package daemon

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/await"
)

// slowReturn is a PostgreSQL that refuses to answer until it is up, takes a batch, and lets the second wait.
type slowReturn struct {
	forward.Destination
	up, second, rest chan struct{}
	batches          int
}

func (p *slowReturn) Put(ctx context.Context, _ []store.Record) error {
	select {
	case <-p.up:
	default:
		return errors.New("connection refused")
	}
	if p.batches++; p.batches == 2 {
		close(p.second)
		select {
		case <-p.rest:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *slowReturn) CopyIn(ctx context.Context, recs []store.Record) error { return p.Put(ctx, recs) }

func (p *slowReturn) Probe(context.Context) error { return nil }

// TestEndOfAnOutageTellsTheBacklog: the line of the end has what waited in the outage, of several batches, and not the first of them.
func TestEndOfAnOutageTellsTheBacklog(t *testing.T) {
	t.Parallel()
	const batch, backlog = 10, 95
	core, logged := observer.New(zap.DebugLevel)
	d := &Daemon{logger: zap.New(core), metrics: ops.NewMetrics("test", "")}
	d.path.Journal = storetest.OpenJournal(t)
	storetest.AppendAll(t, d.path.Journal, storetest.Records(20260105, backlog))
	pg := &slowReturn{up: make(chan struct{}), second: make(chan struct{}), rest: make(chan struct{})}
	d.path.Forwarder = forward.New(d.path.Journal, pg, forward.Options{
		BatchRows: batch, BatchDelay: time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond,
		Observer: storeObserver{d.metrics, d.logger, &d.localHealth, d.noteForwarding},
	})
	lines := func(message string) []observer.LoggedEntry {
		return logged.Filter(func(l observer.LoggedEntry) bool { return l.Message == message }).All()
	}
	const back = "PostgreSQL takes records again: records_sent went there since the trouble began, records_waiting are still to go"
	d.path.Forwarder.Start()
	defer d.path.Forwarder.Close()
	await.True(t, "the outage to be logged", func() bool { return logged.FilterLevelExact(zapcore.ErrorLevel).Len() > 0 })
	close(pg.up)
	<-pg.second
	look := func() { d.noteForwarding(d.path.Forwarder.LastError()) }
	if look(); len(lines(back)) != 0 || d.path.Forwarder.LastError() != nil {
		t.Fatalf("after a batch: %+v, %v", logged.All(), d.path.Forwarder.LastError())
	}
	close(pg.rest)
	await.True(t, "the end to be logged", func() bool { look(); return len(lines(back)) > 0 })
	fields := lines(back)[0].ContextMap()
	// Records wait until the local store has removed them, which the last batch may not have been.
	waiting, counted := fields["records_waiting"].(int64)
	if len(lines(back)) != 1 || fields["records_sent"] != int64(backlog) || !counted || waiting > batch {
		t.Errorf("%d lines, of which the first has %v, want that %d were sent and at most a batch waits", len(lines(back)), fields, backlog)
	}
}
