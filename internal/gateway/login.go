package gateway

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// Login logs a customer in: it walks through the steps of the package comment.
func (g *Gateway) Login(ctx context.Context, peer session.Peer, a *session.LoginAttempt) session.Outcome {
	g.stage(StageQueue, a.Arrived)
	defer g.stage(StageTotal, a.Arrived)
	if g.opt.LoginWork > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.opt.LoginWork)
		defer cancel()
	}

	var e logs.Entry
	g.begin(&e, peer, session.OpLogin.String(), reason.OK)
	e.AppID, e.Account, e.KeyVersion = string(a.AppID), string(a.UserID), string(a.Terminal.KeyVersion)

	through, why := g.admitLogin(peer, a, &e)
	if why == reason.OK {
		why = g.mayLogIn(peer, a)
	}
	if why != reason.OK {
		clear(a.Request)
		clear(a.Password)
		return g.refuseLogin(&e, why)
	}
	user, refusal := g.verify(ctx, peer, a, through)
	if refusal != nil {
		return g.passRefusal(&e, refusal)
	}
	return g.enter(ctx, peer, a, &e, user, through)
}

// enter records a login that the core has verified, and opens its session there (steps 2 to 7).
func (g *Gateway) enter(
	ctx context.Context, peer session.Peer, a *session.LoginAttempt, e *logs.Entry, user core.User, through *arrival,
) (outcome session.Outcome) {
	limit, paced, counted := rateOf(user.UserType, g.Policy().LoginsPerUser), false, false
	defer func() { // also if a part panics: the front then ends the connection without Ended
		if outcome.Reason == reason.OK && outcome.Receipt != nil {
			return
		}
		g.core.Abort(peer.SessionID, abortCode(outcome.Reason), outcome.Reason.String())
		if counted {
			g.online.remove(user.Account)
		}
		if paced && outcome.Reason != reason.OK && !mayStay(outcome.Reason) {
			g.loginRates.giveBack(user.Account, limit)
		}
	}()
	if why := g.mayOperate(a, user); why != reason.OK {
		return g.refuseLogin(e, why)
	}
	if paced = g.loginRates.allows(user.Account, limit, time.Now()); !paced {
		return g.refuseLogin(e, reason.LoginRate)
	}
	if counted = g.online.add(ctx, user.Account); !counted {
		return g.refuseLogin(e, reason.TooManySessions)
	}
	if why := g.mayRecord(peer, a); why != reason.OK {
		return g.refuseLogin(e, why)
	}
	policy, s := g.Policy(), g.subjectOf(user, peer, a, through)
	r := recording{g: g, policy: policy, s: &s}
	defer r.settle()
	why := g.recordLogin(ctx, &r, a)
	e.TerminalProblem, e.ReReported = r.problem(), r.met == metOnVisit
	if why != reason.OK {
		if mayStay(why) {
			e.RecordID = r.rec.ID // it may be in the report all the same: leave a trace of it
		}
		return g.refuseLogin(e, why)
	}
	return g.acceptLogin(e, &s, r.rec, a, through)
}

// mayRecord says of a verified login whether there is still a terminal to log in and a core to open its session at. What goes away
// behind it finds a record, which counts.
func (g *Gateway) mayRecord(peer session.Peer, a *session.LoginAttempt) reason.Reason {
	switch {
	case a.Gone != nil && a.Gone.Load():
		return reason.TerminalGone
	case !g.core.Alive(peer.SessionID):
		return reason.CoreAway
	}
	return reason.OK
}

// abortCode is what the core is told of why a verified session is not opened.
func abortCode(why reason.Reason) ftd.ReasonCode {
	if why == reason.TerminalGone {
		return ftd.ReasonGone
	}
	return ftd.ReasonRecordFailed
}

// verify asks the core (step 1). The password is gone afterwards, at any answer.
func (g *Gateway) verify(
	ctx context.Context, peer session.Peer, a *session.LoginAttempt, through *arrival,
) (core.User, *core.Refused) {
	defer clear(a.Request)
	defer clear(a.Password)
	if !usable(peer.Addr) {
		return core.User{}, &core.Refused{Reason: reason.NoPublicAddress}
	}
	defer g.stage(StageVerify, time.Now())
	attempt := core.Attempt{
		SessionID: peer.SessionID,
		Account:   regulation.Account(a.UserID), Password: a.Password, Request: a.Request,
		Source: peer.Addr, AppID: regulation.AppID(a.AppID), AppType: a.AppType,
		Instant: g.now(), Terminal: a.Line,
	}
	if through != nil {
		attempt.Source, attempt.AppID = through.addr, through.appID
		attempt.Via, attempt.Relayed = through.relay.AppID, through.told.Field
	}
	user, err := g.core.Verify(ctx, &attempt)
	if err != nil {
		refused := g.coreRefusal(ctx, err)
		g.noteGuess(a, refused)
		return core.User{}, refused
	}
	return user, nil
}

// coreRefusal is what the core refused with. What it refused for want of time, or could not be
// asked in time, is the deadline's: nothing was recorded.
func (g *Gateway) coreRefusal(ctx context.Context, err error) *core.Refused {
	refused, isRefused := errors.AsType[*core.Refused](err)
	if ctx.Err() != nil && (!isRefused || refused.Reason == reason.Overloaded) {
		return &core.Refused{Reason: reason.LoginDeadline}
	}
	if isRefused {
		return refused
	}
	g.logger.Error("the core could not be asked", zap.Error(err))
	return &core.Refused{Reason: reason.StoreUnavailable}
}

// passRefusal answers what the core answered.
func (g *Gateway) passRefusal(e *logs.Entry, refused *core.Refused) session.Outcome {
	g.countLogin(e, refused.Reason)
	e.Reason, e.Code = refused.Reason.String(), refused.Reason.Code()
	if refused.Code != 0 {
		e.Code = refused.Code
	}
	outcome := g.decide(e, refused.Reason)
	outcome.Code, outcome.Text, outcome.Session = refused.Code, refused.Text, refused.Session
	return outcome
}

func (g *Gateway) refuseLogin(e *logs.Entry, why reason.Reason) session.Outcome {
	g.countLogin(e, why)
	e.Reason, e.Code = why.String(), why.Code()
	return g.decide(e, why)
}

// acceptLogin tells the audit log and the terminal what was recorded (step 7). The line is
// with the operating system before the answer goes out: a kill must not leave an answered
// login without evidence.
//
// The core learns first that the session is live. If it is not there any more the login is answered all the
// same, for its record counts; the terminal is then asked to log in again (Outcome.Lost).
func (g *Gateway) acceptLogin(
	e *logs.Entry, s *subject, rec *store.Record, a *session.LoginAttempt, through *arrival,
) session.Outcome {
	opened, lost := g.openSession(s, rec, a)
	finished := false
	defer func() { // a part panicked: the front ends the connection, and knows of no session
		if !finished && opened != nil {
			opened.Close(ftd.ReasonGone, "the login was not answered")
		}
	}()
	g.noteLogin(s, e.ReReported)
	g.countLogin(e, reason.OK)
	g.observer.Flagged(rec.Flag.Word(), false)
	if s.from.addr.IsValid() {
		g.observer.CameFrom(s.from.addr.Addr(), s.from.proxy, string(rec.Account))
	}
	g.noteAccepted(e, s, through)
	g.logAccepted(e, rec)
	receipt := &session.Receipt{
		RecordID: rec.ID, Account: rec.Account, UserType: rec.UserType, TradingDay: rec.TradingDay,
		LoginTime: rec.LoginTime, Public: s.from.addr, Flag: rec.Flag,
		FrontID: rec.FrontID, SessionID: rec.SessionID, SystemName: g.opt.Firm.SystemName,
		LastLogin: s.who.LastLogin, LastIP: s.who.LastIP, Notice: s.who.Notice,
	}
	if s.through != nil {
		receipt.LoginTime, receipt.Via = s.from.loggedIn, &s.through.via
	}
	if a.AppType == operatorRelay {
		receipt.Terms = g.beginOperator(s.from.session, a.AppID)
	}
	finished = true
	return session.Outcome{Session: opened, Lost: lost, Receipt: receipt}
}

// logAccepted writes the line of what was recorded, and waits for the operating system to have it.
func (g *Gateway) logAccepted(e *logs.Entry, rec *store.Record) {
	e.RecordID, e.TradingDay, e.KeyVersion = rec.ID, rec.TradingDay, rec.KeyVersion
	e.Flag, e.UserType = rec.Flag, rec.UserType
	e.Time = g.now()
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := g.audit.LogWritten(ctx, *e); err != nil {
		g.logger.Warn("a login is answered whose audit line may be missing", zap.Stringer("record_id", rec.ID), zap.Error(err))
	}
}

// openSession tells the core that the record is durable.
func (g *Gateway) openSession(s *subject, rec *store.Record, a *session.LoginAttempt) (opened core.Session, lost bool) {
	opened, err := g.core.Open(&core.Opening{
		SessionID: s.from.session, User: rec.Account, RecordID: rec.ID, LoginTime: rec.LoginTime,
		TradingDay: rec.TradingDay, Flag: rec.Flag, Resume: a.Resume, Terminal: a.Line,
	})
	if err != nil {
		g.logger.Warn("a login is recorded whose core is gone: it is answered, and its terminal asked to log in again",
			zap.Stringer("record_id", rec.ID), zap.Error(err))
		return nil, true
	}
	return opened, false
}

func (g *Gateway) stage(name string, since time.Time) { g.observer.Stage(name, time.Since(since)) }
