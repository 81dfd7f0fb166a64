package link

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// sendResume queues SessionResume if the session still waits. It reports false if there is no such message; of a connection that ends the
// next tenure asks for the session.
func (l *Link) sendResume(t *tenure, s *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != waiting || t.over.Load() {
		return true
	}
	written, err := t.conn.out.must(func(dst []byte) ([]byte, error) {
		e := ftd.BeginSession(dst, ftd.TIDSessionResume, l.tag(s.id))
		e.ResumeSession(&ftd.ResumeSession{UserID: []byte(s.account), RecordID: []byte(s.record.String()), Delivered: s.flows.points})
		return e.End()
	})
	if written && err == nil {
		s.state, s.tenure, s.resumed = resuming, t, time.Now()
		s.asks.sent(t.conn)
		s.telling = len(s.visits) > 0
		t.resumes.sent()
	}
	return err == nil
}

// sendAway sends the terminals of leaving sessions away, beside the caller.
func (l *Link) sendAway(leave []*session) {
	if len(leave) > 0 && l.ctx.Err() == nil {
		l.group.Go(func() { l.exits(leave, l.options.FailoverSpread) })
	}
}

// exits sends the terminals of leaving sessions away, evenly over spread.
func (l *Link) exits(leave []*session, spread time.Duration) {
	l.random.Shuffle(len(leave), func(i, j int) { leave[i], leave[j] = leave[j], leave[i] })
	began, step := time.Now(), spread/time.Duration(len(leave))
	for i, s := range leave {
		at := time.Duration(i) * step
		if step > 0 {
			at += l.jitter(step)
		}
		if left := at - time.Since(began); left > 0 {
			l.pause(left)
		}
		if l.ctx.Err() != nil {
			return
		}
		s.exit()
	}
}

// exit sends the terminal of a leaving session away, unless a kick has.
func (s *session) exit() {
	s.mu.Lock()
	terminal, still := s.terminal, s.state == leaving && !s.exited
	s.exited = s.exited || still
	s.mu.Unlock()
	if still && s.link.ctx.Err() == nil {
		s.link.observer.Exited(ExitCoreChanged)
		terminal.Exit(forceExitChanged, reason.CoreChanged)
	}
}

// resumeAnswered takes the answer to SessionResume.
func (c *conn) resumeAnswered(t *tenure, s *session, msg *ftd.Message) {
	l := c.link
	a, err := readResume(msg)
	s.mu.Lock()
	verdict, unanswered := s.judgeResume(t, c, a)
	terminal := s.terminal
	s.mu.Unlock()
	if err != nil && verdict != resumeLate {
		l.discard(BadResume, c, s.id, msg.TID, err)
	}
	switch verdict {
	case resumeLate:
		l.discard(LateResume, c, s.id, msg.TID, nil)
	case resumeDone:
		l.observer.SessionResumed(Resumed)
		for _, number := range unanswered {
			terminal.Refuse(0, number, reason.CoreUnanswered)
		}
	case resumeFailed:
		l.observer.SessionResumed(ResumeRefused)
		l.exitLater(s)
	}
}

// resumeVerdict is what an answer to SessionResume means.
type resumeVerdict uint8

const (
	resumeLate   resumeVerdict = iota // it is not waited for
	resumeDone                        // the session goes on
	resumeFailed                      // its terminal is sent away
)

// judgeResume takes an answer into account; nil is one that makes no sense. Of a session that was asked for more than
// once the first answer counts, and a later one that contradicts it is not lost: after a refusal the core is told that the
// session is over, and after a consent its terminal is sent away. mu is held.
func (s *session) judgeResume(t *tenure, c *conn, a *resumeAnswer) (verdict resumeVerdict, unanswered []uint32) {
	due, several := s.asks.answered(c)
	legible := a != nil
	good, awaited := legible && a.code == 0, s.state == resuming && s.tenure == t
	if awaited {
		s.land(true)
	}
	if good && several {
		s.flows.sentAgain(&a.points)
	}
	switch {
	case awaited && good:
		s.state, s.last, s.lost = open, nil, time.Time{}
		s.flows.beginAnew()
		s.flows.anchor(&a.points)
		unanswered = s.requests.take(nil)
		s.giveUp(unanswered)
		return resumeDone, unanswered
	case awaited && !legible:
		s.state = leaving // the core may hold it: it is told
		return resumeFailed, nil
	case awaited, due && legible && !good && s.state == open && s.tenure == t:
		s.state, s.tenure, s.last, s.listed = leaving, nil, nil, nil // the core does not know it: there is nothing to close
		return resumeFailed, nil
	case good && s.state == leaving && s.tenure == nil:
		s.last = c
	}
	return resumeLate, nil
}

// maxGivenUp is how many given up requests a session remembers, the newest: as many as one outage can leave without an answer.
const maxGivenUp = maxWindow

// giveUp notes requests that the front refuses itself: an answer that the core gives all the same would be the second.
// mu is held.
func (s *session) giveUp(numbers []uint32) {
	s.givenUp = append(s.givenUp, numbers...)
	if over := len(s.givenUp) - maxGivenUp; over > 0 {
		s.givenUp = slices.Delete(s.givenUp, 0, over)
	}
}

// gaveUp reports whether the front has refused the request with that number though its core may answer it. mu is held.
func (s *session) gaveUp(number uint32) bool {
	return len(s.givenUp) > 0 && slices.Contains(s.givenUp, number)
}

// resumeAnswer is what a core says to SessionResume.
type resumeAnswer struct {
	code   int
	points ftd.ResumePoints // if code is 0: behind these it goes on
}

// readResume reads an answer to SessionResume; nil and an error if it makes no sense.
func readResume(msg *ftd.Message) (*resumeAnswer, error) {
	data, there := msg.Field(ftd.FIDError)
	if !there {
		return nil, errors.New("the answer to SessionResume has no Error")
	}
	var e ftd.Error
	if err := e.Decode(data); err != nil {
		return nil, err
	}
	a := &resumeAnswer{code: e.Code}
	if data, there := msg.Field(ftd.FIDResumePoints); there && e.Code == 0 {
		if err := a.points.Decode(data); err != nil {
			return nil, fmt.Errorf("the answer to SessionResume: %w", err)
		}
	}
	return a, nil
}

// exitLater sends a terminal away at some moment of Options.FailoverSpread: of those that leave one by one none knows how many follow.
func (l *Link) exitLater(s *session) {
	if l.options.FailoverSpread <= 0 {
		s.exit()
		return
	}
	time.AfterFunc(l.jitter(l.options.FailoverSpread), s.exit)
}
