package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// record makes durable what a login was (steps 3 to 6). The record is nil if none was made.
func (g *Gateway) record(ctx context.Context, policy *Policy, s *subject) (*store.Record, supplement.Problem, reason.Reason) {
	assessed, err := supplement.Assess(s.by.terminal, policy.Keys, s.from.instant)
	if err != nil {
		g.logger.Error("login refused", zap.Error(err))
		return nil, supplement.NoProblem, reason.NoValidKey
	}
	day, provisional := policy.Calendar.TradingDayOf(s.from.instant)
	held, again := g.reserve(day, s.who.Account, s.by.terminal.Ciphertext)
	kept := false
	defer func() { g.replays.settle(held, kept) }()
	if again {
		assessed = assessed.Replayed()
	}
	switch {
	case again && policy.RejectReplays:
		return nil, assessed.Problem, reason.ReplayedTerminalInfo
	case policy.Strict && assessed.Problem != supplement.NoProblem:
		return nil, assessed.Problem, reason.TerminalInfoRefused
	}
	rec, err := g.seal(s, &assessed)
	if err != nil {
		// Everything in it was validated before: a bug of ours, or a registry row from
		// elsewhere. Refuse rather than record what is not so.
		g.logger.Error("supplement refused", zap.Error(err))
		return nil, assessed.Problem, reason.IllegalField
	}
	rec.TradingDay, rec.Provisional, rec.Seen = day, provisional, held.hash
	why := g.append(ctx, rec)
	kept = why == reason.OK || mayStay(why)
	return rec, assessed.Problem, why
}

// seal builds and encrypts the supplement (step 5) and fills in the record, all but its day.
func (g *Gateway) seal(s *subject, assessed *supplement.Assessment) (*store.Record, error) {
	defer g.stage(ops.StageEncrypt, time.Now())
	sup := supplement.Supplement{
		Flag: assessed.Flag, AppID: s.by.appID, Public: s.from.addr, LoginTime: s.from.instant,
		Account: s.who.Account, UserType: s.who.UserType,
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
		ID: id, LoginTime: s.from.instant.Truncate(time.Second), VendorID: g.opt.Firm.VendorID,
		KeyVersion: assessed.Key.Version, Terminal: s.by.terminal.Ciphertext, Supplement: sealed,
		Flag: assessed.Flag, AppID: s.by.appID, Account: s.who.Account, UserType: s.who.UserType,
		FrontID: g.opt.Firm.FrontID, SessionID: s.from.session,
	}, nil
}

// append makes the record durable (step 6). If we crash in here, the login was not
// answered; the record may be there, and then counts.
func (g *Gateway) append(ctx context.Context, rec *store.Record) reason.Reason {
	defer g.stage(ops.StageStore, time.Now())
	err := g.recorder.Append(ctx, rec)
	switch {
	case err == nil:
		return reason.OK
	case errors.Is(err, store.ErrUnconfirmed):
		return reason.StoreUnconfirmed
	case errors.Is(err, store.ErrInDoubt):
		g.logger.Warn("the local store's commit did not return in time, login answered 8", zap.Stringer("record_id", rec.ID))
		return reason.StoreInDoubt
	case errors.Is(err, store.ErrUnavailable):
		return reason.StoreUnavailable
	case errors.Is(err, store.ErrOverloaded):
		return reason.Overloaded
	case errors.Is(err, store.ErrFull):
		return reason.StoreFull
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return reason.LoginDeadline
	}
	g.logger.Error("record not stored, login answered 90", zap.Stringer("record_id", rec.ID), zap.Error(err))
	return reason.StoreFailed
}

// mayStay reports whether a login that is refused for that reason may have left a record, which
// then counts.
func mayStay(why reason.Reason) bool {
	return why == reason.StoreUnconfirmed || why == reason.StoreInDoubt
}
