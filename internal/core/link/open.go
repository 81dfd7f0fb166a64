package link

import (
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Abort is core.Core's.
func (l *Link) Abort(sessionID int32, why ftd.ReasonCode, text string) {
	s := l.table.get(sessionID)
	if s == nil {
		return
	}
	s.mu.Lock()
	was, t := s.state, s.tenure
	if was == verified {
		s.state = closed
		l.end(t.conn, s.id, ftd.TIDSessionAbort, why, text) // also a core that is not in use any more, and holds the place
	}
	s.mu.Unlock()
	if was == verified {
		l.table.remove(s)
		t.conn.out.flush()
	}
}

// Open is core.Core's.
func (l *Link) Open(o *core.Opening) (core.Session, error) {
	s := l.table.get(o.SessionID)
	if s == nil {
		return nil, core.ErrLost
	}
	if !s.open(o) {
		l.Abort(o.SessionID, ftd.ReasonGone, "the core changed before SessionOpen")
		return nil, core.ErrLost
	}
	s.Flush()
	return s, nil
}

// open queues SessionOpen. It reports false if the core that verified the session is not in use any more.
func (s *session) open(o *core.Opening) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != verified || s.tenure.over.Load() {
		return false
	}
	written, err := s.tenure.conn.out.must(func(dst []byte) ([]byte, error) { return s.link.sessionOpen(dst, o) })
	if !written || err != nil {
		return false
	}
	s.state, s.record, s.terminal = open, o.RecordID, o.Terminal
	s.asked, s.flows.points = o.Resume, o.Resume
	return true
}

// sessionOpen appends the message.
func (l *Link) sessionOpen(dst []byte, o *core.Opening) ([]byte, error) {
	e := ftd.BeginSession(dst, ftd.TIDSessionOpen, l.tag(o.SessionID))
	e.SessionRecord(&ftd.SessionRecord{
		RecordID:   []byte(o.RecordID.String()),
		LoginTime:  []byte(o.LoginTime.In(regulation.Zone).Format(regulation.TimeLayout)),
		TradingDay: []byte(o.TradingDay.String()), AbnormalFlag: byte(o.Flag),
	})
	if o.Resume.Count > 0 {
		e.ResumePoints(&o.Resume)
	}
	return e.End()
}
