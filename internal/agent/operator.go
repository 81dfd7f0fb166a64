package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// submit verifies a customer's password and reports the terminal; it is let in after the front's 0.
func (a *Agent) submit(ctx context.Context, peer session.Peer, attempt *session.LoginAttempt, visit relayed, e logs.Entry) (outcome session.Outcome) {
	if attempt.AppType == ftd.OperatorRelay {
		return a.admitRelay(ctx, peer, attempt, visit, e)
	}
	if !a.relay.Stats().Up { // no password is worth checking then
		return a.refuse(e, &refusal{reason: reason.UpstreamAway})
	}
	user, refused := a.verify(ctx, peer, attempt, &visit)
	if refused != nil {
		outcome = a.refuse(e, &refusal{reason: refused.Reason, code: refused.Code, text: refused.Text})
		outcome.Session = refused.Session
		return outcome
	}
	defer func() { // also if a part panics
		if outcome.Receipt == nil {
			a.parts.Core.Abort(peer.SessionID, ftd.ReasonRecordFailed, outcome.Reason.String())
		}
	}()
	a.visits.submitting()
	got, err := a.relay.Submit(ctx, client.Submission{
		UserID:     string(user.Account),
		Terminal:   client.RelayedTerminal{AppID: string(visit.appID), PublicAddr: visit.addr, LoginTime: visit.instant},
		KeyVersion: string(attempt.Terminal.KeyVersion), AbnormalFlag: byte(visit.flag), Ciphertext: attempt.Terminal.Ciphertext,
	})
	if err != nil {
		a.visits.submitted(client.SubmitID{})
		return a.refuse(e, a.submitRefusal(err, false))
	}
	a.noteAnswer(&got)
	receipt, err := a.receiptOf(&got, peer, &user, &visit)
	if err != nil {
		a.visits.submitted(client.SubmitID{})
		a.relay.End(got.SubmitID)
		a.parts.Logger.Error("a front's receipt cannot be read", zap.Error(err))
		return a.refuse(e, &refusal{reason: reason.StoreInDoubt})
	}
	opened, lost := a.open(receipt, attempt, peer)
	a.visits.put(peer.SessionID, visitOfSubmission(attempt.Line, got.SubmitID, receipt.RecordID))
	end, ended := a.visits.submitted(got.SubmitID)
	e.SubmitID = got.SubmitID.String()
	a.accepted(e, receipt)
	if ended { // it is answered first: the record counts
		a.endedByFront(&end)
	}
	return session.Outcome{Receipt: receipt, Session: opened, Lost: lost}
}

// noteAnswer takes clock and trading day of a front's answer over.
func (a *Agent) noteAnswer(got *client.Receipt) {
	a.clock.note(a.parts.Now(), got.Answered)
	a.noteDay(got.TradingDay)
}

func visitOfSubmission(line core.Terminal, id client.SubmitID, record uuid.UUID) visit {
	return visit{line: line, submitID: id, recordID: record}
}

func (a *Agent) verify(ctx context.Context, peer session.Peer, attempt *session.LoginAttempt, visit *relayed) (core.User, *core.Refused) {
	user, err := a.parts.Core.Verify(ctx, &core.Attempt{
		SessionID: peer.SessionID, Account: regulation.Account(attempt.UserID), Password: attempt.Password, Request: attempt.Request,
		Source: visit.addr, AppID: visit.appID, AppType: attempt.AppType, Instant: a.parts.Now(), Terminal: attempt.Line,
	})
	if err == nil {
		return user, nil
	}
	if refused, is := errors.AsType[*core.Refused](err); is {
		return core.User{}, refused
	}
	a.parts.Logger.Error("the core could not be asked", zap.Error(err))
	return core.User{}, &core.Refused{Reason: reason.CoreAway}
}

// submitRefusal is what the end of a Submit without receipt means: to a terminal, or to a relay below.
func (a *Agent) submitRefusal(err error, below bool) *refusal {
	refused, isRefused := errors.AsType[*client.Error](err)
	_, isDown := errors.AsType[*client.DownError](err)
	_, isEnded := errors.AsType[*client.EndedError](err)
	_, isExit := errors.AsType[*client.ForceExit](err)
	switch {
	case errors.Is(err, client.ErrInDoubt), isExit: // recorded, and ended before it was answered
		return &refusal{reason: reason.StoreInDoubt}
	case errors.Is(err, client.ErrRelayFull), errors.Is(err, client.ErrSubmitIDTaken):
		return &refusal{reason: reason.Overloaded}
	case isDown, isEnded:
		return &refusal{reason: reason.UpstreamAway}
	case isRefused:
		return a.answered(refused.Code, refused.Text, refused.Ref, below)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &refusal{reason: reason.LoginDeadline}
	}
	a.parts.Logger.Warn("a login cannot be reported", zap.Error(err))
	return &refusal{reason: reason.IllegalField}
}

func (a *Agent) receiptOf(got *client.Receipt, peer session.Peer, user *core.User, visit *relayed) (*session.Receipt, error) {
	id, errID := uuid.Parse(got.RecordID)
	day, errDay := strconv.Atoi(got.TradingDay)
	if err := errors.Join(errID, errDay); err != nil {
		return nil, fmt.Errorf("receipt of %s: %w", got.SubmitID, err)
	}
	return &session.Receipt{
		RecordID: id, Account: user.Account, UserType: user.UserType, TradingDay: calendar.TradingDay(day),
		LoginTime: visit.instant.Truncate(time.Second), Public: visit.addr, Flag: regulation.AbnormalFlag(got.AbnormalFlag),
		FrontID: a.opt.AgentID, SessionID: peer.SessionID, SystemName: a.opt.SystemName,
		LastLogin: user.LastLogin, LastIP: user.LastIP, Notice: user.Notice,
	}, nil
}

// open tells the agent's core that the login is recorded.
func (a *Agent) open(r *session.Receipt, attempt *session.LoginAttempt, peer session.Peer) (opened core.Session, lost bool) {
	opened, err := a.parts.Core.Open(&core.Opening{
		SessionID: peer.SessionID, User: r.Account, RecordID: r.RecordID, LoginTime: r.LoginTime, TradingDay: r.TradingDay, Flag: r.Flag,
		Resume: attempt.Resume, Terminal: attempt.Line,
	})
	if err != nil {
		a.parts.Logger.Warn("a login is recorded whose core is gone: its terminal is asked to log in again", zap.Error(err))
		return nil, true
	}
	return opened, false
}

// RelayEvent takes what happened to an operator agent's Relay. It does not wait.
func (a *Agent) RelayEvent(e client.RelayEvent) {
	log := a.parts.Logger.With(zap.String("front", e.Addr))
	switch e.Kind {
	case client.RelayUp:
		a.stopGrace()
		a.noteDay(e.Login.TradingDay)
		log.Info("the operator is logged in at a front", zap.Int("terminals", a.Online()))
	case client.RelayDown:
		log.Warn("the connection to the front is lost: terminals stay for upstream.grace", zap.Error(e.Err), zap.Duration("grace", a.opt.Grace))
		a.startGrace(a.opt.Grace)
	case client.RelayUnreachable:
		log.Warn("a front cannot be reached, another attempt follows", zap.Error(e.Err))
	case client.RelayRefused:
		log.Error("a front refuses this relay for good, it is not asked again: look at upstream, then restart", zap.Error(e.Err))
	case client.RelayRests:
		log.Error("the firm does not admit this relay at a front; it is asked again: compare upstream.app_id, its authcode and this machine's address "+
			"with `tradefront relay show` there, and enable the relay if it was disabled", zap.Error(e.Err), zap.Duration("again_in", e.RetryIn))
	case client.RelayEnded:
		log.Error("no front is left: terminals are sent away", zap.Error(e.Err))
		a.startGrace(0)
	case client.RelayTerminalReported:
		a.parts.Audit.Log(a.reportedAgain(&e))
	case client.RelayTerminalRefused, client.RelayTerminalExit:
		a.endedByFront(&e)
	}
}

// reportedAgain is the line of a live terminal's further record.
func (a *Agent) reportedAgain(e *client.RelayEvent) logs.Entry {
	id, _ := uuid.Parse(e.Receipt.RecordID)
	return logs.Entry{
		Time: a.parts.Now(), Event: logs.EventReportedAgain, Reason: reason.OK.String(), FrontID: a.opt.AgentID,
		Account: e.Receipt.UserID, RecordID: id, SubmitID: e.Receipt.SubmitID.String(), SessionID: a.visits.sessionOf(e.Terminal),
	}
}

func (v *visits) sessionOf(id client.SubmitID) int32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id, is := v.byID[id]; is {
		return id
	}
	return v.below[id].session
}

// startGrace sends all terminals away unless a front is there again in time.
func (a *Agent) startGrace(grace time.Duration) {
	g := &a.grace
	g.Lock()
	defer g.Unlock()
	if a.ctx.Err() != nil || g.timer != nil && grace > 0 {
		return
	}
	if g.timer != nil {
		g.timer.Stop()
		close(g.over)
	}
	over := make(chan struct{})
	g.over = over
	g.timer = time.AfterFunc(grace, func() { a.graceOver(over) })
}

// graceOver sends all terminals away, until over is closed: then a front is there again, and takes those that are left.
func (a *Agent) graceOver(over <-chan struct{}) {
	a.grace.Lock()
	if a.grace.over != over || a.ctx.Err() != nil {
		a.grace.Unlock()
		return
	}
	a.work.Add(1)
	a.grace.Unlock()
	defer a.work.Done()
	a.parts.Logger.Error("no front came back in time: terminals are sent away", zap.Int("terminals", a.Online()))
	a.exitAll(a.ctx, over, a.opt.ExitSpread, lostText, reason.UpstreamLost)
}

func (a *Agent) stopGrace() {
	g := &a.grace
	g.Lock()
	defer g.Unlock()
	if g.timer != nil {
		g.timer.Stop()
		close(g.over)
		g.timer, g.over = nil, nil
	}
}

// Upstream reports whether a front takes logins now, and how that is known.
func (a *Agent) Upstream() (up bool, why string) {
	if a.opt.Operator {
		s := a.relay.Stats()
		if !s.Up {
			return false, fmt.Sprintf("the operator is not logged in at any front, terminals are answered 8: %v", s.Down)
		}
		return true, fmt.Sprintf("logged in at %s, %d terminals live", s.Addr, s.Live)
	}
	if text := a.fronts.trial.Load(); text != nil {
		return false, *text
	}
	return true, fmt.Sprintf("%d terminals have a connection to a front", a.Online())
}

// Probe lets an investor agent without terminals learn whether a front takes it.
func (a *Agent) Probe(ctx context.Context) {
	if a.opt.Operator {
		return
	}
	if u, err := a.connect(ctx); err == nil {
		_ = u.conn.Close()
	}
}
