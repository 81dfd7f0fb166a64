package coresim

import (
	"crypto/subtle"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// verify answers SessionVerify.
func (l *link) verify(tag ftd.SessionTag, body []byte) {
	m, err := ftd.DecodeMessage(body)
	var request ftd.LoginRequest
	var context ftd.SessionContext
	if err != nil || !fieldOf(m, ftd.FIDSessionContext, &context) {
		l.violation("malformed")
		return
	}
	l.e.count.Verifies++
	raw, there := m.Field(ftd.FIDLoginRequest)
	code := codeField
	var s *session
	if there && request.Decode(raw) == nil {
		s, code = l.judge(tag, &request, secondFactor(raw))
	}
	if s != nil {
		s.ip = string(context.PublicIP)
	}
	l.e.count.code(code)
	l.answerVerify(tag, s, code)
}

// secondFactor is OneTimePassword s40 behind a LoginRequest, nil without one.
func secondFactor(loginRequest []byte) []byte {
	const at, length = 106, 40
	if len(loginRequest) < at+length {
		return nil
	}
	return []byte(strings.TrimRight(string(loginRequest[at:at+length]), " "))
}

// judge says who may log in. The session is nil if nothing is left of the attempt.
func (l *link) judge(tag ftd.SessionTag, r *ftd.LoginRequest, second []byte) (*session, int) {
	old := l.front.sessions[tag.SessionID]
	a := l.e.accounts[string(r.UserID)]
	switch {
	case l.e.state != ftd.CoreActive:
		return nil, l.e.inactive()
	case old != nil && old.state != statePasswordOnly:
		l.e.count.VerifiedTwice++
		return nil, codeAgain
	case string(r.BrokerID) != l.front.broker:
		return nil, codeMismatch
	case a == nil || !same(a.Password, r.Password):
		return nil, codeWrong
	case a.Locked:
		return nil, codeLocked
	case a.Code != "" && len(second) == 0:
		return nil, codeNeeded
	case a.Code != "" && !same(a.Code, second):
		return nil, codeSecond
	}
	if old != nil {
		l.e.drop(old)
	}
	if a.code == 0 && a.Sessions > 0 && a.online() >= a.Sessions {
		return nil, codeSessions
	}
	s := &session{front: l.front, link: l, id: tag.SessionID, account: a}
	if a.code != 0 {
		s.state = statePasswordOnly
	}
	l.front.sessions[s.id] = s
	a.sessions[s] = struct{}{}
	return s, a.code
}

func same(text string, sent []byte) bool { return subtle.ConstantTimeCompare([]byte(text), sent) == 1 }

// online counts the sessions that an account has, those for its password apart.
func (a *account) online() (n int) {
	for s := range a.sessions {
		if s.state != statePasswordOnly {
			n++
		}
	}
	return n
}

// answerVerify answers, at once or after the delay that a command set.
func (l *link) answerVerify(tag ftd.SessionTag, s *session, code int) {
	if l.e.mute() {
		return
	}
	if late := l.e.faults.late; late > 0 {
		l.e.faults.delayed = append(l.e.faults.delayed, delayed{l.e.now.Add(late), l, tag, s, code})
		return
	}
	l.sayVerified(tag, s, code)
}

func (l *link) sayVerified(tag ftd.SessionTag, s *session, code int) {
	start := len(l.out)
	l.answerSession(ftd.TIDSessionVerify, tag, func(m *ftd.Encoder) {
		if s != nil {
			a := s.account
			v := ftd.VerifyResult{
				UserID: []byte(a.User), UserType: a.userType(), Restriction: ftd.RestrictionNone,
				LastLogin: []byte(a.LastLogin), LastIP: []byte(a.LastIP), Notice: []byte(a.Notice),
			}
			if code != codeOK {
				v.Restriction = ftd.RestrictionPasswordOnly
			}
			m.VerifyResult(&v)
		}
		m.Error(l.e.failure(code))
	})
	l.e.spoil(&l.out, start)
}

// delayed is a verify's answer that comes late on purpose.
type delayed struct {
	due  time.Time
	link *link
	tag  ftd.SessionTag
	s    *session
	code int
}

// sendLate sends the answers that are due: all, if none is to be late any more.
func (e *engine) sendLate() {
	waiting := e.faults.delayed[:0]
	for _, d := range e.faults.delayed {
		if e.faults.late > 0 && e.now.Before(d.due) {
			waiting = append(waiting, d)
			continue
		}
		d.link.sayVerified(d.tag, d.s, d.code)
	}
	e.faults.delayed = waiting
}

// passwordUpdate answers PasswordUpdate: of a session that may do nothing else, or of an open one.
func (l *link) passwordUpdate(s *session, h ftd.Header, whole [][]byte) {
	var u ftd.PasswordUpdate
	code := codeField
	if fieldAmong(whole, ftd.FIDPasswordUpdate, &u) && len(u.NewPassword) > 0 {
		code = s.changePassword(&u)
	}
	if code == codeOK {
		l.e.count.PasswordsChanged++
	}
	l.answer(s.tag(), h, func(m *ftd.Encoder) { m.Error(l.e.failure(code)) })
}

func (s *session) changePassword(u *ftd.PasswordUpdate) int {
	switch a := s.account; {
	case string(u.UserID) != a.User || string(u.BrokerID) != s.front.broker:
		return codeMismatch
	case !same(a.Password, u.OldPassword):
		return codeWrong
	case same(a.Password, u.NewPassword):
		return codeSame
	default:
		a.Password, a.code = string(u.NewPassword), 0
		return codeOK
	}
}

// requestCode answers a request for a second factor's code. Its field is BrokerID s10, UserID s18, Mobile s20, under
// any FID. core-sim sends no SMS: the code is the accounts file's.
func (l *link) requestCode(tag ftd.SessionTag, h ftd.Header, body []byte) {
	l.e.count.CodeRequests++
	code := codeField
	if m, err := ftd.DecodeMessage(body); err == nil {
		if _, data, _ := m.Fields.Next(); len(data) >= 10+18+20 {
			code = l.judgeCode(trim(data[:10]), trim(data[10:28]), trim(data[28:48]))
		}
	}
	l.answer(tag, h, func(m *ftd.Encoder) { m.Error(l.e.failure(code)) })
}

func (l *link) judgeCode(broker, user, mobile string) int {
	switch a := l.e.accounts[user]; {
	case l.e.state != ftd.CoreActive:
		return l.e.inactive()
	case broker != l.front.broker:
		return codeMismatch
	case a == nil || a.Code == "" || a.Mobile != mobile:
		return codeMobile // which of them it is, a caller does not learn
	default:
		return codeOK
	}
}

func trim(padded []byte) string { return strings.TrimRight(string(padded), " ") }
