package agent

import (
	"context"
	"crypto/rand"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Challenge is part of dialogue.Handler.
func (a *Agent) Challenge(challenge *[auth.ChallengeLen]byte) {
	_, _ = rand.Read(challenge[:]) // never fails: it ends the program instead
}

// Verify is part of dialogue.Handler: for each fault the terminal gets 63.
func (a *Agent) Verify(peer session.Peer, attempt *session.AuthAttempt) session.Outcome {
	result := a.parts.Registry.Verify(attempt.AppID, (*auth.Challenge)(attempt.Challenge), attempt.Answer)
	why := a.mayEnter(peer, &result)
	if string(attempt.BrokerID) != a.opt.BrokerID {
		why = reason.WrongBroker
	}
	a.parts.Observer.Authenticated(why.String())
	e := a.entry(peer, session.OpAuthenticate.String(), why)
	e.AppID = string(attempt.AppID)
	switch why {
	case reason.OK:
		e.AuthCode = result.Slot.String()
		a.parts.Observer.CodeUsed(e.AuthCode)
	case reason.WrongAnswer:
		e.RightBlocks = result.RightBlocks
	}
	outcome := a.decide(e, why)
	if why == reason.OK {
		outcome.AppType = byte(result.Type)
	}
	return outcome
}

func (a *Agent) mayEnter(peer session.Peer, result *auth.Result) reason.Reason {
	switch result.Verdict {
	case auth.OK:
	case auth.UnreadableApp:
		return reason.UnreadableApp
	case auth.UnknownApp:
		return reason.UnknownApp
	case auth.DisabledApp:
		return reason.DisabledApp
	default:
		return reason.WrongAnswer
	}
	own := auth.AppType(ftd.InvestorRelay)
	if a.opt.Operator {
		own = ftd.OperatorRelay
	}
	below := result.Type == own && a.opt.Chained
	if below != peer.Relays || !below && result.Type != auth.AppDirect {
		return reason.WrongKind
	}
	return reason.OK
}

// RequestCode is part of dialogue.Handler. A terminal has no connection to a front before its login.
func (a *Agent) RequestCode(peer session.Peer, t core.Terminal, appID, body []byte) session.Outcome {
	why := reason.UnknownRequest
	if a.opt.Operator {
		why = a.parts.Core.RequestCode(peer.SessionID, t, body)
	}
	e := a.entry(peer, session.OpRequestCode.String(), why)
	e.AppID = string(appID)
	return a.decide(e, why)
}

// NotifyDecision is part of dialogue.Handler.
func (a *Agent) NotifyDecision(peer session.Peer, op session.Op, why reason.Reason, item string, appID, userID []byte) session.Outcome {
	switch op {
	case session.OpAuthenticate:
		a.parts.Observer.Authenticated(why.String())
	case session.OpLogin:
		a.parts.Observer.LoggedIn(why.String())
	}
	e := a.entry(peer, op.String(), why)
	e.Item, e.AppID, e.Account = item, string(appID), string(userID)
	return a.decide(e, why)
}

// MayChangePassword is part of dialogue.Handler. An agent has no bindings: those are of terminals at a front.
func (a *Agent) MayChangePassword(session.Peer, []byte, []byte) reason.Reason { return reason.OK }

// NoteMalformed is part of dialogue.Handler.
func (a *Agent) NoteMalformed(peer session.Peer, fault string, appID, userID []byte) {
	e := a.entry(peer, logs.EventMalformed, reason.OK)
	e.AppID, e.Account = string(appID), string(userID)
	a.noteUnanswered(e, fault)
}

// NoteProxyHeader is part of dialogue.Handler.
func (a *Agent) NoteProxyHeader(peer session.Peer, why string) {
	a.noteUnanswered(a.entry(peer, logs.EventProxyHeader, reason.OK), why)
}

// noteUnanswered writes the line of a connection that is closed without an answer, into both logs.
func (a *Agent) noteUnanswered(e logs.Entry, why string) {
	e.Reason = why
	ref := a.references.Next()
	e.Ref = string(ref[:])
	e.Time = a.parts.Now()
	a.parts.Audit.Log(e)
	a.malformed.Note(&e)
}

// entry begins an audit line.
func (a *Agent) entry(peer session.Peer, event string, why reason.Reason) logs.Entry {
	e := logs.Entry{
		Event: event, Reason: why.String(), Code: why.Code(),
		FrontID: a.opt.AgentID, SessionID: peer.SessionID, Proxy: peer.Proxy,
	}
	if peer.Addr.IsValid() {
		e.Address, e.Port = peer.Addr.Addr(), peer.Addr.Port()
	}
	return e
}

// decide writes the line and makes the outcome of it; a refusal gets its reference.
func (a *Agent) decide(e logs.Entry, why reason.Reason) session.Outcome {
	outcome := session.Outcome{Reason: why}
	if why != reason.OK {
		outcome.Ref = a.references.Next()
		e.Ref = string(outcome.Ref[:])
	}
	e.Time = a.parts.Now()
	a.parts.Audit.Log(e)
	return outcome
}

// auditPatience is how long the answer to an accepted login waits for its audit line.
const auditPatience = time.Second

// accepted writes the line of an accepted login, which is with the operating system before the terminal is answered.
func (a *Agent) accepted(e logs.Entry, r *session.Receipt) {
	a.parts.Observer.LoggedIn(reason.OK.String())
	a.parts.Observer.Flagged(r.Flag.Word(), false)
	e.RecordID, e.TradingDay, e.Flag, e.UserType = r.RecordID, r.TradingDay, r.Flag, r.UserType
	e.Time = a.parts.Now()
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := a.parts.Audit.LogWritten(ctx, e); err != nil {
		a.parts.Logger.Warn("a login is answered whose audit line may be missing", zap.Stringer("record_id", r.RecordID), zap.Error(err))
	}
}
