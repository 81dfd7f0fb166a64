package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// send writes batch to PostgreSQL: by COPY, or by upsert if it is in doubt. Rows that were altered in
// the file, or that PostgreSQL refuses for their data, go into quarantine. It returns when every row
// is in PostgreSQL or in quarantine; after an error nothing is known of any.
func (f *Forwarder) send(batch []store.Entry) error {
	batch, err := f.quarantineAltered(batch)
	if err != nil || len(batch) == 0 {
		return err
	}
	if batch[0].Seq <= f.doubtUpTo {
		return f.isolate(batch)
	}
	if err = f.write(store.ByCopy, f.dest.CopyIn, batch); err == nil {
		f.store(batch)
	}
	if _, refused := errors.AsType[*store.RefusedError](err); refused {
		// PostgreSQL has one of the rows already, or refuses its data.
		f.doubtUpTo = max(f.doubtUpTo, batch[len(batch)-1].Seq)
		return f.isolate(batch)
	}
	return err
}

// quarantineAltered puts the altered rows of batch into quarantine and returns the others.
func (f *Forwarder) quarantineAltered(batch []store.Entry) (good []store.Entry, err error) {
	if !slices.ContainsFunc(batch, func(e store.Entry) bool { return e.Altered != nil }) {
		return batch, nil
	}
	for _, e := range batch {
		if e.Altered == nil {
			good = append(good, e)
		} else if err := f.quarantine(e, e.Altered); err != nil {
			return nil, err
		}
	}
	return good, nil
}

// isolate writes batch by upsert and halves it until the rows that PostgreSQL refuses
// are alone.
func (f *Forwarder) isolate(batch []store.Entry) error {
	err := f.write(store.ByUpsert, f.dest.Put, batch)
	if err == nil {
		if err := f.noteOthers(batch); err != nil {
			return err
		}
		f.store(batch)
		return nil
	}
	if _, refused := errors.AsType[*store.RefusedError](err); !refused {
		return err
	}
	if len(batch) == 1 {
		return f.quarantine(batch[0], err)
	}
	half := len(batch) / 2
	if err := f.isolate(batch[:half]); err != nil {
		return err
	}
	return f.isolate(batch[half:])
}

// store notes that PostgreSQL has committed batch, and confirmed each row.
func (f *Forwarder) store(batch []store.Entry) {
	for i := range batch {
		f.stored = append(f.stored, batch[i].Seq)
	}
}

// noteOthers finds out which submissions of batch, all of them stored, were another front's first. If that fails, the batch
// is sent again.
func (f *Forwarder) noteOthers(batch []store.Entry) error {
	var recs []store.Record
	var seqs []int64
	for i := range batch {
		if batch[i].Record.Submitted() {
			recs, seqs = append(recs, batch[i].Record), append(seqs, batch[i].Seq)
		}
	}
	if len(recs) == 0 {
		return nil
	}
	others, err := f.dest.StoredByOthers(f.ctx, recs)
	for _, i := range others {
		f.others = append(f.others, seqs[i])
	}
	return err
}

func (f *Forwarder) quarantine(e store.Entry, cause error) error {
	// Before the move: its commit may seem to fail and have happened, and then the row is gone from
	// those to be sent, as if PostgreSQL had it. From here on a waiter must look where its row is.
	f.state.left.Store(true)
	if err := f.local.MoveToQuarantine(e.Seq, cause); err != nil {
		return fmt.Errorf("quarantine of %v: %w", e.Record.ID, err)
	}
	f.opt.Observer.Quarantined(e.Record.ID, cause)
	return nil
}

func (f *Forwarder) write(how store.How, write func(context.Context, []store.Record) error, batch []store.Entry) error {
	recs := make([]store.Record, len(batch))
	for i := range batch {
		recs[i] = batch[i].Record
	}
	start := time.Now()
	f.state.stepSince.Store(&start)
	f.state.batchSince.Store(&start)
	err := write(f.ctx, recs)
	f.state.batchSince.Store(nil)
	if err == nil {
		f.state.rows.Add(int64(len(recs)))
		f.state.noteProbe(nil) // sooner than the next probe
	}
	f.opt.Observer.Forwarded(len(recs), how, time.Since(start), err)
	return err
}

// split cuts batch where the rows in doubt end.
func (f *Forwarder) split(batch []store.Entry) (first, rest []store.Entry) {
	if batch[0].Seq > f.doubtUpTo {
		return batch, nil
	}
	n := 0
	for n < len(batch) && batch[n].Seq <= f.doubtUpTo {
		n++
	}
	return batch[:n], batch[n:]
}
