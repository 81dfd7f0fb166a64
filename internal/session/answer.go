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
	case ev.Op == OpSubmit:
		s.refuseSubmit(OpSubmit, ev, fx)
	case ev.Op == OpSubmitEnd:
		s.terminalEnded(ev, fx)
	case ev.Do == DoRequestCode && ev.Outcome.Reason == reason.OK: // the core answers
	case ev.Do == DoRequestCode && ev.Outcome.Reason == reason.UnknownRequest:
		s.target = target{}
		s.sendRefusal(OpRequest, ev, fx)
	case ev.Do == DoNotifyDecision && ev.Outcome.Reason == reason.OK: // only a logout is decided so
		e := ftd.Begin(fx.Wire, ftd.TIDUserLogout)
		putSuccess(&e, ev.Now)
		fx.end(&e)
		fx.Close = reason.LoggedOut
	default:
		s.sendRefusal(ev.Op, ev, fx)
	}
}

var opTIDs = [...]ftd.TID{
	ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDError, ftd.TIDRequestCode, ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd,
}

// sendRefusal answers with Error, and with what it is about if the request had a number, and ends the session
// where the protocol says so.
func (s *Session) sendRefusal(op Op, ev *Event, fx *Effects) {
	e := ftd.Begin(fx.Wire, opTIDs[op])
	if s.target.given {
		e.Sequence(0, s.target.number)
	}
	putRefusal(&e, ev.Now, ev.Outcome)
	if s.target.given && op == OpRequest {
		e.ErrorTargetSequence(&ftd.ErrorTargetSequence{Number: int32(s.target.number)})
	}
	fx.end(&e)

	code := ev.Outcome.wireCode()
	if code == 3 {
		s.wrong++
	}
	if s.state == PasswordOnly && ev.Outcome.Session != nil {
		return // the customer must change the password: that counts for no bound
	}
	switch overspent := s.overspent(ev.Now); {
	case op == OpAuthenticate:
		fx.Close = reason.AuthFailed
	case reason.EndsSession(code):
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

// putSuccess adds the Error field of an answer that is no refusal.
func putSuccess(e *ftd.Encoder, now time.Time) {
	var text [128]byte
	putError(e, now, 0, reason.OK.AppendText(text[:0], reason.Ref{}))
}

// putRefusal adds the Error field of a refusal: with the code and the text of the core where it refused.
func putRefusal(e *ftd.Encoder, now time.Time, o *Outcome) {
	var text [128]byte
	code, said := o.wireCode(), text[:0]
	switch {
	case o.Code > 0 || o.Text != "":
		said = reason.AppendCoreText(said, code, o.Text, o.Ref)
	case o.Partly:
		said = o.Reason.AppendPartText(said, o.Ref)
	default:
		said = o.Reason.AppendText(said, o.Ref)
	}
	putError(e, now, code, said)
}

func putError(e *ftd.Encoder, now time.Time, code int, text []byte) {
	var stamp [len(ftd.TimeStampLayout)]byte
	e.Error(&ftd.Error{
		Code: code, Text: text,
		TimeStamp: now.In(regulation.Zone).AppendFormat(stamp[:0], ftd.TimeStampLayout),
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
