package link

import (
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// tenure is the time in which a core is in use, under one Instance and one Term over one connection.
type tenure struct {
	conn     *conn
	instance string
	term     int32
	over     atomic.Bool
	resumes  *resumes // sessions that waited for it
}

// settle chooses the core in use again, after a machine changed. Sessions of a tenure that ended are released by the
// reader of its connection. mu is held.
func (l *Link) settle() {
	was, inUse := l.tenure.Load(), -1
	if was != nil {
		inUse = was.conn.endpoint.index
	}
	use, fenced := l.chooser.choose(l.machines, inUse)
	for _, i := range fenced {
		m := l.machines[i]
		l.endpoints[i].conn.end(problemf(LowerTerm, "core %s is active under term %d, and another under %d", m.core.coreID, m.core.term, l.chooser.term))
	}
	if was != nil && (use != inUse || !was.holds(l.endpoints[use])) {
		was.over.Store(true)
		was.conn.ended = append(was.conn.ended, was)
		l.tenure.Store(nil)
	}
	l.setAway()
	if use >= 0 && l.tenure.Load() == nil && !l.closed {
		l.begin(l.endpoints[use])
	}
}

// holds reports whether the tenure is still that of the endpoint's core.
func (t *tenure) holds(e *endpoint) bool {
	return t.conn == e.conn && t.instance == e.machine.core.instance && t.term == e.machine.core.term
}

// setAway sets what is answered while no core is in use. mu is held.
func (l *Link) setAway() {
	r := reason.CoreAway
	for _, m := range l.machines {
		if m.state == Initialising {
			r = reason.CoreInitialising
		}
	}
	l.away.Store(uint32(r))
}

// begin makes the endpoint's core the one in use. mu is held.
func (l *Link) begin(e *endpoint) {
	t := &tenure{
		conn: e.conn, instance: e.machine.core.instance, term: e.machine.core.term, resumes: newResumes(l.options.VerifyTimeout),
	}
	e.conn.tenure.Store(t)
	l.tenure.Store(t)
	l.stopGrace()
	l.resumeWaiting(t)
}

// released are those that waited for an answer of a core that went away; answer gives them one.
type released struct {
	conn      *conn // to it; nil if none of its tenures has ended
	verifying []*session
	codes     []asker
}

// answer tells the logins and the requests for codes that no answer of that core comes. No mutex is held.
func (r *released) answer(now time.Time) {
	if len(r.verifying) > 0 {
		r.conn.link.endVerifies(r.conn, r.verifying)
	}
	for _, a := range r.codes {
		a.refuse(now)
	}
}

// release takes the sessions of c's tenures that are over from them, and lets the open ones wait for the next. It is
// called by c's reader, or after that: nothing is delivered under these tenures any more. What it returns is to be answered
// without mu. Terminals that could only change a password are sent away. mu is held.
func (l *Link) release(c *conn) (lost released) {
	if len(c.ended) == 0 {
		return lost
	}
	lost.conn, lost.codes = c, l.codes.lost(c.ended)
	now := time.Now()
	var leave []*session
	for _, s := range l.table.ordered() {
		switch s.release(c.ended, now) {
		case verifying:
			lost.verifying = append(lost.verifying, s)
		case passwordOnly:
			leave = append(leave, s)
		}
	}
	c.ended = nil
	late, next := l.overdue(now)
	l.sendAway(append(leave, late...))
	switch t := l.tenure.Load(); {
	case next.IsZero() || l.closed:
	case t != nil:
		l.resumeWaiting(t)
	case l.grace == nil:
		l.graceEnd = now.Add(l.options.Grace)
		l.grace = time.AfterFunc(min(l.options.Grace, next.Sub(now)), l.graceOver)
	}
	return lost
}

// overdue marks the waiting sessions whose core was lost so long ago that they are not to wait for another, however often one
// came and went since; next is when the first of the others is, zero if none waits. mu is held.
func (l *Link) overdue(now time.Time) (late []*session, next time.Time) {
	for _, s := range l.table.ordered() {
		lost, waits := s.waitsSince()
		if !waits {
			continue
		}
		end := lost.Add(l.options.Grace + l.options.VerifyTimeout)
		switch {
		case end.After(now):
			if next.IsZero() || end.Before(next) {
				next = end
			}
		case s.leave(waiting, nil):
			l.observer.SessionResumed(ResumeNoCore)
			late = append(late, s)
		}
	}
	return late, next
}

// stopGrace ends the wait for a core, since one is in use or the link is closed. mu is held.
func (l *Link) stopGrace() {
	if l.grace != nil {
		l.grace.Stop()
		l.grace = nil
	}
}

// graceOver sends the terminals away that have waited for a core as long as they may: all of them, unless some were lost earlier.
func (l *Link) graceOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.tenure.Load() != nil {
		return
	}
	l.grace = nil
	now := time.Now()
	leave, next := l.overdue(now)
	if left := l.graceEnd.Sub(now); left > 0 {
		if !next.IsZero() {
			l.grace = time.AfterFunc(min(left, next.Sub(now)), l.graceOver)
		}
	} else {
		leave = append(leave, l.noCore()...)
	}
	if len(leave) > 0 {
		l.logger.Warn("No trading core became active in time: the front sends the terminals away, which log in again.", loggedSessions(len(leave))...)
		l.group.Go(func() { l.exits(leave, l.options.FailoverSpread) })
	}
}

// noCore marks all sessions that wait for a core. mu is held.
func (l *Link) noCore() (leave []*session) {
	for _, s := range l.table.ordered() {
		if s.leave(waiting, nil) {
			l.observer.SessionResumed(ResumeNoCore)
			leave = append(leave, s)
		}
	}
	return leave
}
