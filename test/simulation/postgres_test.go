package simulation

import (
	"bytes"
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// postgres is a model of PostgreSQL: one table, and transactions that hold or do not.
type postgres struct {
	w      *world
	rows   map[recordKey]store.Record
	sent   map[string]bool // may have arrived: was sent, and never refused on its own; by sentKey
	late   []batch         // their COMMIT was sent and is yet to be carried out
	state  pgState
	poison bool // refuses the rows of attempts that are poison
	partitions
}

// partitions is what an administrator did to PostgreSQL that concerns some records and not others.
type partitions struct {
	detached map[calendar.TradingDay]bool // no record of these days is taken
	drops    bool                         // a trigger drops half of the records, always the same, without an error
}

// trouble is how PostgreSQL does not take b.
func (p *partitions) trouble(b batch) error {
	var missing []uuid.UUID
	for i := range b.recs {
		if day := b.recs[i].TradingDay; p.detached[day] {
			return &store.DayError{Day: day, Err: errors.New("detached")}
		}
		if p.drops && b.recs[i].SessionID%2 == 0 {
			missing = append(missing, b.recs[i].ID)
		}
	}
	if missing == nil {
		return nil
	}
	e := &store.DroppedError{Sent: len(b.recs), Dropped: len(missing)}
	if b.how == store.ByUpsert {
		e.Missing = missing
	}
	return e
}

// mend undoes all of it.
func (p *partitions) mend() { *p = partitions{} }

// pgState is what PostgreSQL does now.
type pgState string

const (
	up     pgState = "there"
	away   pgState = "away"   // refuses at once
	frozen pgState = "frozen" // does not answer
)

type batch struct {
	how  store.How
	recs []store.Record
}

// destination is one process's way to PostgreSQL.
type destination struct {
	process *process
	next    batch // of the goroutine that is parked at "send"
}

// CopyIn is part of forward.Destination.
func (d *destination) CopyIn(_ context.Context, recs []store.Record) error {
	return d.send(batch{store.ByCopy, keep(recs)})
}

// Put is part of forward.Destination.
func (d *destination) Put(_ context.Context, recs []store.Record) error {
	return d.send(batch{store.ByUpsert, keep(recs)})
}

// StoredByOthers is part of forward.Destination.
func (d *destination) StoredByOthers(_ context.Context, recs []store.Record) (others []int, err error) {
	switch {
	case d.process.gate.isDead():
		return nil, errDead
	case d.process.w.pg.state != up:
		return nil, errors.New("PostgreSQL is away")
	}
	for i := range recs {
		if d.process.w.pg.rows[keyOf(&recs[i])].FrontID != recs[i].FrontID {
			others = append(others, i)
		}
	}
	return others, nil
}

// Earlier is part of forward.Destination.
func (d *destination) Earlier(_ context.Context, rec *store.Record) (*store.Earlier, error) {
	row, there := d.process.w.pg.rows[keyOf(rec)]
	if !there || d.process.w.pg.state != up {
		return nil, nil
	}
	return &store.Earlier{
		KeyVersion: row.KeyVersion, Flag: row.Flag, LoginTime: row.LoginTime, RelayLoginTime: row.RelayLoginTime,
		FrontID: row.FrontID, SessionID: row.SessionID, RelaySealed: row.RelaySealed,
	}, nil
}

// Probe is part of forward.Destination.
func (d *destination) Probe(ctx context.Context) error {
	switch {
	case d.process.gate.isDead():
		return errDead
	case d.process.w.pg.state == away:
		return errors.New("PostgreSQL is away")
	case d.process.w.pg.state == frozen:
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

func (d *destination) send(b batch) error {
	if d.process.gate.isDead() {
		return errDead
	}
	d.next = b
	pg := d.process.w.pg
	pg.checkSent(b)
	r := d.process.gate.pass("send")
	d.process.w.counts.batches++
	switch r {
	case failed:
		return errors.New("PostgreSQL is away")
	case lost:
		return &store.InDoubtError{Err: errors.New("nothing arrived")}
	case late:
		pg.late = append(pg.late, b)
		return &store.InDoubtError{Err: errors.New("arrives later")}
	case unheard:
		if err := pg.commit(b); err != nil {
			return err
		}
		return &store.InDoubtError{Err: errors.New("arrived")}
	case goOn:
		return pg.commit(b)
	}
	return errDead
}

// checkSent holds the forwarder to the contract of Destination: COPY is for records that
// were never sent before.
func (p *postgres) checkSent(b batch) {
	for i := range b.recs {
		key := sentKey(&b.recs[i])
		if b.how == store.ByCopy && p.sent[key] {
			p.w.violate("COPY of record %v, which was sent before", p.w.nameOf(b.recs[i].ID))
		}
		p.sent[key] = true
	}
}

// commit is one transaction: all rows or none.
func (p *postgres) commit(b batch) error {
	if err := p.trouble(b); err != nil {
		return err
	}
	for i := range b.recs {
		rec := &b.recs[i]
		if p.poison && p.w.isPoison(rec.ID) {
			if len(b.recs) == 1 {
				delete(p.sent, sentKey(rec))
			}
			return &store.RefusedError{Err: errors.New("poison")}
		}
		_, there := p.rows[keyOf(rec)]
		if there && b.how == store.ByCopy {
			return &store.RefusedError{Err: errors.New("unique violation")}
		}
	}
	for i := range b.recs {
		rec := b.recs[i]
		old, there := p.rows[keyOf(&rec)]
		delete(p.w.relays.local, keyOf(&rec)) // the row may leave the local store
		switch {
		case there && rec.ID.Version() == 8: // a submission that came again: the first stays
			continue
		case there && !same(&old, &rec):
			p.w.violate("record %v came again with another content", rec.ID)
		}
		p.rows[keyOf(&rec)] = rec
	}
	return nil
}

// keep copies what the forwarder may use again.
func keep(recs []store.Record) []store.Record {
	copies := make([]store.Record, len(recs))
	for i := range recs {
		copies[i] = clone(&recs[i])
	}
	return copies
}

func clone(r *store.Record) store.Record {
	c := *r
	c.Terminal, c.Supplement = bytes.Clone(r.Terminal), bytes.Clone(r.Supplement)
	return c
}

// sentKey is one content of a record: a submission that came again after it had left is another.
func sentKey(r *store.Record) string { return string(r.ID[:]) + string(r.Supplement) }

// row is that of a login, whose RecordID comes once.
func (p *postgres) row(id uuid.UUID) (store.Record, bool) {
	for key, rec := range p.rows {
		if key.id == id {
			return rec, true
		}
	}
	return store.Record{}, false
}

// has reports whether there is the row of a submission in that day.
func (p *postgres) has(id uuid.UUID, day string) bool {
	for key := range p.rows {
		if key.id == id && key.day.String() == day {
			return true
		}
	}
	return false
}

// isPoison reports whether PostgreSQL refuses the record for its data.
func (w *world) isPoison(id uuid.UUID) bool {
	if s := w.relays.submitted[id]; s != nil {
		return s.poison
	}
	a := w.byID[id]
	return a != nil && a.poison
}
