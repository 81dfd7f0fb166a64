package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// admitRelay logs the operator of a relay below in, by this agent's own accounts. It makes no record: what is reported
// through it is.
func (a *Agent) admitRelay(ctx context.Context, peer session.Peer, attempt *session.LoginAttempt, visit relayed, e logs.Entry) session.Outcome {
	e.RelayAppID, e.RelayMode = string(attempt.AppID), string(rune(ftd.OperatorRelay))
	terms := a.terms()
	if terms == nil {
		return a.refuse(e, &refusal{reason: reason.UpstreamAway})
	}
	user, refused := a.verify(ctx, peer, attempt, &visit)
	if refused != nil {
		return a.refuse(e, &refusal{reason: refused.Reason, code: refused.Code, text: refused.Text})
	}
	if user.UserType != regulation.UserOperator {
		a.parts.Core.Abort(peer.SessionID, ftd.ReasonRecordFailed, reason.NotOperator.String())
		return a.refuse(e, &refusal{reason: reason.NotOperator})
	}
	receipt := &session.Receipt{
		Account: user.Account, UserType: user.UserType, TradingDay: a.today(), LoginTime: visit.instant.Truncate(time.Second),
		Public: visit.addr, Flag: visit.flag, FrontID: a.opt.AgentID, SessionID: peer.SessionID, SystemName: a.opt.SystemName,
		LastLogin: user.LastLogin, LastIP: user.LastIP, Notice: user.Notice, Terms: terms,
	}
	opened, lost := a.open(receipt, attempt, peer)
	a.visits.put(peer.SessionID, visitOfRelay(attempt.Line))
	a.accepted(e, receipt)
	return session.Outcome{Receipt: receipt, Session: opened, Lost: lost}
}

func visitOfRelay(line core.Terminal) visit { return visit{line: line, relay: true} }

// terms are what a relay below may ask: no more than this agent may; nil without a front.
func (a *Agent) terms() *ftd.RelayTerms {
	t := a.relay.Stats().Terms
	if t.Window == 0 {
		return nil
	}
	features := byte('0')
	if a.opt.ExitsBelow {
		features = ftd.TermsTerminalExit
	}
	return &ftd.RelayTerms{
		Window: t.Window, Rate: t.Rate, Burst: t.Burst, MaxTerminalAge: int(t.MaxTerminalAge / time.Second), Features: features,
	}
}

// today is the trading day that a front said last; before one did, the day of the clock.
func (a *Agent) today() calendar.TradingDay {
	if day := a.day.Load(); day != 0 {
		return calendar.TradingDay(day)
	}
	now := a.parts.Now().In(regulation.Zone)
	return calendar.TradingDay(now.Year()*10000 + int(now.Month())*100 + now.Day())
}

func (a *Agent) noteDay(text string) {
	if day, err := strconv.Atoi(text); err == nil {
		a.day.Store(int64(day))
	}
}

// Submit is part of dialogue.Handler: what an operator relay below reports of one terminal goes on as it came, 异常标识 too, which
// the relay below and the front judge: the RecordID is made of these bytes. It is answered after the front's 0. What is sent
// again while its answer is awaited gets that answer, and while its terminal is live it is answered as recorded.
func (a *Agent) Submit(ctx context.Context, peer session.Peer, s *session.SubmitAttempt) session.Outcome {
	a.parts.Observer.Stage(gateway.StageQueue, time.Since(s.Arrived))
	defer func() { a.parts.Observer.Stage(gateway.StageTotal, time.Since(s.Arrived)) }()
	if a.opt.LoginWork > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.opt.LoginWork)
		defer cancel()
	}
	e := a.submitEntry(peer, s)
	id, why, item := a.mayPassOn(s)
	if e.Item = item; why != reason.OK {
		return a.refuse(e, &refusal{reason: why})
	}
	switch known := a.visits.arrive(peer.SessionID, flightKey{id, contentOf(s)}); {
	case known.other:
		e.Item = "SubmitRequest.SubmitID"
		return a.refuse(e, &refusal{reason: reason.SubmitID})
	case known.recorded != nil:
		return a.resubmitted(known.recorded, e)
	case !known.first:
		return a.join(ctx, peer, known.flight, e)
	default:
		return a.fly(ctx, s, known.flight, e)
	}
}

// fly passes a submission on, and tells its answer to those that came meanwhile.
func (a *Agent) fly(ctx context.Context, s *session.SubmitAttempt, f *flight, e logs.Entry) session.Outcome {
	landed := false
	defer func() { // if a part panics
		if !landed {
			a.visits.land(f, nil, &refusal{reason: reason.StoreInDoubt})
		}
	}()
	receipt, refused := a.passOn(ctx, s, f.key.id)
	end, ended := a.visits.land(f, receipt, refused)
	if landed = true; refused != nil {
		return a.refuse(e, refused)
	}
	a.acceptedBelow(e, receipt)
	if ended { // it is answered first: the record counts
		a.endedByFront(&end)
	}
	return session.Outcome{Submitted: receipt}
}

// contentSum tells submissions apart that have one SubmitID.
type contentSum [16]byte

func contentOf(s *session.SubmitAttempt) contentSum {
	sum := sha256.Sum256(s.Content)
	return contentSum(sum[:16])
}

// passOn is the front's answer to a submission.
func (a *Agent) passOn(ctx context.Context, s *session.SubmitAttempt, id client.SubmitID) (*session.SubmitReceipt, *refusal) {
	got, err := a.relay.Submit(ctx, passedOn(s, id))
	if err != nil {
		return nil, a.submitRefusal(err, true)
	}
	a.noteAnswer(&got)
	record, errID := uuid.Parse(got.RecordID)
	day, errDay := strconv.Atoi(got.TradingDay)
	account, errAccount := regulation.ParseAccount(got.UserID)
	if err := errors.Join(errID, errDay, errAccount); err != nil {
		a.relay.End(id)
		a.parts.Logger.Error("a front's receipt cannot be read", zap.Error(fmt.Errorf("receipt of %s: %w", id, err)))
		return nil, &refusal{reason: reason.StoreInDoubt}
	}
	return &session.SubmitReceipt{
		RecordID: record, Account: account, UserType: regulation.UserType(got.UserType), TradingDay: calendar.TradingDay(day),
		Flag: regulation.AbnormalFlag(got.AbnormalFlag),
		Via:  session.Via{AppID: regulation.AppID(got.Relay.AppID), Addr: got.Relay.Addr, LoginTime: got.Relay.LoginTime},
	}, nil
}

func (a *Agent) acceptedBelow(e logs.Entry, r *session.SubmitReceipt) {
	a.accepted(e, &session.Receipt{RecordID: r.RecordID, TradingDay: r.TradingDay, Flag: r.Flag, UserType: r.UserType})
}

func (a *Agent) submitEntry(peer session.Peer, s *session.SubmitAttempt) logs.Entry {
	e := a.entry(peer, logs.EventSubmit, reason.OK)
	e.RelayAppID, e.RelayMode, e.Operator = string(s.AppID), string(rune(ftd.OperatorRelay)), string(s.Operator)
	e.Account, e.KeyVersion = string(s.Request.UserID), string(s.Info.KeyVersion)
	e.SubmitID, e.Attempt = string(s.Request.SubmitID), string(rune(s.Request.Attempt))
	describe(&e, &s.Visit)
	return e
}

// describe adds what a relay below told of its terminal.
func describe(e *logs.Entry, told *session.RelayedTerminal) {
	t := &told.Told
	e.AppID, e.TerminalPort, e.TerminalLoginTime = string(t.AppID), t.PublicPort, string(t.LoginTime)
	if addr, err := netip.ParseAddr(string(t.PublicIP)); err == nil {
		e.TerminalAddress = addr.String()
	}
}

// mayPassOn makes the checks that need no front, in the order of docs/protocol.md. Times are for the front to judge: how old they may
// be is what the firm set there.
func (a *Agent) mayPassOn(s *session.SubmitAttempt) (id client.SubmitID, why reason.Reason, item string) {
	id, err := client.ParseSubmitID(string(s.Request.SubmitID))
	switch {
	case !a.opt.Operator || !a.opt.Chained:
		return id, reason.WrongKind, ""
	case a.draining.Load():
		return id, reason.Draining, ""
	case string(s.Request.BrokerID) != a.opt.BrokerID:
		return id, reason.BrokerMismatch, ""
	case err != nil:
		return id, reason.SubmitID, ""
	case s.Illegal != "":
		return id, reason.IllegalField, s.Illegal
	case s.Visit.Illegal != "":
		return id, reason.IllegalField, s.Visit.Illegal
	}
	return id, reason.OK, ""
}

func passedOn(s *session.SubmitAttempt, id client.SubmitID) client.Submission {
	out := client.Submission{
		UserID: string(s.Request.UserID), KeyVersion: string(s.Info.KeyVersion), AbnormalFlag: s.Info.Flag, Ciphertext: s.Info.Ciphertext,
		Passed: &client.Passed{SubmitID: id, Again: s.Request.Attempt == ftd.AttemptAgain, Terminal: s.Visit.Field},
	}
	if s.Visit.Tagged {
		out.Terminal.Tag = &client.TerminalTag{MAC: string(s.Visit.Tag.MAC), Tag: string(s.Visit.Tag.Tag)}
	}
	return out
}

// EndTerminal is part of dialogue.Handler.
func (a *Agent) EndTerminal(peer session.Peer, operator, submitID []byte) session.Outcome {
	e := a.submitEndEntry(peer, operator, submitID)
	id, err := client.ParseSubmitID(string(submitID))
	why, surplus := reason.OK, false
	switch {
	case !a.opt.Operator || !a.opt.Chained:
		why = reason.WrongKind
	case err != nil:
		why = reason.SubmitID
	case a.visits.removeBelow(peer.SessionID, id):
		a.relay.End(id)
	default:
		surplus = true
	}
	e.Reason, e.Code = why.String(), why.Code()
	outcome := a.decide(e, why)
	outcome.Surplus = surplus
	return outcome
}

// endedByFront ends the terminal that a front ends or does not take any more, if it is this agent's or a relay's below.
func (a *Agent) endedByFront(e *client.RelayEvent) {
	code, text := byte(session.ExitCoreChanged), "前置不再接受此终端，请重新登录 front takes this terminal no more, log in again"
	if forced, is := errors.AsType[*client.ForceExit](e.Err); is {
		code, text = forced.Code, forced.Msg
	}
	line, below, found := a.visits.ended(e)
	switch {
	case !found:
	case !below:
		exit(line, code, text, reason.UpstreamLost)
	case !a.opt.ExitsBelow:
		a.parts.Logger.Warn("a front ended a terminal of a relay below, which cannot be told: chained_exits is false; the relay ends it when it "+
			"says TerminalEnd or disconnects", zap.Stringer("submit_id", e.Terminal), zap.Error(e.Err))
	default:
		if relay, can := line.(core.RelayTerminal); can {
			relay.ExitVisit(uuid.UUID(e.Terminal), session.AppendForceExit(nil, code, text))
		}
	}
}

// Renumbered and Disconnected are about connections of relays, which an agent does not count.
func (*Agent) Renumbered(int32, session.Peer) {}

// Disconnected does nothing, as Renumbered.
func (*Agent) Disconnected(session.Peer) {}

// RefuseSubmit is part of dialogue.Handler.
func (a *Agent) RefuseSubmit(peer session.Peer, op session.Op, s *session.SubmitAttempt, why reason.Reason, item string) session.Outcome {
	var e logs.Entry
	if op == session.OpSubmit {
		e = a.submitEntry(peer, s)
	} else {
		e = a.submitEndEntry(peer, s.Operator, s.Request.SubmitID)
		e.RelayAppID = string(s.AppID)
	}
	if !peer.Relays { // a terminal that sends what only relays send
		e.RelayMode = ""
	}
	e.Item, e.Reason, e.Code = item, why.String(), why.Code()
	return a.decide(e, why)
}

func (a *Agent) submitEndEntry(peer session.Peer, operator, submitID []byte) logs.Entry {
	e := a.entry(peer, logs.EventSubmitEnd, reason.OK)
	e.SubmitID, e.Operator, e.RelayMode = string(submitID), string(operator), string(rune(ftd.OperatorRelay))
	return e
}
