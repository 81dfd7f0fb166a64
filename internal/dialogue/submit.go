package dialogue

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/growstack"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// submits are the submissions of one connection that were decided and not answered yet. The goroutine that adds the first
// brings them to the connection's owner, which answers all that have come by then in one write.
type submits struct {
	mu   sync.Mutex
	done []submitted

	// asked are those on their way by their SubmitID; a relay may send one twice. Only the connection's owner touches it,
	// and the session's window bounds it.
	asked map[string][]*asked
}

// asked is a submission that is on its way.
type asked struct {
	attempt *session.SubmitAttempt
	gone    bool // the relay has ended the terminal meanwhile
}

// submitted is a submission that was decided.
type submitted struct {
	*asked
	outcome session.Outcome
}

// ask notes one that leaves.
func (s *submits) ask(attempt *session.SubmitAttempt) *asked {
	one, id := &asked{attempt: attempt}, string(attempt.Request.SubmitID)
	s.asked[id] = append(s.asked[id], one)
	return one
}

// answer takes out one that came back, and reports whether it was the last of its SubmitID whose terminal has gone.
func (s *submits) answer(one *asked) (lastGone bool) {
	id := string(one.attempt.Request.SubmitID)
	rest := slices.DeleteFunc(s.asked[id], func(a *asked) bool { return a == one })
	if s.asked[id] = rest; len(rest) == 0 {
		delete(s.asked, id)
	}
	return one.gone && !slices.ContainsFunc(rest, func(a *asked) bool { return a.gone })
}

// end notes that the terminal of a submission that is on its way has gone. onWay is false if none is; first is whether this
// was not noted of all of them before.
func (s *submits) end(submitID []byte) (onWay, first bool) {
	if s == nil {
		return false, false
	}
	under := s.asked[string(submitID)]
	for _, one := range under {
		first = first || !one.gone
		one.gone = true
	}
	return len(under) > 0, first
}

// add reports whether the owner has still to be called.
func (s *submits) add(one submitted) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, one)
	return len(s.done) == 1
}

func (s *submits) take() []submitted {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := s.done
	s.done = nil
	return done
}

// startSubmit leaves the connection's owner, as a login does; the session bounds how many of one connection do.
func (d *Dialogue) startSubmit(attempt *session.SubmitAttempt) {
	if d.submits == nil {
		d.submits = &submits{asked: make(map[string][]*asked)}
	}
	one := d.submits.ask(attempt)
	driver, peer, line, submits := d.driver, d.peer, d.line, d.submits
	go func() {
		growstack.Grow()
		outcome := driver.runSubmit(peer, attempt)
		if !submits.add(submitted{one, outcome}) {
			return
		}
		line.Later(func(ended bool) {
			if !ended {
				d.finishSubmits()
				return
			}
			for _, one := range submits.take() { // no relay to tell
				driver.unanswered(peer, one.outcome, true)
			}
		})
	}()
}

// runSubmit answers a submission that panicked by submit_fault: the connection stays, for many customers are behind it,
// and the relay may send the same again, which is one record.
func (d *Driver) runSubmit(peer session.Peer, attempt *session.SubmitAttempt) (outcome session.Outcome) {
	finished := false
	defer func() {
		if !finished {
			d.logPanic(recover(), attempt)
			outcome = d.submitFault(peer, attempt)
		}
	}()
	outcome = d.handler.Submit(context.Background(), peer, attempt)
	finished = true
	return outcome
}

// noRef is a reference that no line of the audit log has.
var noRef = reason.Ref{'0', '0', '0', '0', '0', '0'}

func (d *Driver) logPanic(p any, attempt *session.SubmitAttempt) {
	d.log.Error("panic in a submission, the relay is asked to send it again",
		zap.ByteString("submit_id", attempt.Request.SubmitID), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
}

// submitFault has no reference of its own if the panic was the audit log's.
func (d *Driver) submitFault(peer session.Peer, attempt *session.SubmitAttempt) (outcome session.Outcome) {
	outcome = session.Outcome{Reason: reason.SubmitFault, Ref: noRef}
	defer func() {
		if p := recover(); p != nil {
			d.logPanic(p, attempt)
		}
	}()
	return d.handler.RefuseSubmit(peer, session.OpSubmit, attempt, reason.SubmitFault, "")
}

// unanswered ends a login or a submission that the connection's owner does not learn of, since it has ended.
func (d *Driver) unanswered(peer session.Peer, outcome session.Outcome, relayed bool) {
	defer d.loginEnded(relayed)
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("panic behind a login or a submission", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	d.handler.Unanswered(peer, outcome)
}

// finishSubmits answers what was decided, in one write if the relay reads. It runs on the connection's owner.
func (d *Dialogue) finishSubmits() {
	d.scratch.out = d.scratch.out[:0]
	now := time.Now()
	for _, one := range d.submits.take() {
		d.finishSubmit(one, now)
	}
	defer d.rescue()
	d.flushMail()
}

// finishSubmit gathers one answer. If it panics, the connection is closed and the others are unanswered.
func (d *Dialogue) finishSubmit(one submitted, now time.Time) {
	defer d.driver.loginEnded(true)
	defer d.rescue()
	if d.ended || d.closing != reason.StayOpen {
		d.driver.handler.Unanswered(d.peer, one.outcome)
		return
	}
	id := one.attempt.Request.SubmitID
	switch lastGone := d.submits.answer(one.asked); {
	case lastGone: // TerminalEnd came before the answer: the visit that may have begun is over
		d.endVisit(one.attempt.Operator, id)
	case one.gone:
	case one.outcome.Reason.Accepted():
		d.openVisit(one.attempt, one.outcome.Submitted)
	}
	d.step(&session.Event{Kind: session.SubmitDone, Now: now, Outcome: &one.outcome, SubmitID: one.attempt.Request.SubmitID})
}

// endTerminal passes on that a terminal behind a relay has gone: once, after the answer to its submission if that is on its way.
func (d *Dialogue) endTerminal(operator, submitID []byte) session.Outcome {
	if onWay, first := d.submits.end(submitID); onWay {
		return session.Outcome{Reason: reason.OK, Surplus: !first}
	}
	return d.endVisit(operator, submitID)
}

func (d *Dialogue) endVisit(operator, submitID []byte) session.Outcome {
	outcome := d.driver.handler.EndTerminal(d.peer, operator, submitID)
	if outcome.Reason.Accepted() {
		d.closeVisit(submitID)
	}
	return outcome
}

// exitTerminal tells the relay that one terminal of it is to go, which ends that terminal here too: no TerminalEnd follows.
func (d *Dialogue) exitTerminal(submitID, forceExit []byte, now time.Time) {
	if !d.session.EndsOne() {
		return
	}
	d.step(&session.Event{Kind: session.TerminalExitAsked, Now: now, SubmitID: submitID, ForceExit: forceExit})
	d.endTerminal(d.session.UserID(), submitID)
}
