package gateway

import (
	"crypto/rand"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Challenge draws the random 128-byte time stamp (B.2 b).
func (g *Gateway) Challenge(challenge *[auth.ChallengeLen]byte) {
	_, _ = rand.Read(challenge[:]) // never fails: it ends the program instead
}

var verdictReasons = map[auth.Verdict]reason.Reason{
	auth.OK:            reason.OK,
	auth.UnreadableApp: reason.UnreadableApp,
	auth.UnknownApp:    reason.UnknownApp,
	auth.DisabledApp:   reason.DisabledApp,
	auth.WrongAnswer:   reason.WrongAnswer,

	auth.OtherNetwork:    reason.AppNetwork,
	auth.OtherAccount:    reason.AppAccount,
	auth.ConfinedAccount: reason.AccountConfined,
}

// Verify checks the answer to a challenge. For each fault the same work is done and
// the terminal gets the same 63; only the audit log tells the reasons apart. A relay with too many connections alone
// gets 60: it has proved who it is.
func (g *Gateway) Verify(peer session.Peer, a *session.AuthAttempt) session.Outcome {
	result := g.registry.Verify(a.AppID, (*auth.Challenge)(a.Challenge), a.Answer)
	why := reasonOf(result.Verdict)
	if string(a.BrokerID) != g.opt.Firm.BrokerID {
		why = reason.WrongBroker
	}
	if why == reason.OK {
		why = g.admitKind(peer, a.AppID, result.Type)
	}
	g.observer.Authenticated(why.String())
	g.appObserver.AppAuthenticated(string(a.AppID), why.String(), result.Verdict != auth.UnknownApp)
	e := g.entry(peer, session.OpAuthenticate.String(), why)
	e.AppID = string(a.AppID)
	if why == reason.WrongAnswer {
		e.RightBlocks = result.RightBlocks
	}
	if why != reason.OK {
		return g.decide(&e, why)
	}
	e.AuthCode = result.Slot.String()
	g.observer.CodeUsed(e.AuthCode)
	outcome := g.decide(&e, why)
	outcome.AppType = byte(result.Type)
	return outcome
}

func reasonOf(v auth.Verdict) reason.Reason {
	why, known := verdictReasons[v]
	if !known {
		return reason.WrongAnswer // a verdict that we do not know admits no terminal
	}
	return why
}

// mayLogIn says whether a login on a direct terminal's connection keeps to what its AppID is bound to. It is asked before the password
// is looked at: an AppID that is bound serves no guesses at the passwords of other accounts. What relays may do, relay.Permission says.
func (g *Gateway) mayLogIn(peer session.Peer, a *session.LoginAttempt) reason.Reason {
	return g.keepsBinding(peer, auth.AppType(a.AppType), a.AppID, a.UserID)
}

// MayChangePassword is part of dialogue.Handler: the binding may have changed since the login that the core refused.
func (g *Gateway) MayChangePassword(peer session.Peer, appID, userID []byte) reason.Reason {
	kind, _, _ := g.registry.Kind(appID)
	return g.keepsBinding(peer, kind, appID, userID)
}

func (g *Gateway) keepsBinding(peer session.Peer, kind auth.AppType, appID, account []byte) reason.Reason {
	if kind.Relay() {
		return reason.OK
	}
	return reasonOf(g.registry.AdmitsLogin(appID, account, peer.Addr.Addr()))
}
