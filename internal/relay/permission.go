package relay

import (
	"context"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// TerminalApps is how strictly the AppID of a relayed terminal is looked up.
type TerminalApps string

// The two policies.
const (
	// Listed refuses a terminal whose AppID the firm has not admitted, or not for this relay.
	Listed TerminalApps = "listed"
	// Audit takes and counts it, for the weeks of a change-over.
	Audit TerminalApps = "audit"
)

// Permission is what one relay may do: a row of table relay. The relay's own AppID, type, authcode and whether it is
// enabled are in the registry.
type Permission struct {
	AppID        regulation.AppID
	Networks     []netip.Prefix       // it may come from; none admits no address
	Operators    []regulation.Account // accounts of user type 2 that may log in through it; of type 3 only
	TerminalApps TerminalApps
	AllowedApps  []regulation.AppID // of its terminals; none is every enabled terminal AppID
	// ClientCerts are the TLS certificates that it may come with, as a load balancer tells them; none is any, or no TLS at all.
	ClientCerts []CertDigest
	Connections int  // at one front at a time
	Rate        int  // submissions, or relayed logins, a second at one front
	Burst       int  // at once
	Window      int  // submissions that one connection may leave unanswered
	Chained     bool // it may carry terminals of another relay
	Created     time.Time
	Changed     time.Time
}

// The values of a Permission that `relay add` is not told.
const (
	DefaultConnections = 16
	DefaultRate        = 2000
	DefaultBurst       = 10000
	DefaultWindow      = 256
)

// Kind is how a Grant names accounts; the codes are those of the column.
type Kind byte

// The kinds.
const (
	All    Kind = 'A' // every account of the firm; Value is ""
	Prefix Kind = 'P' // accounts that begin with Value
	Single Kind = 'S' // the account Value
)

// Grant is one line of a relay's scope: that Operator may report, through that relay, for these accounts.
type Grant struct {
	AppID    regulation.AppID
	Operator regulation.Account
	Kind     Kind
	Value    string
}

// Source is where the permissions come from.
type Source interface {
	// Generation moves whenever one changed. It must be cheap: it is asked at every Refresh.
	Generation(ctx context.Context) (int64, error)
	// Relays returns every Permission and every Grant, of disabled relays too.
	Relays(ctx context.Context) ([]Permission, []Grant, error)
}
