package coresim

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

type sessionState uint8

const (
	stateReserved sessionState = iota
	statePasswordOnly
	stateOpen
	stateSuspended
)

func (s sessionState) String() string {
	return [...]string{"reserved", "password_only", "open", "suspended"}[s]
}

// session is one that a front has verified.
type session struct {
	front     *front
	link      *link // nil while suspended
	id        int32
	state     sessionState
	account   *account
	ip        string
	record    string
	suspended time.Time
	kicked    bool
	from      ftd.ResumePoints // behind which numbers its flows began at SessionOpen
	dialog    dialog
	parts     parts
	visits    visits
}

func (s *session) tag() ftd.SessionTag {
	return ftd.SessionTag{FrontID: s.front.key.id, SessionID: s.id}
}

// sessionMessage takes a message that has a session's tag.
func (l *link) sessionMessage(f ftd.Frame, h ftd.Header) {
	tag, there := f.Ext.Session()
	if !there || tag.FrontID != l.front.key.id {
		l.e.count.UnknownSession++
		return
	}
	switch h.TID {
	case ftd.TIDSessionVerify:
		l.verify(tag, f.Body)
	case ftd.TIDSessionOpen:
		l.open(tag, f.Body)
	case ftd.TIDSessionAbort:
		l.abort(tag, f.Body)
	case ftd.TIDSessionClose:
		l.close(tag, f.Body)
	case ftd.TIDSessionResume:
		l.resume(tag, f.Body)
	case ftd.TIDVisitOpen:
		l.visitOpen(tag, f.Body)
	case ftd.TIDVisitClose:
		l.visitClose(tag, f.Body)
	case ftd.TIDRequestCode:
		l.requestCode(tag, h, f.Body)
	default:
		l.business(tag, h, f.Body)
	}
}

// own is the session of that tag if it is of this link.
func (l *link) own(tag ftd.SessionTag) *session {
	if s := l.front.sessions[tag.SessionID]; s != nil && s.link == l {
		return s
	}
	return nil
}

// suspendedOf is the session of that tag if it waits to be resumed.
func (f *front) suspendedOf(tag ftd.SessionTag) *session {
	if s := f.sessions[tag.SessionID]; s != nil && s.state == stateSuspended {
		return s
	}
	return nil
}

// drop ends a session.
func (e *engine) drop(s *session) {
	if s.state == stateSuspended {
		s.front.suspended--
	}
	delete(s.front.sessions, s.id)
	delete(s.account.sessions, s)
}

// open makes a reserved session live and sends what its points ask for.
func (l *link) open(tag ftd.SessionTag, body []byte) {
	s := l.own(tag)
	if s == nil || s.state != stateReserved {
		l.e.count.UnknownSession++ // not verified, or open already
		return
	}
	m, err := ftd.DecodeMessage(body)
	var record ftd.SessionRecord
	var points ftd.ResumePoints
	if err != nil || !fieldOf(m, ftd.FIDSessionRecord, &record) {
		l.violation("malformed")
		return
	}
	if data, there := m.Field(ftd.FIDResumePoints); there && points.Decode(data) != nil {
		l.violation("malformed")
		return
	}
	s.state = stateOpen
	s.account.LastLogin, s.account.LastIP = string(record.LoginTime), s.ip
	l.e.opened(s, record.RecordID)
	l.e.count.Opens++
	s.from = l.e.begins(s, points)
	l.e.replay(s, &points)
}

// opened notes with which record a session is live.
func (e *engine) opened(s *session, record []byte) {
	s.record = string(record)
	if len(e.records) < MaxRemembered {
		e.records = append(e.records, s.record)
	}
}

func (l *link) abort(tag ftd.SessionTag, body []byte) {
	s := l.own(tag)
	switch {
	case s == nil || s.state == statePasswordOnly: // it was refused, and the front had given up waiting for that
		l.e.count.AbortsOfNothing++
	case s.state != stateReserved:
		l.e.count.UnknownSession++
		return
	default:
		l.e.count.Aborts++
	}
	if s != nil {
		l.e.drop(s)
	}
	_, _ = l.reasonOf(body)
}

func (l *link) close(tag ftd.SessionTag, body []byte) {
	why, ok := l.reasonOf(body)
	if !ok {
		return
	}
	s := l.own(tag)
	if s == nil {
		s = l.front.suspendedOf(tag) // its terminal left while it waited for a core
	}
	if s == nil {
		l.e.count.ClosesOfNothing++
		return
	}
	l.e.count.Closes[string(why)]++
	l.e.drop(s)
}

// reasonOf is the Reason's code; without one the link ends.
func (l *link) reasonOf(body []byte) (byte, bool) {
	var r ftd.Reason
	if !field(body, ftd.FIDReason, &r) {
		l.violation("malformed")
		return 0, false
	}
	return byte(r.Code), true
}

// kick asks the front to end each session of a user; it answers by SessionClose.
func (e *engine) kick(user string) (n int) {
	a := e.accounts[user]
	if a == nil {
		return 0
	}
	for s := range a.sessions {
		if s.link == nil || s.kicked {
			continue
		}
		s.kicked = true
		n++
		e.count.Kicks++
		s.link.send(ftd.BeginSession(s.link.out, ftd.TIDSessionKick, s.tag()), func(m *ftd.Encoder) {
			m.ForceExit(&ftd.ForceExit{Code: '1', Msg: []byte("交易核心强制登出 logged out by core-sim")})
		})
	}
	return n
}

// resume goes on with a session that was open: on this link's predecessor, in an earlier instance, or here before
// the term changed.
func (l *link) resume(tag ftd.SessionTag, body []byte) {
	var r ftd.ResumeSession
	if !field(body, ftd.FIDResumeSession, &r) {
		l.violation("malformed")
		return
	}
	s, code := l.resumed(tag, &r)
	if code != codeOK {
		l.e.count.ResumesRefused++
		l.answerSession(ftd.TIDSessionResume, tag, func(m *ftd.Encoder) { m.Error(l.e.failure(code)) })
		return
	}
	l.e.count.Resumes++
	points := l.e.resumePoints(s, &r.Delivered)
	l.answerSession(ftd.TIDSessionResume, tag, func(m *ftd.Encoder) {
		m.ResumePoints(&points)
		m.Error(l.e.failure(codeOK))
	})
	l.e.replay(s, &points)
}

func (l *link) resumed(tag ftd.SessionTag, r *ftd.ResumeSession) (*session, int) {
	a := l.e.accounts[string(r.UserID)]
	s := l.front.sessions[tag.SessionID]
	switch {
	case l.e.state != ftd.CoreActive:
		return nil, l.e.inactive()
	case l.e.faults.refuseResume:
		return nil, codeBusy
	case a == nil || s != nil && (s.account != a || s.record != string(r.RecordID)):
		return nil, codeMismatch
	case s == nil:
		s = &session{front: l.front, id: tag.SessionID, account: a}
		l.front.sessions[s.id] = s
		a.sessions[s] = struct{}{}
		l.e.opened(s, r.RecordID)
	case s.state == stateSuspended:
		l.front.suspended--
	case s.state != stateOpen:
		return nil, codeMismatch
	}
	s.state, s.link = stateOpen, l
	s.visits = visits{}                        // the front tells of all that are there
	s.parts, s.dialog.chained = parts{}, false // the rest of a long message does not come
	return s, codeOK
}

// answerSession sends a message of a session's life.
func (l *link) answerSession(tid ftd.TID, tag ftd.SessionTag, fields func(m *ftd.Encoder)) {
	l.send(ftd.BeginSession(l.out, tid, tag), fields)
}

// inactive is the code of a core that is not active.
func (e *engine) inactive() int {
	if e.state == ftd.CoreInitialising {
		return codeInitialising
	}
	return codeInactive
}
