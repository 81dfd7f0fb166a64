package link

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// firstResumes is how many SessionResumes a core gets before it has answered one.
const firstResumes = 16

// resumes are the sessions that a tenure resumes, and how many SessionResumes may be without an answer. That follows how long the core takes:
// each answer within a quarter of Options.VerifyTimeout makes room for one more, each that took over half of it for one less. So a core that
// answers one after the other is not sent more than it can answer in time, and a fast one is not held up. Of a core that takes its time and
// answers many in it, no answer takes much longer than the fastest did, however many are under way: such an answer makes room too. Three
// quarters are the limit of that: the fastest of a core that answers one after the other, and began late, is a slow one.
type resumes struct {
	patience time.Duration // Options.VerifyTimeout
	news     chan struct{} // one has landed, or more are listed; room for one

	mu       sync.Mutex
	listed   []*session    // in the order in which they are asked for
	running  bool          // Link.resume does that
	size     int           // SessionResumes that may be without an answer
	flying   int           // that are
	since    time.Time     // when flying was 0 last
	answered bool          // the core has answered one
	least    time.Duration // the shortest that an answer took
}

func newResumes(patience time.Duration) *resumes {
	return &resumes{patience: patience, news: make(chan struct{}, 1), size: firstResumes}
}

// list appends sessions, and reports whether Link.resume is to be started.
func (r *resumes) list(sessions []*session) (start bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed = append(r.listed, sessions...)
	start = !r.running
	r.running = true
	r.wake()
	return start
}

// wake lets Link.resume look again, if it waits.
func (r *resumes) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// from is the listed session with index i, nil if there is none.
func (r *resumes) from(i int) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i < len(r.listed) {
		return r.listed[i]
	}
	return nil
}

// done reports whether there are no more than n sessions, and then forgets them: the next list begins anew.
func (r *resumes) done(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n < len(r.listed) {
		return false
	}
	r.listed, r.running = nil, false
	return true
}

// room reports whether another may be sent.
func (r *resumes) room() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flying < r.size
}

// sent counts one.
func (r *resumes) sent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flying == 0 {
		r.since = time.Now()
	}
	r.flying++
}

// landed counts one that is not waited for any more; took is how long the core's answer took, negative if it is not that.
func (r *resumes) landed(took time.Duration) {
	r.mu.Lock()
	r.flying--
	if took >= 0 {
		r.answer(took)
	}
	r.mu.Unlock()
	r.wake()
}

// answer counts one of the core's in. mu is held.
func (r *resumes) answer(took time.Duration) {
	if !r.answered || took < r.least {
		r.answered, r.least = true, took
	}
	tooLate := took >= r.patience*3/4
	switch {
	case took < r.patience/4, took < r.least*5/4 && !tooLate:
		r.size++
	case tooLate, took > r.patience/2 && took >= r.least*3/2:
		r.size = max(r.size-1, 1)
	}
}

// silent reports that the core has answered none in time, as one that does not know SessionResume.
func (r *resumes) silent(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.answered && r.flying > 0 && now.Sub(r.since) >= r.patience
}

// land notes that the SessionResume of a session, if it has one, is not waited for any more. mu is held, and the state is the one before.
func (s *session) land(answered bool) {
	if s.state != resuming {
		return
	}
	took := time.Duration(-1)
	if answered {
		took = max(time.Since(s.resumed), 0)
	}
	s.tenure.resumes.landed(took)
}

// resumeWaiting resumes the sessions that wait for a core, under t: first those that were lost first, which are to leave first. mu is held.
func (l *Link) resumeWaiting(t *tenure) {
	var waits []*session
	lost := make(map[*session]time.Time)
	for _, s := range l.table.ordered() {
		if since, listed := s.listFor(t); listed {
			waits = append(waits, s)
			lost[s] = since
		}
	}
	if len(waits) == 0 {
		return
	}
	slices.SortStableFunc(waits, func(a, b *session) int { return lost[a].Compare(lost[b]) })
	l.logger.Info("Sessions wait for the trading core that is active now: the front resumes them.", loggedSessions(len(waits))...)
	if t.resumes.list(waits) {
		l.group.Go(func() { l.resume(t) })
	}
}

func loggedSessions(n int) []zap.Field { return []zap.Field{zap.Int("sessions", n)} }

// listFor puts a session that waits down for t's list, unless it is in it; lost is when its core was.
func (s *session) listFor(t *tenure) (lost time.Time, listed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != waiting || s.listed == t {
		return time.Time{}, false
	}
	s.listed = t
	return s.lost, true
}

// resumer is Link.resume at work: of t's list, SessionResume was sent for those before next, and those before first are not waited for
// any more.
type resumer struct {
	link        *Link
	tenure      *tenure
	first, next int
	late        int // sessions whose terminals are sent away
}

// resume sends SessionResume for each session of t's list as the core reads and answers, and sends the terminals away of those that have
// no answer in time. It returns when none is left, or another tenure is to follow.
func (l *Link) resume(t *tenure) {
	m := &resumer{link: l, tenure: t}
	ctx, cancel := context.WithTimeout(t.conn.ctx, l.options.Grace+l.options.VerifyTimeout)
	defer cancel()
	for !t.over.Load() && t.conn.ctx.Err() == nil {
		until := m.expire()
		switch s := t.resumes.from(m.next); {
		case s != nil && t.resumes.room():
			m.ask(ctx, s)
			continue
		case m.first == m.next && t.resumes.done(m.next):
			m.tell()
			return
		}
		t.conn.out.flush()
		m.wait(until)
	}
	m.tell()
}

// tell is the log's line about those that are sent away.
func (m *resumer) tell() {
	if m.late > 0 {
		m.link.logger.Warn("The trading core did not answer SessionResume in time: the front sends the terminals away.", loggedSessions(m.late)...)
	}
}

// wait returns when one has landed, or more are listed, or at until.
func (m *resumer) wait(until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-m.tenure.resumes.news:
	case <-timer.C:
	case <-m.tenure.conn.ctx.Done():
	}
}

// ask sends SessionResume for the next session, and tells of its visits.
func (m *resumer) ask(ctx context.Context, s *session) {
	l, t := m.link, m.tenure
	readsOn := func() bool {
		if t.conn.out.crowded() {
			t.conn.out.flush()
		}
		return !t.over.Load() && t.conn.out.drained(ctx, l.options.QueueLow)
	}
	if !readsOn() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) { // the core reads too slowly; a connection that ends cancels ctx
			m.leaveAll()
		}
		return
	}
	m.next++
	if !l.sendResume(t, s) {
		m.leave(s)
		return
	}
	if !s.resumeVisits(t, readsOn) && errors.Is(ctx.Err(), context.DeadlineExceeded) && !t.over.Load() {
		l.leaveUntold(s, t)
	}
}

// expire sends those away whose time is over; until is when the next one's is.
func (m *resumer) expire() (until time.Time) {
	now, r := time.Now(), m.tenure.resumes
	if r.silent(now) {
		m.leaveAll()
	}
	for ; m.first < m.next; m.first++ {
		end, flies := r.from(m.first).answerDue(m.link, m.tenure)
		if flies && end.After(now) {
			until = end
			break
		}
		if flies {
			m.leave(r.from(m.first))
		}
	}
	for s := r.from(m.next); s != nil; s = r.from(m.next) {
		lost, waits := s.waitsSince()
		if end := lost.Add(m.link.options.Grace + m.link.options.VerifyTimeout); waits && end.After(now) {
			if until.IsZero() || end.Before(until) {
				until = end
			}
			break
		}
		m.next++
		if waits {
			m.leave(s)
		}
	}
	return until
}

// answerDue is until when the answer to a session's SessionResume is waited for; false if it is not waited for under t.
func (s *session) answerDue(l *Link, t *tenure) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, last := s.resumed.Add(l.options.VerifyTimeout), s.lost.Add(l.options.Grace+l.options.VerifyTimeout)
	if last.Before(end) {
		end = last
	}
	return end, s.state == resuming && s.tenure == t
}

// leave sends the terminal of a session away that the core has not resumed in time.
func (m *resumer) leave(s *session) {
	if m.mark(s) {
		m.link.exitLater(s)
	}
}

// leaveAll does so for all that are left.
func (m *resumer) leaveAll() {
	var leave []*session
	for s := m.tenure.resumes.from(m.first); s != nil; s = m.tenure.resumes.from(m.first) {
		if m.mark(s) {
			leave = append(leave, s)
		}
		m.first++
	}
	m.next = m.first
	m.link.sendAway(leave)
}

// mark makes a session one that leaves, if it waits or is asked for and the core of the tenure is still in use: else the next is asked.
func (m *resumer) mark(s *session) bool {
	m.link.mu.Lock()
	defer m.link.mu.Unlock()
	if m.tenure.over.Load() || !s.leave(resuming, m.tenure) && !s.leave(waiting, nil) {
		return false
	}
	m.late++
	m.link.observer.SessionResumed(ResumeUnanswered)
	return true
}
