package gateway

import (
	"crypto/rand"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/session"
)

// Challenge draws the random 128-byte time stamp (B.2 b).
func (g *Gateway) Challenge(challenge *[ftd.ChallengeLen]byte) {
	_, _ = rand.Read(challenge[:]) // never fails: it ends the program instead
}

var verdictReasons = map[auth.Verdict]session.Reason{
	auth.OK:            session.OK,
	auth.UnreadableApp: session.UnreadableApp,
	auth.UnknownApp:    session.UnknownApp,
	auth.DisabledApp:   session.DisabledApp,
	auth.WrongAnswer:   session.WrongAnswer,
}

// Verify checks the answer to a challenge. Whatever is wrong, the same work is done and
// the terminal gets the same 63; only the audit log tells the reasons apart.
func (g *Gateway) Verify(peer session.Peer, a *session.AuthAttempt) session.Reply {
	result := g.registry.Verify(a.AppID, (*auth.Challenge)(a.Challenge), a.Answer)
	reason, known := verdictReasons[result.Verdict]
	if !known {
		reason = session.WrongAnswer // a verdict that we do not know lets nobody in
	}
	if string(a.BrokerID) != g.opt.Firm.BrokerID {
		reason = session.WrongBroker
	}
	g.observer.Authenticated(reason.String())
	e := g.entry(peer, session.OpAuthenticate.String(), reason)
	e.AppID = string(a.AppID)
	if reason != session.OK {
		return g.verdict(e, reason)
	}
	e.AuthCode = result.Slot.String()
	g.observer.CodeUsed(e.AuthCode)
	reply := g.verdict(e, reason)
	reply.AppType = byte(result.Type)
	return reply
}
