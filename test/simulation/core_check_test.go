package simulation

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// checkOpened: the record that a SessionOpen names is stored at the moment at which it arrives, and says the same. Of a
// process that has ended, or has closed its journal because it stops, the next start looks (check).
func (w *world) checkOpened(c *cable, key coreKey, id uuid.UUID, told *ftd.SessionRecord) {
	w.core.opened = append(w.core.opened, id)
	a := w.byID[id]
	if a == nil || a.wire != w.wires[wireKey(key)] {
		w.violate("%v: SessionOpen of session %v with a record that was made for %v", c, key, w.nameOf(id))
		return
	}
	if w.process != c.process {
		return
	}
	rec, err := c.process.find(id)
	switch {
	case err == nil:
	case c.process.stopping && !errors.Is(err, store.ErrNotFound):
		return
	default:
		w.violate("%v: SessionOpen of session %v with the record of %v, which is not stored: %v", c, key, a, err)
		return
	}
	if string(told.LoginTime) != rec.LoginTime.In(regulation.Zone).Format(regulation.TimeLayout) ||
		string(told.TradingDay) != rec.TradingDay.String() || told.AbnormalFlag != byte(rec.Flag) {
		w.violate("%v: SessionOpen says %s, day %s, flag %c; recorded is %+v", c, told.LoginTime, told.TradingDay, told.AbnormalFlag, rec)
	}
}

// find is a stored record; the error is store.ErrNotFound, or why the journal cannot be asked.
func (p *process) find(id uuid.UUID) (store.Record, error) {
	ctx := context.Background()
	if rec, there := p.w.pg.row(id); there {
		return rec, nil
	}
	rec, err := p.path.Journal.Find(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return rec, err
	}
	aside, err := p.path.Journal.Quarantine(ctx)
	for _, r := range aside {
		if r.Record.ID == id {
			return r.Record, nil
		}
	}
	return store.Record{}, errors.Join(store.ErrNotFound, err)
}

// checkRefusal: what a core alone may say, a core has said. A front whose core is away says 7, 8 or 90.
func (c *wire) checkRefusal(code int) {
	w := c.process.w
	c.checkRelayedRefusal(code)
	if !w.linked() {
		return
	}
	said := func(code int) bool { return slices.Contains(c.verdicts, code) }
	switch code {
	case 3: // also for the terminal information, of a login that the core let in
		if !said(3) && !said(0) {
			w.violate("%v: a login is refused with 3, and no core has answered it", c)
		}
	case 63, 75, 143, 131, 140, 141, 6020:
		if code == 63 && c.terminal.relay != nil {
			return // see checkRelayedRefusal
		}
		if !said(code) {
			w.violate("%v: a login is refused with %d, and no core has said so", c, code)
		}
	}
}

// checkQuiet looks at the cores when nothing is on its way between them and the front: each session that a core has
// let in was opened or aborted, and one that is open has a terminal.
func (p *process) checkQuiet() {
	w := p.w
	if !w.linked() || p.stopping || p.driver.LoginsInFlight() > 0 || len(p.finished) > 0 || !w.isQuiet() {
		return
	}
	if slices.ContainsFunc(p.wires, (*wire).hasMail) {
		return
	}
	w.counts.quiet++
	for _, k := range w.core.cores {
		for _, s := range k.ordered() {
			k.checkSession(p, s)
		}
	}
}

// isQuiet reports that no byte and no answer is on its way, and no end is unseen.
func (w *world) isQuiet() bool {
	for _, k := range w.core.cores {
		if !k.running || k.stalled || len(k.tasks) > 0 {
			return false
		}
		for _, c := range k.cables {
			if toCore, toFront := c.onTheWay(); c.frozen || toCore+toFront+len(c.arrived) > 0 || c.frontEnded() {
				return false
			}
		}
	}
	return true
}

func (k *tradingCore) checkSession(p *process, s *coreSession) {
	w, c := k.w, w0(k, s)
	switch s.state {
	case coreSuspended:
	case coreAsked, coreReserved:
		if s.cable.process == p && !s.cable.loose {
			w.violate("%v is %v, and its login is over", s, s.state)
		}
	case coreOpen, corePassword:
		if c == nil || c.process != p || !slices.Contains(p.wires, c) {
			w.violate("%v is %v, and its terminal has gone", s, s.state)
			return
		}
		if state := c.dialogue.State(); state != session.LoggedIn && state != session.PasswordOnly {
			w.violate("%v is %v, and its terminal is %v", s, s.state, state)
		}
		k.checkVisits(s, c)
	}
}

// w0 is the connection of a session.
func w0(k *tradingCore, s *coreSession) *wire { return k.w.wires[wireKey(s.key)] }
