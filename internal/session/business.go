package session

import (
	"encoding/binary"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// target is which request of the terminal's an Error is about.
type target struct {
	given  bool
	number uint32
}

// targetOf notes the number of a request that is about to be refused, if it has one.
func (s *Session) targetOf(series uint16, number uint32) {
	s.target = target{series == 0 && number != 0, number}
}

// Passes reports whether f has a message that is the core's, of which nothing but the header is looked at. Without a core that takes
// business too: then it is refused as any other that the core does not get.
func (s *Session) Passes(f ftd.Frame) bool {
	if f.Type != ftd.FrameFTDC || len(f.Body) < ftd.MessageHeaderLen || s.LoggingOut() {
		return false
	}
	tid := ftd.TID(binary.BigEndian.Uint32(f.Body[1:]))
	switch s.state {
	case LoggedIn:
		return tid.Business() || s.business && s.settings.FrontBehind && s.countsUnknown(f.Body)
	case PasswordOnly:
		return tid == ftd.TIDPasswordUpdate
	}
	return false
}

// numbers reports whether an unknown message has the dialog's next number, which it then takes.
func (s *Session) numbers(series uint16, number uint32) bool {
	return !s.inRun && series == 0 && number == s.dialog+1
}

// countsUnknown reports whether a body is an unknown message's that has a number of the dialog. A malformed one, as one of several parts
// is, ends the session here: the front behind would not know whose it is.
func (s *Session) countsUnknown(body []byte) bool {
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		return false
	}
	switch m.TID {
	case ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd:
		return false
	}
	return s.numbers(m.SequenceSeries, m.SequenceNumber)
}

// refusedBehind counts an unknown message that passes, which the front behind refuses, and reports whether there were too many: that front
// knows nothing of the terminal's source.
func (s *Session) refusedBehind(ev *Event) bool {
	return s.state == LoggedIn && !ftd.TID(binary.BigEndian.Uint32(ev.Frame.Body[1:])).Business() && s.overspent(ev.Now)
}

// tooEarly says why a business message is refused before the session is logged in; OK if it is none.
func (s *Session) tooEarly(body []byte) reason.Reason {
	if len(body) < ftd.MessageHeaderLen || !ftd.TID(binary.BigEndian.Uint32(body[1:])).Business() {
		return reason.OK
	}
	switch {
	case s.state == PasswordOnly:
		return reason.PasswordFirst
	case s.state != Authenticated && s.state != LoggingIn:
		return reason.OK
	case s.settings.Business:
		return reason.NotLoggedIn
	}
	return reason.UnknownRequest
}

// refuseEarly refuses one for that reason. Like one that passes it may be a part of a long message, and nothing behind its header is looked at.
func (s *Session) refuseEarly(body []byte, why reason.Reason, fx *Effects) {
	h, err := ftd.DecodeHeader(body)
	if err != nil {
		s.malformed(err, fx)
		return
	}
	s.targetOf(h.SequenceSeries, h.SequenceNumber)
	s.refuse(fx, OpRequest, why)
}

// request judges the header of a message that Passes, and asks to pass it on.
func (s *Session) request(body []byte, fx *Effects) {
	h, err := ftd.DecodeHeader(body)
	if err == nil {
		err = s.judge(h)
	}
	if err != nil {
		s.malformed(err, fx)
		return
	}
	if s.skipRun {
		s.skipRun = s.inRun
		return
	}
	if s.state == PasswordOnly {
		if s.changes == nil {
			s.changes = new(changes)
		}
		s.changes.add(h.SequenceNumber)
	}
	fx.Do, fx.Op, fx.Header, fx.Body = DoPass, OpRequest, h, body
	fx.AppID, fx.UserID = s.AppID(), s.UserID()
}

// judge holds a header to the dialog's rules: series 0, numbers 1, 2, 3 … without a gap, one for all parts of
// a long message, and those in one run. While only the password may be changed no number is counted. Where no core takes business no
// wrong one ends the session: each request is refused anyway, and an unknown TID is answered and the session goes on.
func (s *Session) judge(h ftd.Header) error {
	begins := h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainFirst
	switch {
	case s.state == LoggedIn && !(s.business && s.settings.Business):
		s.skipRun = s.skipRun && !begins && h.SequenceSeries == 0 && h.SequenceNumber == s.dialog
	case h.SequenceSeries != 0:
		return ftd.FaultSequence
	case s.state == PasswordOnly && h.Chain != ftd.ChainSingle:
		return ftd.FaultChain
	case s.state == PasswordOnly:
		return nil
	case begins == s.inRun:
		return ftd.FaultChain
	case begins && h.SequenceNumber != s.dialog+1, !begins && h.SequenceNumber != s.dialog:
		return ftd.FaultSequence
	}
	s.dialog = h.SequenceNumber
	s.inRun = h.Chain == ftd.ChainFirst || h.Chain == ftd.ChainMiddle
	return nil
}

// requestRefused answers a request that the core does not. If it is a part of a long message, the rest of that
// is not passed on either: the core would not know what to do with it. A message that no core takes counts as a refusal: the terminal
// can know that no later one is taken. That the core is away, or takes no more, does not.
func (s *Session) requestRefused(ev *Event, fx *Effects) {
	if s.state != LoggedIn && s.state != PasswordOnly {
		return
	}
	s.skipRun = s.skipRun || s.inRun && ev.Series == 0 && ev.Number == s.dialog
	s.changes.remove(ev.Number)
	e := ftd.Begin(fx.Wire, ftd.TIDError)
	e.Sequence(0, ev.Number)
	putRefusal(&e, ev.Now, ev.Outcome)
	e.ErrorTargetSequence(&ftd.ErrorTargetSequence{Series: ev.Series, Number: int32(ev.Number)})
	fx.end(&e)
	switch {
	case s.state == PasswordOnly && reason.EndsSession(ev.Outcome.wireCode()):
		fx.Close = reason.SourceRefused
	case ev.Outcome.Reason == reason.UnknownRequest && s.overspent(ev.Now):
		fx.Close = reason.RefusalFlood
	}
}

// Deliver appends the frame with a message of the core's to dst, unchanged, if the terminal may have it now.
// While a login is on its way that is not known yet: the caller holds the message back until the answer.
func (s *Session) Deliver(dst, body []byte, now time.Time) []byte {
	if len(body) < ftd.MessageHeaderLen || len(body) > ftd.MaxBodyLen {
		return dst
	}
	tid := ftd.TID(binary.BigEndian.Uint32(body[1:]))
	switch {
	case s.state == LoggedIn && s.business:
	case s.state == PasswordOnly && s.answersPassword(tid, body):
		s.passwordAnswered(body, now)
	case s.state == Authenticated && tid == ftd.TIDRequestCode:
	default:
		return dst
	}
	s.sent = now
	dst = append(dst, byte(ftd.FrameFTDC), 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	return append(dst, body...)
}

// Heard notes that the terminal sent something which is not taken yet.
func (s *Session) Heard(now time.Time) { s.heard = now }
