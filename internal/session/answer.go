package session

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// takeOutcome turns an outcome into the terminal's answer.
func (s *Session) takeOutcome(ev *Event, fx *Effects) {
	switch {
	case ev.Do == DoLogin:
		s.loginDone(ev, fx)
	case ev.Do == DoVerify && ev.Outcome.Reason == reason.OK:
		s.authenticated(ev, fx)
	case ev.Do == DoNotifyDecision && ev.Outcome.Reason == reason.OK: // only a logout is decided so
		e := ftd.Begin(fx.Wire, ftd.TIDUserLogout)
		putError(&e, ev.Now, reason.OK, reason.Ref{})
		fx.end(&e)
		fx.Close = reason.LoggedOut
	default:
		s.sendRefusal(ev.Op, ev, fx)
	}
}

var opTIDs = [...]ftd.TID{ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDError}

// sendRefusal answers with Error alone and ends the session where the protocol says so.
func (s *Session) sendRefusal(op Op, ev *Event, fx *Effects) {
	why := ev.Outcome.Reason
	e := ftd.Begin(fx.Wire, opTIDs[op])
	putError(&e, ev.Now, why, ev.Outcome.Ref)
	fx.end(&e)

	code := why.Code()
	if code == 3 {
		s.wrong++
	}
	switch overspent := s.overspent(ev.Now); {
	case op == OpAuthenticate:
		fx.Close = reason.AuthFailed
	case why.EndsSession():
		fx.Close = reason.SourceRefused
	case s.wrong >= maxRefusals:
		fx.Close = reason.TooManyRefusals
	case overspent:
		fx.Close = reason.RefusalFlood
	}
}

// overspent counts a refusal and reports whether there were too many: each costs the front
// a line in the audit log, and the terminal nothing. After authentication one a second is
// forgotten; before it none.
func (s *Session) overspent(now time.Time) bool {
	if s.state < Authenticated {
		s.refusals, s.refusedAt = s.refusals+1, now
		return s.refusals >= maxRefusalsBeforeAuth
	}
	s.refusals = max(0, s.refusals-now.Sub(s.refusedAt).Seconds()) + 1
	s.refusedAt = now
	return s.refusals > float64(s.settings.Refusals)
}

const timeStampLayout = "20060102150405"

// putError adds the Error field, the last of every answer.
func putError(e *ftd.Encoder, now time.Time, why reason.Reason, ref reason.Ref) {
	var text [128]byte
	var stamp [len(timeStampLayout)]byte
	e.Error(&ftd.Error{
		Code:      why.Code(),
		Text:      why.AppendText(text[:0], ref),
		TimeStamp: now.In(regulation.Zone).AppendFormat(stamp[:0], timeStampLayout),
	})
}

// end takes over a finished message. What we put into one always fits the protocol: an error
// here is a bug of ours.
func (fx *Effects) end(e *ftd.Encoder) {
	wire, err := e.End()
	if err != nil {
		panic("session: answer does not fit the protocol: " + err.Error())
	}
	fx.Wire = wire
}
