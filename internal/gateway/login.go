package gateway

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Login logs a customer in: it walks through the steps of the package comment.
func (g *Gateway) Login(ctx context.Context, peer session.Peer, a session.LoginAttempt) session.Outcome {
	g.stage(ops.StageQueue, a.Arrived)
	defer g.stage(ops.StageTotal, a.Arrived)
	if g.opt.LoginWork > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.opt.LoginWork)
		defer cancel()
	}

	e := g.entry(peer, session.OpLogin.String(), reason.OK)
	e.AppID, e.Account, e.KeyVersion = string(a.AppID), string(a.UserID), string(a.Terminal.KeyVersion)

	user, why := g.verify(ctx, peer, &a)
	if why != reason.OK {
		return g.refuseLogin(e, why)
	}
	if !g.loginRates.allows(user.Account, user.UserType, g.Policy().LoginsPerUser, time.Now()) {
		return g.refuseLogin(e, reason.LoginRate)
	}
	if !g.online.add(user.Account) {
		return g.refuseLogin(e, reason.TooManySessions)
	}
	accepted := false
	defer func() { // also if a part panics: the front then ends the connection without Ended
		if !accepted {
			g.online.remove(user.Account)
		}
	}()
	policy, s := g.Policy(), newSubject(user, peer, &a, g.now())
	rec, problem, why := g.record(ctx, policy, &s)
	if problem != supplement.NoProblem {
		e.TerminalProblem = problem.String()
	}
	if why != reason.OK {
		if mayStay(why) {
			e.RecordID = rec.ID // it may be in the report all the same: leave a trace of it
		}
		return g.refuseLogin(e, why)
	}
	outcome := g.acceptLogin(e, &s, rec)
	accepted = true
	return outcome
}

// verify asks the core (step 1). Whatever it says, the password is gone afterwards.
func (g *Gateway) verify(
	ctx context.Context, peer session.Peer, a *session.LoginAttempt,
) (core.User, reason.Reason) {
	defer clear(a.Password)
	if !usable(peer.Addr) {
		return core.User{}, reason.NoPublicAddress
	}
	defer g.stage(ops.StageVerify, time.Now())
	user, err := g.core.Verify(ctx, core.Attempt{
		Account:  regulation.Account(a.UserID),
		Password: a.Password,
		Source:   peer.Addr.Addr(),
	})
	if err != nil {
		return core.User{}, g.coreReason(ctx, err)
	}
	return user, reason.OK
}

var coreReasons = map[core.Reason]reason.Reason{
	core.UnknownAccount: reason.UnknownAccount,
	core.WrongPassword:  reason.WrongPassword,
	core.AccountLocked:  reason.AccountLocked,
	core.SourceLocked:   reason.SourceLocked,
	core.Busy:           reason.Overloaded,
}

// coreReason is why the core refused. What it refused for want of time, or could not be
// asked in time, is the deadline's: nothing was recorded.
func (g *Gateway) coreReason(ctx context.Context, err error) reason.Reason {
	var refused *core.Refused
	isRefused := errors.As(err, &refused)
	if ctx.Err() != nil && (!isRefused || refused.Reason == core.Busy) {
		return reason.LoginDeadline
	}
	if isRefused {
		if why, ok := coreReasons[refused.Reason]; ok {
			return why
		}
	}
	g.logger.Error("the core could not be asked", zap.Error(err))
	return reason.StoreUnavailable
}

func (g *Gateway) refuseLogin(e ops.Entry, why reason.Reason) session.Outcome {
	g.observer.LoggedIn(why.String())
	e.Reason, e.Code = why.String(), why.Code()
	return g.decide(e, why)
}

// acceptLogin tells the audit log and the terminal what was recorded (step 7). The line is
// with the operating system before the answer goes out: a kill must not leave an answered
// login without evidence.
func (g *Gateway) acceptLogin(e ops.Entry, s *subject, rec *store.Record) session.Outcome {
	g.observer.LoggedIn(reason.OK.String())
	g.observer.Flagged(rec.Flag.Word())
	g.observer.CameFrom(s.from.addr.Addr(), s.from.proxy, string(rec.Account))
	e.RecordID, e.TradingDay, e.KeyVersion = rec.ID, rec.TradingDay, rec.KeyVersion
	e.Flag, e.UserType = rec.Flag, rec.UserType
	e.Time = g.now()
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := g.audit.LogWritten(ctx, e); err != nil {
		g.logger.Warn("a login is answered whose audit line may be missing", zap.Stringer("record_id", rec.ID), zap.Error(err))
	}
	return session.Outcome{Receipt: &session.Receipt{
		RecordID: rec.ID, Account: rec.Account, UserType: rec.UserType, TradingDay: rec.TradingDay,
		LoginTime: rec.LoginTime, Public: s.from.addr, Flag: rec.Flag,
		FrontID: rec.FrontID, SessionID: rec.SessionID, SystemName: g.opt.Firm.SystemName,
	}}
}

func (g *Gateway) stage(name string, since time.Time) { g.observer.Stage(name, time.Since(since)) }
