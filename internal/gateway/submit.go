package gateway

import (
	"context"
	"net/netip"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// Submit records one terminal of an operator relay: it walks through submitChecks, of which the last makes the record
// durable. Each call has exactly one outcome and one line of the audit log. The same submission, sent again, has the same
// RecordID: the store keeps one record of it.
//
// If a part panics, what was reserved is given back, the panic goes on, and the driver of the dialogue answers
// submit_fault: the record may then be there, and the relay sends the same again.
func (g *Gateway) Submit(ctx context.Context, peer session.Peer, s *session.SubmitAttempt) session.Outcome {
	g.stage(StageQueue, s.Arrived)
	defer g.stage(StageTotal, s.Arrived)
	if g.opt.LoginWork > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.opt.LoginWork)
		defer cancel()
	}
	e := g.submitEntry(peer, s)
	return g.submit(ctx, &e, peer, s, func(a *arrival) reason.Reason { return g.checkArrival(a, false) })
}

// RefuseSubmit writes down what the session or the driver of the dialogue decided of a submission, or of the end of one. That
// the front, or the trading core, has too much to do is the last in the order of checks: of two reasons the earlier is answered. It does not
// block.
func (g *Gateway) RefuseSubmit(
	peer session.Peer, op session.Op, s *session.SubmitAttempt, why reason.Reason, item string,
) session.Outcome {
	e := g.submitEntry(peer, s)
	e.Event, e.Item, e.RelayMode = op.String(), item, g.modeOf(peer)
	switch {
	case op != session.OpSubmit:
		e.Reason, e.Code = why.String(), why.Code()
		return g.decide(&e, why)
	case why == reason.Overloaded || why == reason.CoreFull:
		return g.submit(context.Background(), &e, peer, s, func(a *arrival) reason.Reason {
			if earlier := g.checkBefore(a, submitDurable); earlier != reason.OK {
				return earlier
			}
			return why
		})
	case why == reason.SubmitFault:
		if id, ok := relay.ParseSubmitID(s.Request.SubmitID); ok {
			e.RecordID = relay.RecordID(s.AppID, id, s.Content) // it may be in the report
		}
	}
	return g.refuseSubmit(&e, g.relays.Find(s.AppID), why)
}

// modeOf is the mode of the relay that has authenticated on the connection, "" of any other.
func (g *Gateway) modeOf(peer session.Peer) string {
	switch link := g.links.find(peer.SessionID); {
	case link == nil:
		return ""
	case link.operator:
		return string(rune(operatorRelay))
	}
	return string(rune(investorRelay))
}

// submit walks through check, and accepts or refuses the submission.
func (g *Gateway) submit(
	ctx context.Context, e *logs.Entry, peer session.Peer, s *session.SubmitAttempt, check func(*arrival) reason.Reason,
) session.Outcome {
	r := g.relayOf(s.AppID)
	if r == nil {
		return g.refuseSubmit(e, nil, reason.RelayDisabled)
	}
	g.relayObserver.SubmissionsInFlight(string(r.AppID), 1)
	defer g.relayObserver.SubmissionsInFlight(string(r.AppID), -1)

	a := &arrival{
		relay: r, options: g.relaying.Load(), instant: g.now(), told: &s.Visit, account: s.Request.UserID, illegal: s.Illegal,
		ctx: ctx, submission: s, peer: peer, link: g.links.find(peer.SessionID),
	}
	defer func() {
		a.recording.settle()
		if a.placed {
			a.link.leave()
		}
	}()
	a.describe(e)
	why := check(a)
	e.Item, e.TerminalProblem, e.ReReported = a.item, a.recording.problem(), a.recording.met == metOnVisit
	if a.unlisted != reason.OK {
		e.TerminalApp = a.unlisted.String()
	}
	if why != reason.OK {
		if mayStay(why) {
			e.RecordID = a.recording.rec.ID // it may be in the report all the same: leave a trace of it
		}
		return g.refuseSubmit(e, r, why)
	}
	return g.acceptSubmit(e, a)
}

func (g *Gateway) submitEntry(peer session.Peer, s *session.SubmitAttempt) logs.Entry {
	e := g.entry(peer, logs.EventSubmit, reason.OK)
	e.RelayAppID, e.RelayMode, e.RelayAddress = string(s.AppID), string(rune(operatorRelay)), g.mapped(peer)
	e.Account, e.Operator, e.KeyVersion = string(s.Request.UserID), string(s.Operator), string(s.Info.KeyVersion)
	e.SubmitID, e.Attempt = string(s.Request.SubmitID), string(rune(s.Request.Attempt))
	return e
}

// mapped is the address that the report has for the relay, if it is not the one that was seen.
func (g *Gateway) mapped(peer session.Peer) (public netip.Addr) {
	if at := g.relaying.Load().relayAddr(peer); at != peer.Addr {
		return at.Addr()
	}
	return netip.Addr{}
}

func (g *Gateway) refuseSubmit(e *logs.Entry, r *relay.Relay, why reason.Reason) session.Outcome {
	if r != nil {
		g.relayObserver.Submitted(string(r.AppID), why.String())
	}
	e.Reason, e.Code = why.String(), why.Code()
	return g.decide(e, why)
}

// acceptSubmit tells the audit log and the relay what was recorded, and begins the visit.
func (g *Gateway) acceptSubmit(e *logs.Entry, a *arrival) session.Outcome {
	rec, via := g.asRecorded(&a.recording)
	why := reason.OK
	if a.submission.Request.Attempt == ftd.AttemptAgain {
		why = reason.Resubmitted
	}
	g.relayObserver.Submitted(string(a.relay.AppID), why.String())
	g.observer.Flagged(rec.Flag.Word(), true)
	if a.addr.IsValid() {
		g.observer.CameFrom(a.addr.Addr(), a.peer.Proxy, string(rec.Account))
	}
	g.noteLogin(a.recording.s, e.ReReported || a.recording.wasRecorded())
	g.noteAccepted(e, a.recording.s, a)
	if a.placed {
		a.placed = false
		g.beginVisit(a, rec)
	}
	e.Reason = why.String()
	g.logAccepted(e, rec)
	return session.Outcome{Reason: reason.OK, Submitted: submitReceipt(rec, via)}
}

// beginVisit counts a visit in. The owner of the connection tells the trading core, behind what it told it before.
func (g *Gateway) beginVisit(a *arrival, rec *store.Record) {
	if a.link.begin(a.id, liveVisit{rec.Account, rec.ID}) {
		g.relayObserver.VisitsLive(string(a.relay.AppID), 1)
	}
	// Behind begin: who ends the terminals of the account either finds this one, or has changed what is known before this.
	if g.isBarred([]byte(rec.Account)) {
		g.barred.Store(true)
	}
}

// Barred reports whether accounts were disabled or removed while submissions of their terminals were recorded, since it was last asked:
// these are to be ended. Which they are, Visits says.
func (g *Gateway) Barred() bool { return g.barred.Swap(false) }

// isBarred says of an account that the firm does not know, or has disabled, as far as the core can be asked.
func (g *Gateway) isBarred(account []byte) bool {
	if g.known == nil {
		return false
	}
	known, disabled := g.known.Known(account)
	return !known || disabled
}

func submitReceipt(rec *store.Record, via session.Via) *session.SubmitReceipt {
	return &session.SubmitReceipt{
		RecordID: rec.ID, Account: rec.Account, UserType: rec.UserType, TradingDay: rec.TradingDay, Flag: rec.Flag, Via: via,
	}
}

// EndTerminal takes a terminal out that an operator relay says has gone. It does not block. A terminal that is not known was
// reported on another connection, or has ended already: that is answered as done, and its outcome is Surplus.
func (g *Gateway) EndTerminal(peer session.Peer, operator, submitID []byte) session.Outcome {
	e := g.entry(peer, logs.EventSubmitEnd, reason.OK)
	e.SubmitID, e.Operator, e.RelayMode = string(submitID), string(operator), string(rune(operatorRelay))
	link := g.links.find(peer.SessionID)
	if link != nil {
		e.RelayAppID = string(link.relay.AppID)
	}
	id, ok := relay.ParseSubmitID(submitID)
	if !ok {
		e.Reason, e.Code = reason.SubmitID.String(), reason.SubmitID.Code()
		return g.decide(&e, reason.SubmitID)
	}
	surplus := true
	if link != nil {
		account, ended := link.end(id)
		if e.Account = string(account); ended > 0 {
			surplus = false
			g.relayObserver.VisitsLive(string(link.relay.AppID), -ended)
		}
	}
	outcome := g.decide(&e, reason.OK)
	outcome.Surplus = surplus
	return outcome
}
