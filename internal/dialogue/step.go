package dialogue

import (
	"context"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/growstack"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// step feeds one event to the session and does what follows, until nothing is left to do
// or a login has left the connection's owner.
func (d *Dialogue) step(ev *session.Event) {
	handler, scratch := d.driver.handler, d.scratch
	challenge, outcome := &scratch.challenge, &scratch.outcome // not on the heap for each event
	for {
		fx := &d.scratch.fx
		fx.Reset()
		was := d.session.State()
		d.session.Step(ev, fx)
		if d.session.State() != was {
			d.stepped(was, ev.Now)
		}
		if len(fx.Wire) > 0 {
			d.scratch.out = append(d.scratch.out, fx.Wire...)
			d.frames.Sent++
		}
		if fx.Close != reason.StayOpen {
			if fx.Close == reason.Malformed {
				d.noteMalformed(fx.Fault, nil)
			}
			d.closing = fx.Close
			return
		}
		switch fx.Do {
		case session.DoNothing:
			return
		case session.DoChallenge:
			handler.Challenge(challenge)
			ev = &session.Event{Kind: session.ChallengeDrawn, Now: ev.Now, Challenge: challenge}
			continue
		case session.DoVerify:
			*outcome = handler.Verify(d.peer, &fx.Auth)
			if outcome.Reason != reason.OK && outcome.Reason != reason.UnreadableApp {
				d.refused++
			}
		case session.DoNotifyDecision:
			*outcome = d.notifyDecision(fx)
		case session.DoLogin:
			why := d.driver.admit(fx.Login.Relayed != nil)
			if why == reason.OK {
				d.startLogin(fx.Login.Clone())
				return
			}
			*outcome = handler.NotifyDecision(d.peer, fx.Op, why, "", fx.Login.AppID, fx.Login.UserID)
		case session.DoSubmit:
			why := d.admitSubmit()
			if why == reason.OK {
				d.startSubmit(fx.Submit.Clone())
				return
			}
			*outcome = handler.RefuseSubmit(d.peer, fx.Op, fx.Submit.Clone(), why, "")
			ev = &session.Event{Kind: session.SubmitDone, Now: ev.Now, Outcome: outcome, SubmitID: fx.SubmitID}
			continue
		case session.DoEndTerminal:
			*outcome = d.endTerminal(fx.UserID, fx.SubmitID)
		case session.DoPass:
			why := d.pass(fx.Header, fx.Body, ev.Now)
			if why == reason.OK {
				return
			}
			*outcome = d.refusal(why, fx.AppID, fx.UserID)
			outcome.Partly = fx.Header.Chain == ftd.ChainMiddle || fx.Header.Chain == ftd.ChainLast
			ev = &session.Event{
				Kind: session.RequestRefused, Now: ev.Now, Outcome: outcome, Series: fx.Header.SequenceSeries, Number: fx.Header.SequenceNumber,
			}
			continue
		case session.DoRequestCode:
			*outcome = handler.RequestCode(d.peer, d.line.Terminal(), fx.AppID, fx.Body)
		}
		ev = &session.Event{Kind: session.OutcomeKnown, Now: ev.Now, Do: fx.Do, Op: fx.Op, Outcome: outcome, SubmitID: fx.SubmitID}
	}
}

// notifyDecision has the handler write down what the session decided by itself.
func (d *Dialogue) notifyDecision(fx *session.Effects) (outcome session.Outcome) {
	if d.core != nil && fx.Header.SequenceNumber != 0 {
		d.core.Refused(fx.Header, fx.Reason) // no other refusal is on its way: the core has got nothing of it
	}
	if fx.Op == session.OpSubmit || fx.Op == session.OpSubmitEnd {
		outcome = d.driver.handler.RefuseSubmit(d.peer, fx.Op, &fx.Submit, fx.Reason, fx.Item)
	} else {
		outcome = d.driver.handler.NotifyDecision(d.peer, fx.Op, fx.Reason, fx.Item, fx.AppID, fx.UserID)
	}
	if d.session.State() < session.Authenticated {
		d.refused++
	}
	return outcome
}

// startLogin leaves the connection's owner. The login's own goroutine comes back to it
// with the outcome, even if the terminal is gone by then: only the owner may know that.
func (d *Dialogue) startLogin(attempt *session.LoginAttempt) {
	driver, peer, line := d.driver, d.peer, d.line
	d.gone = new(atomic.Bool)
	attempt.Line, attempt.Gone = line.Terminal(), d.gone
	relayed := attempt.Relayed != nil
	go func() {
		growstack.Grow()
		outcome, finished := driver.runLogin(peer, attempt)
		line.Later(func(ended bool) {
			switch {
			case !ended:
				d.finishLogin(outcome, finished, relayed)
				return
			case finished: // no terminal to tell
				driver.unanswered(peer, outcome, relayed)
			default:
				driver.loginEnded(relayed)
			}
		})
	}()
}

// runLogin logs in. finished is false if that panicked: then it is not known what was recorded, and the
// terminal gets no answer.
func (d *Driver) runLogin(peer session.Peer, attempt *session.LoginAttempt) (outcome session.Outcome, finished bool) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("panic in a login, connection closed", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return d.handler.Login(context.Background(), peer, attempt), true
}

// finishLogin answers a login that came back; finished is runLogin's. It runs on the connection's owner.
func (d *Dialogue) finishLogin(outcome session.Outcome, finished, relayed bool) {
	defer d.driver.loginEnded(relayed)
	defer d.rescue()
	d.gone = nil
	switch {
	case d.ended && finished:
		d.driver.handler.Unanswered(d.peer, outcome)
		return
	case d.ended:
		return
	case !finished:
		d.closing = reason.FrontPanic
		return
	}
	d.answered = outcome.Reason == reason.OK
	if outcome.Session != nil {
		d.core = outcome.Session
	}
	if mayBeAnswered(outcome.Reason) {
		// The core's answer to this login may still come. Under another SessionID it cannot be taken for the
		// answer to the next one.
		d.renumber()
	}
	d.scratch.out = d.scratch.out[:0]
	now := time.Now()
	if d.answered {
		d.loggedIn = now
	}
	d.step(&session.Event{
		Kind: session.OutcomeKnown, Now: now,
		Do: session.DoLogin, Op: session.OpLogin, Outcome: &outcome,
	})
	d.flush()
	if kept := d.kept; kept != nil {
		d.kept = nil
		d.take(kept, now)
	}
}

// renumber gives the session another SessionID.
func (d *Dialogue) renumber() {
	was := d.peer.SessionID
	if d.peer.SessionID = d.line.NextID(); d.peer.Relays {
		d.driver.handler.Renumbered(was, d.peer)
	}
}

// mayBeAnswered reports whether a login was refused for that reason while the core had not answered it. A core that
// only changed its Term counts as away, and answers over the same link.
func mayBeAnswered(why reason.Reason) bool {
	return why == reason.CoreTimeout || why == reason.LoginDeadline || why == reason.CoreAway
}
