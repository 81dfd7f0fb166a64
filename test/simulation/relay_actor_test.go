package simulation

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// relayActor is what makes a model of a terminal one of a relay.
type relayActor struct {
	mode     byte // '2' or '3'
	addr     netip.Addr
	window   int           // of RelayTerms
	pending  []*submission // not answered for good: sent until they are
	live     []*submission // answered with 0 on this connection, and the terminal is there
	renew    []*submission // were live on a connection before: to be reported again
	reported int           // submissions answered with 0 since the healing
}

const (
	tooOld  = 10 * time.Minute // of a submission that is not sent again
	maxOpen = 6                // submissions that an honest relay has to send
)

func (t *terminal) isOperator() bool { return t.relay != nil && t.relay.mode == '3' }
func (t *terminal) isInvestor() bool { return t.relay != nil && t.relay.mode == '2' }

// newRelayActors are the terminals behind a many-to-many relay, and the connections of an operator relay.
func (w *world) newRelayActors() {
	for i := range w.relays.investors + w.relays.operators {
		t := &terminal{w: w, number: 100 + i, relay: &relayActor{mode: '2', addr: netip.AddrFrom4([4]byte{10, 1, 0, byte(i)})}}
		t.account, t.app = pick(w.random, "80000001", "80000002", "80000003"), investorApp
		if i >= w.relays.investors {
			t.account, t.app, t.relay.mode = relayOperator, operatorApp, '3'
		}
		w.terminals = append(w.terminals, t)
	}
}

// relayAddress is where a relay connects from: now and then an address that is none of its networks'.
func (t *terminal) relayAddress() (addr netip.AddrPort, foreign bool) {
	w, from := t.w, t.relay.addr
	if foreign = !w.healed && w.random.IntN(40) == 0; foreign {
		from = netip.MustParseAddr(foreignNetwork)
	}
	return netip.AddrPortFrom(from, uint16(30001+w.random.IntN(1000))), foreign
}

// relayClock is the front's clock, which the relay's is set by.
func (w *world) relayClock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset)
}

// newTold is what a relay saw of a terminal that logs in now.
func (w *world) newTold() told {
	return told{
		app: goodApp, ip: pick(w.random, addresses...), port: 1 + w.random.IntN(65535),
		login: w.relayClock().In(regulation.Zone).Format(time.DateTime), kind: byte('0' + w.random.IntN(8)),
	}
}

// reopen is what a relay does about a connection that is another than before.
func (r *relayActor) reopen() {
	r.renew, r.live = append(r.renew, r.live...), nil
	for _, s := range r.pending {
		s.onWire = nil
	}
}

// report is what an operator relay says once it is logged in.
func (t *terminal) report() string {
	w, r := t.w, t.relay
	r.forget(w.relayClock())
	if t.isServed() && w.healed {
		return t.logOut(t.account)
	}
	if w.takesBusiness() && t.awaited == nil && w.random.IntN(5) == 0 {
		return t.trade()
	}
	if !w.healed && w.random.IntN(100) < w.relays.misuse {
		return t.misreport()
	}
	if r.unanswered(t.wire) < r.window {
		for _, s := range r.pending {
			if s.onWire == nil && !s.after.After(time.Now()) {
				return t.submit(s)
			}
		}
		if len(r.renew) > 0 {
			return t.reportAgain()
		}
		if len(r.pending) < maxOpen && (!w.healed || r.reported == 0) && w.random.IntN(3) > 0 {
			return t.submit(t.newSubmission())
		}
	}
	if len(r.live) > 0 && w.random.IntN(3) == 0 {
		i := w.random.IntN(len(r.live))
		s := r.live[i]
		r.live = slices.Delete(r.live, i, i+1)
		return t.endTerminal(s.submitID)
	}
	return t.say("heartbeat", ftd.AppendHeartbeat(nil))
}

// forget refuses the terminals whose submissions are too old to be sent again.
func (r *relayActor) forget(now time.Time) {
	r.pending = slices.DeleteFunc(r.pending, func(s *submission) bool { return now.Sub(s.drawn) > tooOld })
}

func (r *relayActor) unanswered(c *wire) (n int) {
	for _, s := range r.pending {
		if s.onWire == c {
			n++
		}
	}
	return n
}

// newSubmission is an honest one, of a terminal that logs in now.
func (t *terminal) newSubmission() *submission {
	s := t.draw(pick(t.w.random, "80000001", "80000002", "80000003"), t.w.newTold())
	t.relay.pending = append(t.relay.pending, s)
	return s
}

// draw makes a submission that is not pending.
func (t *terminal) draw(account string, seen told) *submission {
	w := t.w
	now := time.UnixMilli(w.relayClock().UnixMilli())
	s := &submission{
		number: len(w.relays.submissions), broker: broker, account: account, told: seen, drawn: now, submitID: w.newSubmitID(now),
		poison: w.plan.poison > 0 && w.random.IntN(100) < w.plan.poison,
	}
	s.terminalInfo = w.newInfo()
	s.visit = s.visitOf()
	w.relays.submissions = append(w.relays.submissions, s)
	w.infos = append(w.infos, &s.terminalInfo)
	return s
}

// reportAgain reports a live terminal under a new SubmitID: the relay's own address and login time have changed.
func (t *terminal) reportAgain() string {
	r := t.relay
	was := r.renew[0]
	r.renew = r.renew[1:]
	s := t.draw(was.account, was.told)
	s.repeats(&was.terminalInfo)
	s.renewed = true
	r.pending = append(r.pending, s)
	t.w.counts.renewed++
	return "again: " + t.submit(s)
}

// submit sends a submission, for the first time or again.
func (t *terminal) submit(s *submission) string {
	w := t.w
	s.seal(t.app)
	if old := w.relays.submitted[s.recordID]; old != nil && old != s {
		return "nothing: the very submission is another's"
	}
	w.relays.submitted[s.recordID] = s
	b := s.frame(s.wasSent)
	what := fmt.Sprintf("sends %v", s)
	if s.wasSent {
		what += " again"
		w.counts.resubmitted++
	}
	s.wasSent, s.onWire = true, t.wire
	one := &sending{submission: s, wire: t.wire, end: t.wire.said + len(b)}
	s.sendings = append(s.sendings, one)
	t.wire.sendings = append(t.wire.sendings, one)
	w.counts.submissions++
	return t.say(what, b)
}

func (t *terminal) endTerminal(submitID string) string {
	said := 0
	for _, one := range t.wire.sendings {
		if one.submission.submitID == submitID {
			said++
		}
	}
	t.wire.ends = append(t.wire.ends, terminalEnd{submitID, said})
	return t.say("says that a terminal has gone", wireMessage(0x8003, wireField(0x800E, []byte(padded(submitID, 36)))))
}

// terminalEnd is a TerminalEnd that was sent.
type terminalEnd struct {
	submitID string
	before   int // sendings of that SubmitID
}

// hearRelay takes an answer that only relays get.
func (t *terminal) hearRelay(reply terminaltest.Reply) {
	r := t.relay
	if raw, there := reply.Field(ftd.FIDRelayTerms); there && reply.TID == ftd.TIDUserLogin {
		var terms ftd.RelayTerms
		must(terms.Decode(raw))
		r.window = terms.Window
	}
	if reply.TID != ftd.TIDTerminalSubmit {
		return
	}
	id := submitIDOf(reply.Message)
	i := slices.IndexFunc(r.pending, func(s *submission) bool { return s.submitID == id && s.onWire == t.wire })
	if i < 0 {
		return
	}
	s := r.pending[i]
	switch reply.Code {
	case 7, 8, 90:
		s.onWire, s.after = nil, time.Now().Add(200*time.Millisecond)
		return
	case 0:
		s.reported = true
		r.live = append(r.live, s)
		if t.w.healed {
			r.reported++
		}
	}
	r.pending = slices.Delete(r.pending, i, i+1)
}

// submitIDOf is the one that an answer is about.
func submitIDOf(m ftd.Message) string {
	if raw, there := m.Field(ftd.FIDSubmitResponse); there {
		var r ftd.SubmitResponse
		must(r.Decode(raw))
		return string(r.SubmitID)
	}
	var ref ftd.SubmitRef
	if raw, there := m.Field(ftd.FIDSubmitRef); there {
		must(ref.Decode(raw))
	}
	return string(ref.SubmitID)
}
