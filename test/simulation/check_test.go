package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/forward"
)

// The invariant: answered ⊆ stored ⊆ attempted, no RecordID twice, every record true, and none of which the store said that it has it not.
// Stored is the local store, its quarantine, and PostgreSQL.

// check holds everything that is stored to the invariant.
func (p *process) check() {
	w := p.w
	stored := make(map[uuid.UUID]bool)
	rows := make(map[recordKey]bool)
	var all []store.Record
	local, aside := p.localRecords()
	for _, rec := range append(local, aside...) {
		// A submission that is in quarantine may have come again.
		if rows[keyOf(&rec)] && (rec.ID.Version() != 8 || len(all) < len(local)) {
			w.violate("record %v is in the local store twice", w.nameOf(rec.ID))
		}
		stored[rec.ID], rows[keyOf(&rec)] = true, true
		w.prove(&rec)
		all = append(all, rec)
	}
	for key, rec := range w.pg.rows {
		stored[key.id], rows[key] = true, true
		w.prove(&rec)
		all = append(all, rec)
	}
	w.checkReplays(all)
	p.readAudit()
	w.checkSubmissions(rows, local)
	for id := range stored {
		if a := w.byID[id]; a != nil && a.absent {
			w.violate("%v is stored, and its append failed without a doubt", a)
		}
	}
	for _, id := range w.core.opened {
		if !stored[id] {
			w.violate("%v was opened at a core and is lost", w.nameOf(id))
		}
	}
	for _, id := range w.order {
		if !stored[id] {
			w.violate("%v was answered and is lost", w.nameOf(id))
		}
		if !w.audited[id] {
			w.violate("%v was answered and has no audit line", w.nameOf(id))
		}
	}
}

// checkReplays: of the records of a day that have the same terminal ciphertext one at most is
// not flagged. The front remembers two days, which only a clock that steps, or another
// calendar, mixes up.
func (w *world) checkReplays(stored []store.Record) {
	if w.plan.clockSteps+w.plan.reloads > 0 {
		return
	}
	type key struct {
		day        calendar.TradingDay
		ciphertext string
	}
	first := make(map[key]uuid.UUID)
	for i := range stored {
		rec, id := &stored[i], stored[i].ID
		if rec.Flag != '0' {
			continue
		}
		k := key{rec.TradingDay, string(rec.Terminal)}
		if other, twice := first[k]; twice && other != id && !w.isSameVisit(id, other) {
			w.violate("%v and %v came with the same terminal information, and neither is flagged", w.nameOf(id), w.nameOf(other))
		}
		first[k] = id
	}
}

// localRecords are those of the local store, and of its quarantine.
func (p *process) localRecords() (all, quarantined []store.Record) {
	ctx := context.Background()
	days, err := p.path.Journal.Days(ctx)
	if err != nil {
		p.w.violate("the local store cannot be read: %v", err)
		return nil, nil
	}
	for _, day := range days {
		err := p.path.Journal.Scan(ctx, day.Day, func(r *store.Record) error {
			all = append(all, clone(r))
			return nil
		})
		if err != nil {
			p.w.violate("day %v of the local store cannot be read: %v", day.Day, err)
		}
	}
	aside, err := p.path.Journal.Quarantine(ctx)
	if err != nil {
		p.w.violate("the quarantine cannot be read: %v", err)
	}
	for _, r := range aside {
		if !p.w.isPoison(r.Record.ID) {
			p.w.violate("%v is in quarantine, and nothing is wrong with it: %s", p.w.nameOf(r.Record.ID), r.Error)
		}
		quarantined = append(quarantined, r.Record)
	}
	return all, quarantined
}

// readAudit notes which accepted logins have their line on the disk.
func (p *process) readAudit() {
	b, err := os.ReadFile(filepath.Join(p.dir, "audit.jsonl"))
	must(err)
	for line := range bytes.Lines(b) {
		var e struct {
			Event, Reason string
			RecordID      uuid.UUID `json:"record_id"`
		}
		// A line that the process was killed over is torn, and then ended by the next one.
		if json.Unmarshal(line, &e) == nil && (e.Event == logs.EventLogin && e.Reason == reason.OK.String() ||
			e.Event == logs.EventSubmit && (e.Reason == reason.OK.String() || e.Reason == reason.Resubmitted.String())) {
			p.w.audited[e.RecordID] = true
		}
	}
}

// checkStep is what must hold after every step.
func (p *process) checkStep() {
	w := p.w
	for ; w.checked < len(w.order); w.checked++ {
		p.checkAnswered(w.order[w.checked])
	}
	for ; w.relays.checked < len(w.relays.answers); w.relays.checked++ {
		p.checkSubmitAnswered(&w.relays.answers[w.relays.checked])
	}
	p.checkRelays()
	p.checkQuiet()
	inFlight := p.driver.LoginsInFlight()
	if inFlight > w.plan.limits.Logins {
		w.violate("%d logins in flight, the bound is %d", inFlight, w.plan.limits.Logins)
	}
	if inFlight > 0 || p.stopping {
		return
	}
	if keys := p.gate.keys(); len(p.finished) > 0 {
		w.violate("no login is in flight, and yet %v and %d outcomes are", keys, len(p.finished))
	}
	online := 0
	for _, c := range p.wires {
		if c.dialogue.State() == session.LoggedIn {
			online++
		}
	}
	if got := p.path.Gateway.Online(); got != online {
		w.violate("the gateway counts %d sessions, there are %d", got, online)
	}
}

// checkAnswered: what was answered in this step is stored by now.
func (p *process) checkAnswered(id uuid.UUID) {
	w, ctx := p.w, context.Background()
	rec, inPostgres := w.pg.row(id)
	switch {
	case inPostgres:
	case w.plan.answerAfter == forward.AfterPostgres:
		w.violate("%v was answered before PostgreSQL had it", w.nameOf(id))
		return
	default:
		var err error
		if rec, err = p.path.Journal.Find(ctx, id); err != nil {
			aside, _ := p.path.Journal.Quarantine(ctx)
			for _, r := range aside {
				if r.Record.ID == id {
					rec, err = r.Record, nil
				}
			}
			if err != nil {
				w.violate("%v was answered and is not stored: %v", w.nameOf(id), err)
				return
			}
		}
	}
	w.prove(&rec)
	w.checkResponse(id, &rec)
}

// checkLeft looks at what a run leaves: a front is started on it once more.
func (w *world) checkLeft() {
	if p := w.process; p != nil {
		p.die(p.snapshot())
	}
	w.start()
	if p := w.process; p != nil {
		p.die(p.snapshot())
	}
	w.counts.logins = len(w.order)
}

// settle lets what is under way come to its end, for a run that was healed: then nothing
// may be left anywhere but in PostgreSQL, and the front must stop within its grace.
func (w *world) settle() {
	p := w.process
	w.trace.step(w.counts.steps, p.beginStop())
	synctest.Wait()
	deadline := time.Now().Add(time.Minute)
	for w.process == p && !w.failed() {
		if time.Now().After(deadline) {
			w.violate("the front does not stop in time")
			return
		}
		w.step()
	}
	if !w.failed() && w.plan.postgres {
		w.start()
		if rows, _, _ := w.process.path.Journal.Pending(context.Background()); rows > 0 {
			w.violate("%d records are left after a stop with PostgreSQL there", rows)
		}
	}
}
