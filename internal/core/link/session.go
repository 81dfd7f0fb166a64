package link

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// sessionState is how a session is at the core.
type sessionState uint8

const (
	verifying    sessionState = iota // SessionVerify has no answer yet
	verified                         // the core has reserved it
	passwordOnly                     // nothing but the password may be changed
	open                             // SessionOpen was written under tenure
	waiting                          // was open; its tenure is over
	resuming                         // SessionResume was written under tenure
	leaving                          // its terminal is sent away
	closed
)

// session is one at the core. Its exported methods are core.Session's.
type session struct {
	link     *Link
	id       int32
	account  regulation.Account
	answered chan verifyAnswer // room for one; of a session that is verifying

	mu       sync.Mutex
	state    sessionState
	terminal core.Terminal
	tenure   *tenure // nil while waiting
	exited   bool    // its terminal was told to leave
	replaces bool    // one with the same ID that could only change its password, and whose place the core may keep
	record   uuid.UUID
	asked    ftd.ResumePoints      // the flows that the terminal named
	flows    flows                 // how far those are that were delivered
	requests window                // dialog requests without an answer
	lost     time.Time             // its core was, and none has resumed it since; zero while it is open
	resumed  time.Time             // SessionResume was written
	asks     resumeAsks            // the SessionResumes without an answer
	givenUp  []uint32              // dialog requests that the front refused, and that the core may answer: it went away before, or has a part
	refused  window                // dialog requests that the front refused, and of which the core has got nothing; not handed over
	visits   map[uuid.UUID][]visit // of an operator relay, by SubmitID, which names one as a rule; nil for all others
	listed   *tenure               // whose list of resumes has it
	telling  bool                  // SessionResume was written, and not yet all visits: no business before
	adopted  time.Time             // taken over from another process
	last     *conn                 // of the tenure before, while there is none; nil if the core there does not know the session
}

// resumeAsks counts the SessionResumes of one session that one connection has not answered: a core whose term changes
// again and again is asked under each, and may answer each, or the last alone.
type resumeAsks struct {
	conn *conn
	due  int
	more bool // than one were due at a time, and have not all been answered
}

// sent counts one in.
func (a *resumeAsks) sent(c *conn) {
	if a.conn != c {
		*a = resumeAsks{conn: c}
	}
	a.due++
	a.more = a.more || a.due > 1
}

// answered takes an answer of c's, and reports whether one was due, and whether it is one of several.
func (a *resumeAsks) answered(c *conn) (due, several bool) {
	if a.conn != c || a.due == 0 {
		return false, false
	}
	several = a.more
	if a.due--; a.due == 0 {
		a.more = false
	}
	return true, several
}

// Alive is core.Core's.
func (l *Link) Alive(sessionID int32) bool {
	s := l.table.get(sessionID)
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == verified && !s.tenure.over.Load()
}

// stateNow is the state, for those who do not hold mu.
func (s *session) stateNow() sessionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Wait is core.Session's.
func (s *session) Wait() bool {
	s.mu.Lock()
	t := s.tenure
	if s.state != open {
		t = nil
	}
	moving := s.state == waiting || s.state == resuming
	adopted := s.adopted
	s.mu.Unlock()
	if moving && !adopted.IsZero() && time.Since(adopted) < adoptPatience {
		return true // it was handed over, and the core is being told
	}
	return t != nil && !t.over.Load() && t.conn.out.hold()
}

// adoptPatience is how long terminals are left unread whose sessions another process handed over, and the core has not resumed.
const adoptPatience = 5 * time.Second

// Pass is core.Session's. A request is refused once: also one whose first parts the core has got.
func (s *session) Pass(h ftd.Header, body []byte) reason.Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.SequenceSeries == 0 && s.gaveUp(h.SequenceNumber) {
		return reason.OK // the rest of a long message whose refusal is on its way to the terminal
	}
	r := s.pass(h, body)
	switch {
	case h.SequenceSeries != 0:
	case r == reason.OK:
		s.requests.add(h.SequenceNumber)
		s.refused.remove(h.SequenceNumber) // the core has one under that number now, and its answer is the first
	default:
		s.noteRefused(h)
	}
	return r
}

// Refused is core.Session's.
func (s *session) Refused(h ftd.Header, why reason.Reason) reason.Reason {
	if h.SequenceSeries != 0 {
		return why
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gaveUp(h.SequenceNumber) {
		return reason.OK // the rest of a long message whose refusal is on its way to the terminal
	}
	s.noteRefused(h)
	return why
}

// noteRefused notes a request that the front answers itself: an answer of the core's would be the second. While only the password may be
// changed it notes none: the terminal picks its numbers, and the core may have another request under this one. mu is held.
func (s *session) noteRefused(h ftd.Header) {
	restricted := s.state == passwordOnly
	if restricted && !further(h) {
		return
	}
	s.requests.remove(h.SequenceNumber)
	switch {
	case restricted:
	case further(h): // the core has the first parts, and may answer
		s.giveUp([]uint32{h.SequenceNumber})
	default:
		s.refused.add(h.SequenceNumber)
	}
}

// further reports whether a message is a part behind the first of a long one.
func further(h ftd.Header) bool { return h.Chain == ftd.ChainMiddle || h.Chain == ftd.ChainLast }

// pass is Pass but for what it remembers. mu is held.
func (s *session) pass(h ftd.Header, body []byte) reason.Reason {
	switch {
	case s.state == passwordOnly && h.TID != ftd.TIDPasswordUpdate:
		return reason.PasswordFirst
	case s.state != open && s.state != passwordOnly:
		return s.link.awayReason()
	case s.tenure.over.Load(), s.telling:
		return s.link.awayReason()
	case !s.link.options.Business && s.state == open:
		return reason.UnknownRequest
	}
	return s.tenure.conn.out.pass(s.link.tag(s.id), body)
}

// Flush is core.Session's.
func (s *session) Flush() {
	s.mu.Lock()
	t := s.tenure
	s.mu.Unlock()
	if t != nil {
		t.conn.out.flush()
	}
}

// Close is core.Session's.
func (s *session) Close(why ftd.ReasonCode, text string) {
	s.mu.Lock()
	was := s.state
	s.land(false)
	tell := s.holders()
	s.state = closed
	for _, c := range tell { // under mu: behind what Pass took
		s.link.end(c, s.id, ftd.TIDSessionClose, why, text)
	}
	s.mu.Unlock()
	if was == closed {
		return
	}
	s.link.table.remove(s)
	for _, c := range tell {
		c.out.flush()
	}
}

// holders are the connections to the cores that may hold a session: its tenure's, or while it has none that of the tenure before, which may go
// on under another term, and that of the core that was to resume it: it may have had the session over another connection. mu is held.
func (s *session) holders() (all []*conn) {
	if s.tenure != nil {
		if s.state == open || s.state == passwordOnly || s.state == resuming || s.state == leaving {
			all = append(all, s.tenure.conn)
		}
		return all
	}
	last := s.last
	if last == nil && s.asks.due > 0 { // a core that was asked twice, and has refused once, may still consent
		last = s.asks.conn
	}
	if s.state != waiting && s.state != leaving {
		return nil
	}
	if last != nil {
		all = append(all, last)
	}
	if s.listed != nil && s.listed.conn != last && !s.listed.over.Load() {
		all = append(all, s.listed.conn)
	}
	return all
}

// end queues a SessionClose or SessionAbort, if the connection is up. The core there may not be in use any more, and holds
// the session all the same: it says another term over the same connection, or is standby.
func (l *Link) end(c *conn, id int32, tid ftd.TID, why ftd.ReasonCode, text string) {
	r := ftd.Reason{Code: why, Text: []byte(clip(text, maxReasonText))}
	build := func(dst []byte) ([]byte, error) {
		e := ftd.BeginSession(dst, tid, l.tag(id))
		e.Reason(&r)
		return e.End()
	}
	if _, err := c.out.must(build); err != nil { // the text is not one of the wire
		r.Text = nil
		_, _ = c.out.must(build)
	}
}

// maxReasonText is what a Reason and a ForceExit hold.
const maxReasonText = 100

// release takes the session from its tenure, if that is one of over, and returns what it was under that; closed if it was
// under none of them.
func (s *session) release(over []*tenure, now time.Time) (was sessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(over, s.tenure) {
		return closed
	}
	was = s.state
	switch was {
	case verifying:
		s.state, s.tenure = closed, nil
	case open, resuming:
		s.land(false)
		s.state, s.last, s.tenure = waiting, s.tenure.conn, nil
		if s.exited { // its terminal is on its way out: no core is asked for it
			s.state = leaving
		}
		if s.lost.IsZero() {
			s.lost = now
		}
	case passwordOnly: // there is no record by which another core could resume it
		s.state, s.last, s.tenure = leaving, s.tenure.conn, nil
	}
	return was
}

// waitsSince is when the core of a waiting session was lost.
func (s *session) waitsSince() (lost time.Time, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost, s.state == waiting
}

// leave marks a session whose terminal is to be sent away, if it is still so under t.
func (s *session) leave(was sessionState, t *tenure) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != was || s.tenure != t {
		return false
	}
	s.land(false)
	s.state = leaving
	return true
}
