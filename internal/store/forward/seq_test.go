package forward_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// picky refuses every record, until it is forgiving.
type picky struct{ forgiving atomic.Bool }

func (p *picky) Put(context.Context, []store.Record) error {
	if !p.forgiving.Load() {
		return &store.RefusedError{Err: errors.New("poison")}
	}
	return nil
}

func (p *picky) CopyIn(ctx context.Context, recs []store.Record) error { return p.Put(ctx, recs) }

func (*picky) StoredByOthers(context.Context, []store.Record) ([]int, error) { return nil, nil }

func (*picky) Earlier(context.Context, *store.Record) (*store.Earlier, error) { return nil, nil }

func (*picky) Probe(context.Context) error { return nil }

// TestSeqIsNotGivenTwice: a released record has a seq above what the writer gave out. Once
// it is forwarded and removed, that seq must not come again: a login that waits for it
// would be answered at once, before PostgreSQL has its record.
func TestSeqIsNotGivenTwice(t *testing.T) {
	t.Parallel()
	l, dest := storetest.OpenJournal(t), new(picky)
	f := storetest.Forward(t, l, dest, forward.Options{BatchDelay: time.Millisecond, IdlePoll: 20 * time.Millisecond})
	seq := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 1))
	var refused *store.RefusedError
	if err := f.Wait(storetest.Within(t), seq); !errors.As(err, &refused) {
		t.Fatalf("Wait: %v, want a RefusedError", err)
	}
	dest.forgiving.Store(true)
	if n, err := l.Release(t.Context()); n != 1 || err != nil {
		t.Fatalf("Release: %d, %v", n, err)
	}
	storetest.WantEmpty(t, l) // the released record had seq+1
	if next := storetest.AppendAll(t, l, storetest.Records(storetest.Day, 1)); next <= seq+1 {
		t.Errorf("a new record has seq %d, which the released one had", next)
	}
}
