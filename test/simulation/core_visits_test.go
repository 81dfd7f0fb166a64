package simulation

import (
	"bytes"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/session"
)

// What a core knows of the terminals behind an operator's session: docs/core.md, "Relays".

// beginVisits forgets the visits of a session that is opened or resumed: those that are live follow.
func (k *tradingCore) beginVisits(key coreKey) { k.visits[key] = make(map[string]bool) }

// visitOpen takes a VisitOpen: the record that it names is stored by now, and it says what the relay said.
func (k *tradingCore) visitOpen(c *cable, key coreKey, body []byte) {
	w := k.w
	r := field[ftd.SubmitResponse](w, body, ftd.FIDSubmitResponse)
	m, err := ftd.DecodeMessage(body)
	must(err)
	told, _ := m.Field(ftd.FIDRelayedTerminal)
	id, err := uuid.ParseBytes(r.RecordID)
	s, from := w.relays.submitted[id], w.wires[wireKey(key)]
	if err != nil || s == nil || from == nil || from.sendingOf(s) == nil {
		w.violate("%v: VisitOpen of session %v with RecordID %s, which is none of its submissions", c, key, r.RecordID)
		return
	}
	w.counts.visits++
	w.relays.toldCore = append(w.relays.toldCore, id)
	if string(r.SubmitID) != s.submitID || string(r.UserID) != s.account || r.UserType != '2' || string(r.BrokerID) != broker ||
		!bytes.Equal(told, s.told.field()) {
		w.violate("%v: VisitOpen says %+v and %q of %v", c, r, told, s)
	}
	if p := w.process; p == c.process && !p.stopping {
		if _, found := p.findSubmission(id, string(r.TradingDay)); !found {
			w.violate("%v: VisitOpen of %v, which is not stored", c, s)
		}
	}
	switch visits := k.visits[key]; {
	case visits != nil:
		visits[s.submitID] = true
	case !c.loose:
		w.violate("%v: VisitOpen of session %v, which is not open", c, key)
	}
}

// visitClose takes a VisitClose.
func (k *tradingCore) visitClose(c *cable, key coreKey, body []byte) {
	ref := string(field[ftd.SubmitRef](k.w, body, ftd.FIDSubmitRef).SubmitID)
	if visits := k.visits[key]; !visits[ref] && !c.loose {
		k.w.violate("%v: VisitClose of %s, which is not open in session %v", c, ref, key)
	}
	delete(k.visits[key], ref)
}

// checkVisits: once nothing is on its way, a core knows the terminals behind a relay that the relay was told are recorded, and
// no others.
func (k *tradingCore) checkVisits(s *coreSession, c *wire) {
	if s.state != coreOpen || !c.terminal.isOperator() || c.dialogue.State() != session.LoggedIn || !k.w.takesBusiness() {
		return
	}
	if knows := k.visits[s.key]; !maps.Equal(knows, c.visits) {
		k.w.violate("%v knows the visits %v, the relay has %v", s, slices.Sorted(maps.Keys(knows)), slices.Sorted(maps.Keys(c.visits)))
	}
}

// judgeOrder is what a core makes of an operator's order: it is denied for a customer who was not reported.
func (k *tradingCore) judgeOrder(c *cable, key coreKey, o *order) {
	if o.visit == "" {
		return
	}
	switch known := k.visits[key][o.visit]; {
	case known:
	case o.reported:
		k.w.violate("%v: %v is for %s, which was reported, and the core does not know it", c, o, o.visit)
	default:
		k.w.counts.denied++
	}
}

// forVisit makes an order one for a terminal behind the relay: as a rule one that is reported. The core need not know one whose
// end the relay has told in error.
func (o *order) forVisit(t *terminal) {
	if !t.isOperator() {
		return
	}
	if live := t.relay.live; len(live) > 0 && t.w.random.IntN(4) > 0 {
		o.visit = live[t.w.random.IntN(len(live))].submitID
		ended := slices.ContainsFunc(t.wire.ends, func(e terminalEnd) bool { return e.submitID == o.visit })
		o.reported = t.wire.visits[o.visit] && !ended
		return
	}
	o.visit = t.w.newSubmitID(t.w.relayClock())
}
