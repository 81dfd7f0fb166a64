package gateway

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/internal/store"
)

// admitLogin judges a login through a relay before its password is looked at: the relay as such, its rate, and what it tells
// of the terminal. The arrival is nil in direct mode, and of an operator's own login.
func (g *Gateway) admitLogin(peer session.Peer, a *session.LoginAttempt, e *logs.Entry) (*arrival, reason.Reason) {
	if a.AppType != investorRelay && a.AppType != operatorRelay {
		if a.Relayed != nil {
			return nil, reason.WrongMode
		}
		return nil, reason.OK
	}
	e.RelayAppID, e.RelayMode = string(a.AppID), string(rune(a.AppType))
	e.RelayAddress = g.mapped(peer)
	if (a.AppType == investorRelay) != (a.Relayed != nil) {
		return nil, reason.WrongMode
	}
	r := g.relayOf(a.AppID)
	switch {
	case r == nil:
		return nil, reason.RelayDisabled
	case !r.MayGuess():
		g.relayObserver.RelayGuessed(string(r.AppID), true)
		return nil, reason.RelayGuessing
	case a.Relayed == nil:
		return nil, reason.OK
	}
	through := &arrival{relay: r, options: g.relaying.Load(), instant: g.now(), told: a.Relayed, account: a.UserID, peer: peer}
	through.describe(e)
	why := g.checkArrival(through, true)
	e.Item = through.item
	if through.unlisted != reason.OK {
		e.TerminalApp = through.unlisted.String()
	}
	return through, why
}

// noteGuess counts a wrong password against the relay that it came through.
func (g *Gateway) noteGuess(a *session.LoginAttempt, refused *core.Refused) {
	if a.AppType != investorRelay && a.AppType != operatorRelay {
		return
	}
	wrong := refused.Reason == reason.WrongPassword || refused.Reason == reason.UnknownAccount ||
		refused.Reason == reason.CoreRefused && refused.Code == reason.WrongPassword.Code()
	if r := g.relays.Find(a.AppID); r != nil && wrong {
		r.Guessed()
		g.relayObserver.RelayGuessed(string(r.AppID), false)
	}
}

// subjectOf is what a login is about, in either mode, at one instant.
func (g *Gateway) subjectOf(user core.User, peer session.Peer, a *session.LoginAttempt, through *arrival) subject {
	if through == nil {
		return newSubject(user, peer, a, g.now())
	}
	return newRelayed(user, through, a.Terminal, g.now())
}

// recordLogin makes the record of a login. That of an operator relay's own login may be left to the audit log: the receipt
// then says what would have been recorded, under the zero RecordID.
func (g *Gateway) recordLogin(ctx context.Context, r *recording, a *session.LoginAttempt) reason.Reason {
	if a.AppType != operatorRelay || !g.relaying.Load().OperatorAuditOnly {
		return r.record(ctx)
	}
	if why := r.assess(); why != reason.OK {
		return why
	}
	if why := r.judge(); why != reason.OK {
		return why
	}
	s := r.s
	r.rec = &store.Record{
		ID: uuid.Nil, TradingDay: r.day, LoginTime: s.from.instant.Truncate(time.Second), KeyVersion: r.assessed.Key.Version,
		Flag: r.assessed.Flag, AppID: s.by.appID, Account: s.who.Account, UserType: s.who.UserType,
		FrontID: g.opt.Firm.FrontID, SessionID: s.from.session,
	}
	return reason.OK
}

// countLogin counts the result of a login, also for the relay that it came through.
func (g *Gateway) countLogin(e *logs.Entry, why reason.Reason) {
	g.observer.LoggedIn(why.String())
	g.appObserver.AppLoggedIn(e.AppID, why.String(), g.registered([]byte(e.AppID)))
	if e.RelayMode != string(rune(investorRelay)) {
		return
	}
	if r := g.relays.Find([]byte(e.RelayAppID)); r != nil {
		g.relayObserver.Submitted(string(r.AppID), why.String())
	}
}

// noteAccepted counts an accepted terminal of a relay, and puts into the line where it was, in the form of every address there.
func (g *Gateway) noteAccepted(e *logs.Entry, s *subject, through *arrival) {
	if through == nil {
		return
	}
	name := string(through.relay.AppID)
	g.relayObserver.TerminalLoginAge(s.from.instant.Sub(s.from.loggedIn))
	if through.addr.IsValid() {
		g.relayObserver.TerminalAt(name, through.addr.Addr())
		e.TerminalAddress = through.addr.Addr().String()
	}
	if e.ReReported {
		g.relayObserver.ReReported(name)
	}
	if through.unlisted != reason.OK {
		g.relayObserver.UnlistedApp(name, through.unlisted.String())
	}
}

// beginOperator opens the connection for submissions, and says what the relay may ask.
func (g *Gateway) beginOperator(sessionID int32, appID []byte) *ftd.RelayTerms {
	if link := g.links.find(sessionID); link != nil {
		link.open()
	}
	r := g.relays.Find(appID)
	if r == nil {
		return nil // withdrawn in this moment: its submissions are refused
	}
	return g.relaying.Load().terms(r)
}
