package link

import (
	"bytes"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
)

// visit is one terminal behind an operator relay, as the core is told of it: the data of two fields.
type visit struct {
	record   uuid.UUID
	response []byte // SubmitResponse
	terminal []byte // RelayedTerminal
}

// OpenVisit is core.Visits'. While no core is in use the visit is kept, and told with the others when the session is
// resumed.
func (s *session) OpenVisit(v *core.Visit) {
	told := visit{record: v.RecordID, response: submitResponse(v), terminal: bytes.Clone(v.Terminal)}
	s.mu.Lock()
	t := s.tenure
	if s.state == closed {
		s.mu.Unlock()
		return
	}
	if s.visits == nil {
		s.visits = make(map[uuid.UUID][]visit)
	}
	s.visits[v.SubmitID] = append(slices.DeleteFunc(s.visits[v.SubmitID], told.same), told)
	if s.isAtCore() {
		s.tellVisit(told)
	}
	s.mu.Unlock()
	if t != nil {
		t.conn.out.flush()
	}
}

// same reports whether they are of one record.
func (v visit) same(other visit) bool { return v.record == other.record }

// Crowded is core.Visits'. While no core is in use visits wait for the resume, which tells them as fast as the core reads.
func (s *session) Crowded() bool {
	s.mu.Lock()
	t := s.tenure
	at := s.isAtCore()
	s.mu.Unlock()
	return at && t.conn.out.crowded()
}

// CloseVisit is core.Visits'.
func (s *session) CloseVisit(id uuid.UUID) {
	s.mu.Lock()
	t := s.tenure
	_, there := s.visits[id]
	delete(s.visits, id)
	if there && s.isAtCore() {
		text := []byte(id.String())
		_, _ = t.conn.out.must(func(dst []byte) ([]byte, error) {
			e := ftd.BeginSession(dst, ftd.TIDVisitClose, s.link.tag(s.id))
			e.SubmitRef(&ftd.SubmitRef{SubmitID: text})
			return e.End()
		})
	}
	s.mu.Unlock()
	if t != nil {
		t.conn.out.flush()
	}
}

// isAtCore reports whether what concerns the session may be written now: SessionOpen was, or SessionResume. mu is held.
func (s *session) isAtCore() bool {
	return (s.state == open || s.state == resuming) && !s.tenure.over.Load()
}

// tellVisit queues VisitOpen. mu is held.
func (s *session) tellVisit(v visit) {
	_, _ = s.tenure.conn.out.must(func(dst []byte) ([]byte, error) { // its fields are of our own making
		e := ftd.BeginSession(dst, ftd.TIDVisitOpen, s.link.tag(s.id))
		e.Raw(ftd.FIDSubmitResponse, v.response)
		e.Raw(ftd.FIDRelayedTerminal, v.terminal)
		return e.End()
	})
}

// submitResponse is the data of that field.
func submitResponse(v *core.Visit) []byte {
	e := ftd.Begin(nil, ftd.TIDVisitOpen)
	e.SubmitResponse(&ftd.SubmitResponse{
		BrokerID: v.BrokerID, UserID: []byte(v.Account), UserType: byte(v.UserType), TradingDay: []byte(v.TradingDay.String()),
		SubmitID: []byte(v.SubmitID.String()), RecordID: []byte(v.RecordID.String()), AbnormalFlag: byte(v.Flag),
	})
	frame, err := e.End()
	if err != nil {
		panic("link: a visit does not fit the protocol: " + err.Error()) // each part was validated before it was recorded
	}
	return slices.Clone(frame[ftd.FrameHeaderLen+ftd.MessageHeaderLen+ftd.FieldHeaderLen:])
}

// resumeVisits tells a core that resumes a session of the visits again, behind SessionResume and before the first
// business: it may have missed some when its link broke, and it may be another core. It goes on as fast as the core
// reads; wait reports false when it is of no use any more, and then resumeVisits does.
func (s *session) resumeVisits(t *tenure, wait func() bool) bool {
	s.mu.Lock()
	ids := slices.SortedFunc(maps.Keys(s.visits), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	s.mu.Unlock()
	for _, id := range ids {
		if !wait() {
			return false
		}
		s.mu.Lock()
		if s.tenure == t && s.isAtCore() {
			for _, v := range s.visits[id] { // none if they were closed meanwhile
				s.tellVisit(v)
			}
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tenure == t {
		s.telling = false
	}
	return true
}

// leaveUntold sends an operator relay away whose core read too slowly to learn of its visits: it logs in again and
// reports them anew.
func (l *Link) leaveUntold(s *session, t *tenure) {
	if s.leave(open, t) || s.leave(resuming, t) {
		l.observer.SessionResumed(ResumeUnanswered)
		l.exitLater(s)
	}
}
