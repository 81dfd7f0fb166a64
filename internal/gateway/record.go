package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// recording is how one record is made (steps 3 to 6), in three steps: assess, judge, store. settle must follow the first.
type recording struct {
	g      *Gateway
	policy *Policy
	s      *subject

	assessed    supplement.Assessment
	day         calendar.TradingDay
	provisional bool
	held        claim
	met         meeting
	rec         *store.Record // nil if none was made
	earlier     *store.Earlier
	kept        bool
}

// record walks through the steps for a login that the core has verified.
func (r *recording) record(ctx context.Context) reason.Reason {
	if why := r.assess(); why != reason.OK {
		return why
	}
	if why := r.judge(); why != reason.OK {
		return why
	}
	return r.store(ctx, uuid.Nil, r.g.recorder.Append)
}

// assess finds flag and key (step 3).
func (r *recording) assess() (why reason.Reason) {
	var err error
	if r.assessed, err = supplement.Assess(r.s.by.terminal, r.policy.Keys, r.s.from.instant); err != nil {
		r.g.logger.Error("login refused", zap.Error(err))
		return reason.NoValidKey
	}
	return reason.OK
}

// judge looks the ciphertext up among those of the day (step 4), and says whether the policy takes what there is.
func (r *recording) judge() reason.Reason {
	r.day, r.provisional = r.policy.Calendar.TradingDayOf(r.s.from.instant)
	r.held, r.met = r.g.reserve(r.day, r.s.who.Account, r.s.by.terminal.Ciphertext, r.s.visit())
	again := r.met == metElsewhere
	if again {
		r.assessed = r.assessed.Replayed()
	}
	switch {
	case again && r.policy.RejectReplays:
		return reason.ReplayedTerminalInfo
	case r.policy.Strict && r.assessed.Problem != supplement.NoProblem:
		return reason.TerminalInfoRefused
	}
	return reason.OK
}

// put is how a record is made durable; see Recorder.
type put func(context.Context, *store.Record) error

// store makes the record durable by put (steps 5 and 6). A zero id is drawn.
func (r *recording) store(ctx context.Context, id uuid.UUID, put put) reason.Reason {
	rec, err := r.g.seal(r.s, &r.assessed, id)
	if err != nil {
		// Everything in it was validated before: a bug of ours, or a registry row from
		// elsewhere. Refuse rather than record what is not so.
		r.g.logger.Error("supplement refused", zap.Error(err))
		return reason.IllegalField
	}
	rec.TradingDay, rec.Provisional = r.day, r.provisional
	if rec.Seen = r.held.hash; rec.Seen != (store.SeenHash{}) {
		rec.SeenVisit = r.s.visit()
	}
	r.rec = rec
	why := r.g.append(ctx, rec, put)
	r.kept = why == reason.OK || mayStay(why)
	return why
}

// settle says of the ciphertext what became of the record, at each end of the attempt. It works on the zero recording.
func (r *recording) settle() {
	if r.g != nil {
		r.g.replays.settle(r.held, r.kept)
	}
}

// problem is what was wrong with the terminal information, for the audit log.
func (r *recording) problem() string {
	if r.assessed.Problem == supplement.NoProblem {
		return ""
	}
	return r.assessed.Problem.String()
}

// seal builds and encrypts the supplement (step 5) and fills in the record, all but its day.
func (g *Gateway) seal(s *subject, assessed *supplement.Assessment, id uuid.UUID) (*store.Record, error) {
	defer g.stage(StageEncrypt, time.Now())
	sup := supplement.Supplement{
		Flag: assessed.Flag, AppID: s.by.appID, Public: s.from.addr, LoginTime: s.from.loggedIn, Offline: s.from.offline,
		Account: s.who.Account, UserType: s.who.UserType,
	}
	if t := s.through; t != nil {
		sup.Relay = (*supplement.Relay)(&t.via)
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
	if id == uuid.Nil {
		if id, err = uuid.NewV7(); err != nil {
			return nil, err
		}
	}
	rec := &store.Record{
		ID: id, LoginTime: s.from.instant.Truncate(time.Second), VendorID: g.opt.Firm.VendorID,
		KeyVersion: assessed.Key.Version, Terminal: s.by.terminal.Ciphertext, Supplement: sealed,
		Flag: assessed.Flag, AppID: s.by.appID, Account: s.who.Account, UserType: s.who.UserType,
		FrontID: g.opt.Firm.FrontID, SessionID: s.from.session,
	}
	if t := s.through; t != nil {
		rec.RelayAppID, rec.RelayMode = t.via.AppID, t.mode
		rec.VisitTime, rec.RelayLoginTime = s.from.loggedIn, t.via.LoginTime
		if rec.Submitted() {
			rec.RelaySealed = g.sealAddress(id, t.via.Addr)
		}
	}
	return rec, nil
}

// append makes the record durable (step 6). If we crash in here, the login was not
// answered; the record may be there, and then counts.
func (g *Gateway) append(ctx context.Context, rec *store.Record, put put) reason.Reason {
	defer g.stage(StageStore, time.Now())
	err := put(ctx, rec)
	switch {
	case err == nil:
		return reason.OK
	case errors.Is(err, store.ErrUnconfirmed):
		return reason.StoreUnconfirmed
	case errors.Is(err, store.ErrInDoubt):
		g.logger.Error("the record may be stored or not, login answered 8", zap.Stringer("record_id", rec.ID), zap.Error(err))
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
