package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Login logs a customer in: it walks through the steps of the package comment.
func (g *Gateway) Login(ctx context.Context, peer session.Peer, a session.LoginAttempt) session.Reply {
	g.stage(ops.StageQueue, a.Arrived)
	defer g.stage(ops.StageTotal, a.Arrived)

	e := g.entry(peer, session.OpLogin.String(), reason.OK)
	e.AppID, e.Account, e.KeyVersion = string(a.AppID), string(a.UserID), string(a.Terminal.KeyVersion)

	user, why := g.verify(ctx, peer, &a)
	if why != reason.OK {
		return g.refuseLogin(e, why)
	}
	if !g.pace.allows(user.Account, user.UserType, g.InForce().LoginsPerUser, time.Now()) {
		return g.refuseLogin(e, reason.LoginRate)
	}
	if !g.online.enter(user.Account) {
		return g.refuseLogin(e, reason.TooManySessions)
	}
	accepted := false
	defer func() { // also if a part panics: the front then ends the connection without Ended
		if !accepted {
			g.online.leave(user.Account)
		}
	}()
	rec, problem, why := g.record(ctx, peer, &a, user)
	if problem != supplement.NoProblem {
		e.TerminalProblem = problem.String()
	}
	if why != reason.OK {
		if why == reason.StoreUnconfirmed {
			e.RecordID = rec.ID // it will be in the report all the same: leave a trace of it
		}
		return g.refuseLogin(e, why)
	}
	reply := g.acceptLogin(e, peer, rec)
	accepted = true
	return reply
}

// verify asks the core (step 1). Whatever it says, the password is gone afterwards.
func (g *Gateway) verify(
	ctx context.Context, peer session.Peer, a *session.LoginAttempt,
) (core.User, reason.Reason) {
	defer clear(a.Password)
	if !usable(peer) {
		return core.User{}, reason.NoPublicAddress
	}
	defer g.stage(ops.StageVerify, time.Now())
	user, err := g.core.Verify(ctx, core.Attempt{
		Account:  regulation.Account(a.UserID),
		Password: a.Password,
		Source:   peer.Addr.Addr(),
	})
	if err != nil {
		return core.User{}, g.coreReason(err)
	}
	return user, reason.OK
}

// usable reports whether the peer's address can stand in a record. Unmap takes off a
// zone, so that is looked at before; 0.0.0.0 may come as ::ffff:0.0.0.0.
func usable(peer session.Peer) bool {
	addr := peer.Addr.Addr()
	return addr.IsValid() && addr.Zone() == "" && !addr.Unmap().IsUnspecified() && peer.Addr.Port() != 0
}

var coreReasons = map[core.Reason]reason.Reason{
	core.UnknownAccount: reason.UnknownAccount,
	core.WrongPassword:  reason.WrongPassword,
	core.AccountLocked:  reason.AccountLocked,
	core.SourceLocked:   reason.SourceLocked,
	core.Busy:           reason.Overloaded,
}

func (g *Gateway) coreReason(err error) reason.Reason {
	var refused *core.Refused
	if errors.As(err, &refused) {
		if why, ok := coreReasons[refused.Reason]; ok {
			return why
		}
	}
	g.logger.Error("the core could not be asked", zap.Error(err))
	return reason.StoreUnavailable
}

// record takes the instant and makes the login durable (steps 2 to 6).
func (g *Gateway) record(
	ctx context.Context, peer session.Peer, a *session.LoginAttempt, user core.User,
) (*store.Record, supplement.Problem, reason.Reason) {
	instant, set := g.now(), g.InForce()
	assessed, err := g.opt.Rules.Assess(supplement.TerminalInfo{
		KeyVersion: a.Terminal.KeyVersion,
		Flag:       a.Terminal.AbnormalFlag,
		Ciphertext: a.Terminal.Ciphertext,
	}, set.Keys, instant)
	if err != nil {
		g.logger.Error("login refused", zap.Error(err))
		return nil, supplement.NoProblem, reason.NoValidKey
	}
	day, provisional := set.Calendar.TradingDayOf(instant)
	held, again := g.reserve(day, user.Account, a.Terminal.Ciphertext)
	kept := false
	defer func() { g.seen.settle(held, kept) }()
	if again {
		assessed = assessed.Replayed()
	}
	switch {
	case again && set.RejectReplays:
		return nil, assessed.Problem, reason.ReplayedTerminalInfo
	case set.Strict && assessed.Problem != supplement.NoProblem:
		return nil, assessed.Problem, reason.TerminalInfoRefused
	}
	rec, err := g.seal(instant, peer, a, user, assessed)
	if err != nil {
		// Everything in it was validated before: a bug of ours, or a registry row from
		// elsewhere. Refuse rather than record what is not so.
		g.logger.Error("supplement refused", zap.Error(err))
		return nil, assessed.Problem, reason.IllegalField
	}
	rec.TradingDay, rec.Provisional, rec.Seen = day, provisional, held.hash
	why := g.append(ctx, rec)
	kept = why == reason.OK || why == reason.StoreUnconfirmed // the record stays
	return rec, assessed.Problem, why
}

// seal builds and encrypts the supplement (step 5) and fills in the record, all but its day.
func (g *Gateway) seal(
	instant time.Time, peer session.Peer, a *session.LoginAttempt, user core.User, assessed supplement.Assessment,
) (*store.Record, error) {
	defer g.stage(ops.StageEncrypt, time.Now())
	appID := regulation.AppID(a.AppID)
	sup := supplement.Supplement{
		Flag: assessed.Flag, AppID: appID, Public: peer.Addr, LoginTime: instant,
		Account: user.Account, UserType: user.UserType,
	}
	var plain [supplement.MaxRelayLen]byte
	text, err := sup.Append(plain[:0])
	if err != nil {
		return nil, err
	}
	sealed, err := assessed.Key.Encrypter.Encrypt(nil, text)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return &store.Record{
		ID: id, LoginTime: instant.Truncate(time.Second), VendorID: g.opt.Firm.VendorID,
		KeyVersion: assessed.Key.Version, Terminal: a.Terminal.Ciphertext, Supplement: sealed,
		Flag: assessed.Flag, AppID: appID, Account: user.Account, UserType: user.UserType,
		FrontID: g.opt.Firm.FrontID, SessionID: peer.SessionID,
	}, nil
}

// append makes the record durable (step 6). If we crash in here, the login was not
// answered; the record may be there, and then counts.
func (g *Gateway) append(ctx context.Context, rec *store.Record) reason.Reason {
	defer g.stage(ops.StageStore, time.Now())
	err := g.log.Append(ctx, rec)
	switch {
	case err == nil:
		return reason.OK
	case errors.Is(err, store.ErrUnconfirmed):
		return reason.StoreUnconfirmed
	case errors.Is(err, store.ErrUnavailable):
		return reason.StoreUnavailable
	case errors.Is(err, store.ErrOverloaded):
		return reason.Overloaded
	case errors.Is(err, store.ErrFull):
		return reason.StoreFull
	}
	g.logger.Error("record not stored, login answered 90", zap.Stringer("record_id", rec.ID), zap.Error(err))
	return reason.StoreFailed
}

func (g *Gateway) refuseLogin(e ops.Entry, why reason.Reason) session.Reply {
	g.observer.LoggedIn(why.String())
	e.Reason, e.Code = why.String(), why.Code()
	return g.verdict(e, why)
}

// acceptLogin tells the audit log and the terminal what was recorded (step 7). The line is
// with the operating system before the answer goes out: a kill must not leave an answered
// login without evidence.
func (g *Gateway) acceptLogin(e ops.Entry, peer session.Peer, rec *store.Record) session.Reply {
	g.observer.LoggedIn(reason.OK.String())
	g.observer.Flagged(rec.Flag.Word())
	g.observer.CameFrom(peer.Addr.Addr(), peer.Proxy, string(rec.Account))
	e.RecordID, e.TradingDay, e.KeyVersion = rec.ID, rec.TradingDay, rec.KeyVersion
	e.Flag, e.UserType = rec.Flag, rec.UserType
	e.Time = g.now()
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := g.audit.LogWritten(ctx, e); err != nil {
		g.logger.Warn("a login is answered whose audit line may be missing", zap.Stringer("record_id", rec.ID), zap.Error(err))
	}
	return session.Reply{Login: g.response(peer, rec)}
}

// response shows the terminal exactly what was recorded.
func (g *Gateway) response(peer session.Peer, rec *store.Record) *ftd.LoginResponse {
	return &ftd.LoginResponse{
		BrokerID:     []byte(g.opt.Firm.BrokerID),
		UserID:       []byte(rec.Account),
		UserType:     byte(rec.UserType),
		TradingDay:   []byte(rec.TradingDay.String()),
		LoginTime:    rec.LoginTime.In(regulation.Zone).AppendFormat(nil, regulation.TimeLayout),
		PublicIP:     supplement.AppendAddr(nil, peer.Addr.Addr()),
		PublicPort:   int(peer.Addr.Port()),
		AbnormalFlag: byte(rec.Flag),
		FrontID:      rec.FrontID,
		SessionID:    rec.SessionID,
		RecordID:     []byte(rec.ID.String()),
		SystemName:   []byte(g.opt.Firm.SystemName),
	}
}

func (g *Gateway) stage(name string, since time.Time) { g.observer.Stage(name, time.Since(since)) }
