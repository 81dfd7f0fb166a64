package session

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// passwordTimeout is how long a session may live whose password must be changed first.
const passwordTimeout = 120 * time.Second

// passwordAnswered takes the core's answer to a change of the password. After success the terminal logs in with
// the new one, and has the time for it that an authenticated terminal has.
func (s *Session) passwordAnswered(body []byte, now time.Time) {
	if !isSuccess(body) {
		return
	}
	s.since, s.heard = now, now
	s.backToLogin()
}

// isSuccess reports whether a message of the core's has an Error field with code 0.
func isSuccess(body []byte) bool {
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		return false
	}
	raw, ok := m.Field(ftd.FIDError)
	var e ftd.Error
	return ok && e.Decode(raw) == nil && e.Code == 0
}

// requestCode asks to pass a request for a second factor's code on. Only a terminal that has still to log in
// needs one.
func (s *Session) requestCode(m ftd.Message, body []byte, fx *Effects) {
	if s.state != Authenticated {
		s.unknown(m, fx)
		return
	}
	s.targetOf(m.SequenceSeries, m.SequenceNumber)
	fx.Do, fx.Op, fx.Body = DoRequestCode, OpRequestCode, body
	fx.AppID = s.AppID()
}
