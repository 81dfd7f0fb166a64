package gateway

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// arrival is a terminal behind a relay: as it was told, and what the checks found of that. A submission has all of it, a
// relayed login what the checks of logins look at.
type arrival struct {
	relay   *relay.Relay
	options *RelayOptions // one for all checks, as instant
	instant time.Time     // the front's: one for all checks, the trading day, and item 9 of a relayed login
	told    *session.RelayedTerminal
	account []byte // told
	illegal string // the first item, of the other fields, that is not of its form

	// Of a submission.
	ctx        context.Context
	submission *session.SubmitAttempt
	peer       session.Peer
	link       *relayLink // nil if the connection has ended
	placed     bool       // link has a place for the visit
	id         relay.SubmitID
	record     uuid.UUID
	recording  recording

	// Found.
	appID    regulation.AppID
	addr     netip.AddrPort // unmapped; invalid of an order by telephone
	offline  bool
	loggedIn time.Time     // at the relay: item 5
	item     string        // of illegal_field
	unlisted reason.Reason // why the AppID would have been refused, had the relay's policy not been audit
}

// visit is whose ciphertext may come again.
func (a *arrival) visit() relay.Visit {
	return relay.Visit{
		Account: regulation.Account(a.account), AppID: a.appID, Addr: a.addr, LoginTime: a.loggedIn, RelayAppID: a.relay.AppID,
	}
}

// describe adds to an audit line what the relay told of the terminal.
func (a *arrival) describe(e *logs.Entry) {
	told := &a.told.Told
	e.AppID, e.RelayAppID = string(told.AppID), string(a.relay.AppID)
	e.TerminalAddress, e.TerminalPort, e.TerminalLoginTime = string(told.PublicIP), told.PublicPort, string(told.LoginTime)
	if a.told.Tagged && a.options.AuditTags {
		e.TerminalMAC, e.TerminalTag = string(a.told.Tag.MAC), string(a.told.Tag.Tag)
	}
}
