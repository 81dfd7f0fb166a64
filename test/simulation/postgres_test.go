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
	rows   map[uuid.UUID]store.Record
	sent   map[uuid.UUID]bool // may have arrived: was sent, and never refused on its own
	late   []batch            // their COMMIT was sent and is yet to be carried out
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
		if d.process.w.pg.rows[recs[i].ID].FrontID != recs[i].FrontID {
			others = append(others, i)
		}
	}
	return others, nil
}

// Earlier is part of forward.Destination.
func (d *destination) Earlier(_ context.Context, rec *store.Record) (*store.Earlier, error) {
	row, there := d.process.w.pg.rows[rec.ID]
	if !there || d.process.w.pg.state != up {
		return nil, nil
	}
	return &store.Earlier{
		KeyVersion: row.KeyVersion, Flag: row.Flag, LoginTime: row.LoginTime, RelayLoginTime: row.RelayLoginTime,
		FrontID: row.FrontID, SessionID: row.SessionID,
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
		id := b.recs[i].ID
		if b.how == store.ByCopy && p.sent[id] {
			p.w.violate("COPY of record %v, which was sent before", p.w.nameOf(id))
		}
		p.sent[id] = true
	}
}

// commit is one transaction: all rows or none.
func (p *postgres) commit(b batch) error {
	if err := p.trouble(b); err != nil {
		return err
	}
	for i := range b.recs {
		rec := &b.recs[i]
		if a := p.w.attemptOf(rec); p.poison && a != nil && a.poison {
			if len(b.recs) == 1 {
				delete(p.sent, rec.ID)
			}
			return &store.RefusedError{Err: errors.New("poison")}
		}
		_, there := p.rows[rec.ID]
		if there && b.how == store.ByCopy {
			return &store.RefusedError{Err: errors.New("unique violation")}
		}
	}
	for i := range b.recs {
		rec := b.recs[i]
		if old, there := p.rows[rec.ID]; there && !same(&old, &rec) {
			p.w.violate("record %v came again with another content", rec.ID)
		}
		p.rows[rec.ID] = rec
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

func same(a, b *store.Record) bool {
	return a.ID == b.ID && bytes.Equal(a.Terminal, b.Terminal) && bytes.Equal(a.Supplement, b.Supplement) &&
		a.LoginTime.Equal(b.LoginTime) && a.TradingDay == b.TradingDay && a.AppID == b.AppID && a.Account == b.Account &&
		a.VendorID == b.VendorID && a.KeyVersion == b.KeyVersion && a.Flag == b.Flag && a.UserType == b.UserType &&
		a.FrontID == b.FrontID && a.SessionID == b.SessionID && a.Provisional == b.Provisional
}
