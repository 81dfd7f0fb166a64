package session

import (
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// passwordTimeout is how long a session may live whose password must be changed first.
const passwordTimeout = 120 * time.Second

// maxChanges is how many changes of the password may wait for their answers; of more the oldest are forgotten.
const maxChanges = 8

// changes are the numbers of the changes of the password that have no answer.
type changes []uint32

func (c *changes) add(number uint32) {
	if len(*c) == maxChanges {
		*c = slices.Delete(*c, 0, 1)
	}
	*c = append(*c, number)
}

// remove reports whether there was one of that number.
func (c *changes) remove(number uint32) bool {
	if c == nil {
		return false
	}
	i := slices.Index(*c, number)
	if i < 0 {
		return false
	}
	*c = slices.Delete(*c, i, i+1)
	return true
}

// answersPassword reports whether a message of the core's answers a change of the password. An Error has to have the number of one
// without an answer: it may be a late answer to what the terminal asked before the login, a request for a code.
func (s *Session) answersPassword(tid ftd.TID, body []byte) bool {
	h, err := ftd.DecodeHeader(body)
	waited := err == nil && h.SequenceSeries == 0 && s.changes.remove(h.SequenceNumber)
	return tid == ftd.TIDPasswordUpdate || tid == ftd.TIDError && waited
}

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
