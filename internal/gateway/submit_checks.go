package gateway

import (
	"context"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// submitCheck is one line of the order of checks of a submission (docs/protocol.md).
type submitCheck struct {
	number  int  // there
	login   bool // a relayed login is held to it too, before its password is looked at
	reasons []reason.Reason
	check   func(*Gateway, *arrival) reason.Reason
}

// submitChecks are those that the gateway makes, in their order: of two faults the earlier is answered. The session
// makes those before 7.
var submitChecks = [...]submitCheck{
	{7, true, []reason.Reason{reason.RelayRate}, (*Gateway).checkRelayRate},
	{8, false, []reason.Reason{reason.BrokerMismatch}, (*Gateway).checkBroker},
	{9, false, []reason.Reason{reason.SubmitID, reason.SubmitIDTime}, (*Gateway).checkSubmitID},
	{10, true, []reason.Reason{reason.IllegalField}, (*Gateway).checkItems},
	{11, true, []reason.Reason{reason.TerminalTimeAhead, reason.TerminalTimeOld}, (*Gateway).checkTerminalTime},
	{12, true, []reason.Reason{reason.NoTerminalAddress}, (*Gateway).checkTerminalAddress},
	{13, true, []reason.Reason{
		reason.TerminalAppUnknown, reason.TerminalAppDisabled, reason.TerminalAppKind, reason.TerminalAppNotOfRelay,
	}, (*Gateway).checkTerminalApp},
	{14, false, []reason.Reason{reason.OutOfScope, reason.UnknownCustomer, reason.DisabledCustomer}, (*Gateway).checkScope},
	{14, false, []reason.Reason{reason.RelayVisits}, (*Gateway).checkVisits},
	{15, false, []reason.Reason{reason.NoValidKey}, (*Gateway).checkKey},
	{16, false, []reason.Reason{reason.TerminalInfoRefused, reason.ReplayedTerminalInfo}, (*Gateway).checkTerminalInfo},
	{submitDurable, false, []reason.Reason{
		reason.StoreUnavailable, reason.StoreUnconfirmed, reason.StoreInDoubt, reason.Overloaded, reason.StoreFull,
		reason.LoginDeadline, reason.StoreFailed,
	}, (*Gateway).checkDurable},
}

// NumberedReason is a reason by which a submission is refused, and the number of its check on docs/protocol.md.
type NumberedReason struct {
	Number int
	Reason reason.Reason
}

// SubmitChecks are the reasons for which the gateway refuses a submission, in the order in which it looks for them.
func SubmitChecks() (all []NumberedReason) {
	for _, c := range submitChecks {
		for _, why := range c.reasons {
			all = append(all, NumberedReason{c.number, why})
		}
	}
	return all
}

// submitDurable is the number of the check that makes the record.
const submitDurable = 17

// checkBefore walks through the checks of a submission whose number is lower.
func (g *Gateway) checkBefore(a *arrival, number int) reason.Reason {
	return g.check(a, func(c *submitCheck) bool { return c.number < number })
}

// checkArrival walks through all checks, or, of a relayed login, through those that it is held to.
func (g *Gateway) checkArrival(a *arrival, login bool) reason.Reason {
	return g.check(a, func(c *submitCheck) bool { return c.login || !login })
}

// check makes the checks that are meant, in their order, until one refuses.
func (g *Gateway) check(a *arrival, meant func(*submitCheck) bool) reason.Reason {
	for i := range submitChecks {
		if c := &submitChecks[i]; meant(c) {
			if why := c.check(g, a); why != reason.OK {
				return why
			}
		}
	}
	return reason.OK
}

func (g *Gateway) checkRelayRate(a *arrival) reason.Reason {
	if !a.relay.Take() {
		return reason.RelayRate
	}
	return reason.OK
}

func (g *Gateway) checkBroker(a *arrival) reason.Reason {
	if broker := string(a.submission.Request.BrokerID); broker != g.opt.Firm.BrokerID || broker != string(a.submission.BrokerID) {
		return reason.BrokerMismatch
	}
	return reason.OK
}

func (g *Gateway) checkSubmitID(a *arrival) reason.Reason {
	id, ok := relay.ParseSubmitID(a.submission.Request.SubmitID)
	if !ok {
		return reason.SubmitID
	}
	a.id = id
	drawn := id.Time()
	if drawn.Before(a.instant.Add(-a.options.SubmitIDAge)) || drawn.After(a.instant.Add(a.options.ClockAhead)) {
		return reason.SubmitIDTime
	}
	return reason.OK
}

// checkItems finds the first item that is not of its form. The session has judged the text of an AppID; one of legal text that no
// firm can have admitted is checkTerminalApp's.
func (g *Gateway) checkItems(a *arrival) reason.Reason {
	told := &a.told.Told
	_, badAccount := regulation.ParseAccount(string(a.account))
	loggedIn, badTime := parseLoginTime(told.LoginTime)
	switch {
	case a.illegal != "":
		a.item = a.illegal
	case badAccount != nil && a.submission != nil:
		a.item = "SubmitRequest.UserID"
	case badAccount != nil:
		a.item = "LoginRequest.UserID"
	case a.submission != nil && a.submission.Request.Attempt != ftd.AttemptFirst && a.submission.Request.Attempt != ftd.AttemptAgain:
		a.item = "SubmitRequest.Attempt"
	case a.told.Illegal != "":
		a.item = a.told.Illegal
	case len(told.AppID) == 0:
		a.item = "RelayedTerminal.AppID"
	case told.PublicPort < 0 || told.PublicPort > 65535:
		a.item = "RelayedTerminal.PublicPort"
	case badTime:
		a.item = "RelayedTerminal.LoginTime"
	case told.TerminalType < '0' || told.TerminalType > byte(regulation.TerminalWeChat):
		a.item = "RelayedTerminal.TerminalType"
	}
	if a.item != "" {
		return reason.IllegalField
	}
	a.loggedIn = loggedIn
	return reason.OK
}

// parseLoginTime reads a time as the specification prints it, and no other form of it.
func parseLoginTime(text []byte) (at time.Time, bad bool) {
	at, err := time.ParseInLocation(regulation.TimeLayout, string(text), regulation.Zone)
	if err != nil || len(text) != regulation.TimeLen {
		return time.Time{}, true
	}
	return at, at.Format(regulation.TimeLayout) != string(text)
}

func (g *Gateway) checkTerminalTime(a *arrival) reason.Reason {
	switch {
	case a.loggedIn.After(a.instant.Add(a.options.ClockAhead)):
		return reason.TerminalTimeAhead
	case a.loggedIn.Before(a.instant.Add(-a.options.MaxTerminalAge)):
		return reason.TerminalTimeOld
	}
	return reason.OK
}

func (g *Gateway) checkTerminalAddress(a *arrival) reason.Reason {
	told := &a.told.Told
	if told.TerminalType == ftd.TerminalOffline && len(told.PublicIP) == 0 && told.PublicPort == 0 && a.options.OfflineOrders {
		a.offline = true
		return reason.OK
	}
	addr, err := netip.ParseAddr(string(told.PublicIP))
	if err != nil || addr.Zone() != "" { // Unmap takes a zone off
		return reason.NoTerminalAddress
	}
	at := netip.AddrPortFrom(addr.Unmap(), uint16(told.PublicPort))
	if !usable(at) {
		return reason.NoTerminalAddress
	}
	a.addr = at
	return reason.OK
}

// checkTerminalApp asks whether the firm has admitted the terminal's software. Under the policy audit what is not
// admitted is taken and counted; an AppID of a relay is none of a terminal's, under any policy. One that is not of the form of
// 5.1.2 is unknown, under any policy too: a line of the report cannot have it.
func (g *Gateway) checkTerminalApp(a *arrival) reason.Reason {
	appID, err := regulation.ParseAppID(string(a.told.Told.AppID))
	if err != nil {
		return reason.TerminalAppUnknown
	}
	a.appID = appID
	why := reason.OK
	switch kind, enabled, known := g.registry.Kind(a.told.Told.AppID); {
	case !known:
		why = reason.TerminalAppUnknown
	case kind != auth.AppDirect:
		return reason.TerminalAppKind
	case !enabled:
		why = reason.TerminalAppDisabled
	case !a.relay.MayCarry(a.told.Told.AppID):
		why = reason.TerminalAppNotOfRelay
	}
	if why != reason.OK && a.relay.TerminalApps == relay.Audit {
		a.unlisted = why
		return reason.OK
	}
	return why
}

// checkScope does the same work for an account that is out of scope as for one that does not exist: the relay learns
// neither from the answer nor from its time which of them it was. A trading core cannot be asked whether an account
// exists; it refuses the account's orders.
func (g *Gateway) checkScope(a *arrival) reason.Reason {
	inScope := a.relay.InScope(a.submission.Operator, a.account) && a.relay.HasOperator(a.submission.Operator)
	known, disabled := true, false
	if g.known != nil {
		known, disabled = g.known.Known(a.account)
	}
	switch {
	case !inScope:
		return reason.OutOfScope
	case !known:
		return reason.UnknownCustomer
	case disabled:
		return reason.DisabledCustomer
	}
	return reason.OK
}

func (g *Gateway) checkVisits(a *arrival) reason.Reason {
	a.record = relay.RecordID([]byte(a.relay.AppID), a.id, a.submission.Content)
	if a.link == nil {
		return reason.OK // the connection has ended: the record counts, and no visit begins
	}
	if a.placed = a.link.reserve(a.id, a.record, a.options.MaxVisits); !a.placed {
		return reason.RelayVisits
	}
	return reason.OK
}

func (g *Gateway) checkKey(a *arrival) reason.Reason {
	s := newSubmitted(a)
	a.recording = recording{g: g, policy: g.Policy(), s: &s}
	return a.recording.assess()
}

func (g *Gateway) checkTerminalInfo(a *arrival) reason.Reason { return a.recording.judge() }

func (g *Gateway) checkDurable(a *arrival) reason.Reason {
	r, again := &a.recording, a.submission.Request.Attempt == ftd.AttemptAgain
	return r.store(a.ctx, a.record, func(ctx context.Context, rec *store.Record) (err error) {
		r.earlier, err = g.recorder.Submit(ctx, rec, again)
		return err
	})
}
