package agent

import (
	"context"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/gateway"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Login is part of dialogue.Handler.
func (a *Agent) Login(ctx context.Context, peer session.Peer, attempt *session.LoginAttempt) (outcome session.Outcome) {
	defer clear(attempt.Request)
	defer clear(attempt.Password)
	a.parts.Observer.Stage(gateway.StageQueue, time.Since(attempt.Arrived))
	defer func() { a.parts.Observer.Stage(gateway.StageTotal, time.Since(attempt.Arrived)) }()
	if a.opt.LoginWork > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.opt.LoginWork)
		defer cancel()
	}
	e := a.entry(peer, session.OpLogin.String(), reason.OK)
	e.AppID, e.Account, e.KeyVersion = string(attempt.AppID), string(attempt.UserID), string(attempt.Terminal.KeyVersion)
	if attempt.Relayed != nil {
		e.RelayAppID, e.RelayMode = e.AppID, string(rune(ftd.InvestorRelay))
		describe(&e, attempt.Relayed)
	}
	if why := a.mayLogIn(peer, attempt); why != reason.OK {
		if why == reason.IllegalField {
			e.Item = attempt.Relayed.Illegal
		}
		return a.refuse(e, &refusal{reason: why})
	}
	assessed, err := supplement.Assess(supplement.TerminalInfo(attempt.Terminal), a.keys.Load(), a.parts.Now())
	if err != nil {
		a.parts.Logger.Error("login refused", zap.Error(err))
		return a.refuse(e, &refusal{reason: reason.NoValidKey})
	}
	again, forget := a.seen.reserve(attempt.Terminal.Ciphertext, visitSumOf(attempt), a.parts.Now())
	if again {
		assessed = assessed.Replayed()
	}
	if assessed.Problem != supplement.NoProblem {
		e.TerminalProblem = assessed.Problem.String()
	}
	defer func() {
		if outcome.Reason != reason.OK && outcome.Reason != reason.StoreInDoubt {
			forget() // what the front did not take may come again
		}
	}()
	visit := visitOf(peer, attempt, assessed.Flag)
	if a.opt.Operator {
		return a.submit(ctx, peer, attempt, visit, e)
	}
	return a.loginVia(ctx, peer, attempt, visit, e)
}

func (a *Agent) mayLogIn(peer session.Peer, attempt *session.LoginAttempt) reason.Reason {
	addr := peer.Addr.Addr()
	switch {
	case a.draining.Load():
		return reason.Draining
	case (attempt.Relayed != nil) != (attempt.AppType == ftd.InvestorRelay):
		return reason.WrongMode
	case attempt.Relayed != nil && attempt.Relayed.Illegal != "":
		return reason.IllegalField
	case !addr.IsValid() || addr.Zone() != "" || addr.Unmap().IsUnspecified() || peer.Addr.Port() == 0:
		return reason.NoPublicAddress
	}
	return reason.OK
}

// relayed is what goes up about one terminal beside its ciphertext.
type relayed struct {
	appID   regulation.AppID
	addr    netip.AddrPort
	instant time.Time
	flag    regulation.AbnormalFlag
	told    *session.RelayedTerminal // by a relay below; nil for a terminal of this agent's
}

func visitOf(peer session.Peer, attempt *session.LoginAttempt, flag regulation.AbnormalFlag) relayed {
	return relayed{
		appID: regulation.AppID(attempt.AppID), addr: netip.AddrPortFrom(peer.Addr.Addr().Unmap(), peer.Addr.Port()),
		instant: attempt.Arrived, flag: flag, told: attempt.Relayed,
	}
}

// put appends RelayedTerminal, and the tag that a relay below sent.
func (r *relayed) put(e *ftd.Encoder) {
	if r.told != nil {
		e.Raw(ftd.FIDRelayedTerminal, r.told.Field)
		if r.told.Tagged {
			e.TerminalTag(&r.told.Tag)
		}
		return
	}
	e.RelayedTerminal(&ftd.RelayedTerminal{
		AppID: []byte(r.appID), PublicIP: r.addr.Addr().AppendTo(nil), PublicPort: int(r.addr.Port()),
		LoginTime: r.instant.In(regulation.Zone).AppendFormat(nil, regulation.TimeLayout), TerminalType: '0',
	})
}

// refusal is why a login is refused: a reason of the agent's, or what a front answered.
type refusal struct {
	reason      reason.Reason
	code        int    // that the terminal gets; 0 for the reason's
	text        string // of the front; "" for that of the code
	upstreamRef string // the front's
	elsewhere   bool   // the next login goes to another front first
}

func (a *Agent) refuse(e logs.Entry, r *refusal) session.Outcome {
	a.parts.Observer.LoggedIn(r.reason.String())
	e.Reason, e.Code, e.UpstreamRef = r.reason.String(), r.reason.Code(), r.upstreamRef
	if r.code != 0 {
		e.Code = r.code
	}
	outcome := a.decide(e, r.reason)
	outcome.Code, outcome.Text = r.code, r.text
	return outcome
}

// answered is what a front's refusal means to the terminal, or to a relay below.
func (a *Agent) answered(code int, text, ref string, below bool) *refusal {
	r := &refusal{reason: reason.UpstreamRefused, code: code, text: text, upstreamRef: ref}
	switch code {
	case 8:
		r.elsewhere = true
	case 9: // one code for what a stranger must not tell apart
		if !below {
			r.code, r.text = reason.WrongPassword.Code(), ""
		}
	case 2, 5, 6, 27, 64, 77: // of the relay, not of the terminal
		a.parts.Logger.Error("a front refused a login for what is the relay's own: look at upstream, and at the relay's permissions there",
			zap.Int("code", code), zap.String("text", text), zap.String("ref", ref))
		r.reason, r.code, r.text = reason.UpstreamAway, 0, ""
	}
	return r
}

// Unanswered is part of dialogue.Handler.
func (a *Agent) Unanswered(peer session.Peer, outcome session.Outcome) {
	if outcome.Session != nil {
		outcome.Session.Close(ftd.ReasonGone, "the terminal had gone before its login was answered")
	}
	if outcome.Reason != reason.OK {
		return
	}
	a.leave(peer.SessionID)
	e := a.entry(peer, logs.EventUnanswered, reason.OK)
	if s := outcome.Submitted; s != nil {
		e.RecordID, e.Account, e.RelayMode = s.RecordID, string(s.Account), string(rune(ftd.OperatorRelay))
	} else {
		e.RecordID, e.Account = outcome.Receipt.RecordID, string(outcome.Receipt.Account)
	}
	e.Time = a.parts.Now()
	a.parts.Audit.Log(e)
}

// Ended is part of dialogue.Handler.
func (a *Agent) Ended(peer session.Peer, _ []byte, _ reason.Close) { a.leave(peer.SessionID) }

// leave takes a terminal out, or a relay below with all its terminals, and tells an operator agent's front.
func (a *Agent) leave(id int32) {
	v, was := a.visits.remove(id)
	switch {
	case !a.opt.Operator:
	case was && !v.relay:
		a.relay.End(v.submitID)
	case a.opt.Chained: // also of a submission that was answered after its relay had gone
		for _, gone := range a.visits.leaveBelow(id) {
			a.relay.End(gone)
		}
	}
}
