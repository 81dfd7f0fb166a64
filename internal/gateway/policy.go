package gateway

import (
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Policy is what a reload replaces in a running front. It is replaced as a whole and never
// changed, so that each login sees the old one or the new one, not a bit of both.
type Policy struct {
	Keys     *supplement.KeyRing
	Calendar *calendar.Calendar
	Strict   bool // terminal_info: strict
	// RejectReplays refuses terminal information that the day has seen before, instead of
	// flagging it: replayed_terminal_info: reject.
	RejectReplays bool
	// LoginsPerUser is how often one account may log in; the zero Limit is no bound.
	LoginsPerUser rate.Limit
}

// Policy is what the next login will use.
func (g *Gateway) Policy() *Policy { return g.policy.Load() }

// SetPolicy gives the logins from now on another policy. Those that have taken their instant
// finish with the one that they have. No connection is touched.
func (g *Gateway) SetPolicy(next Policy) { g.policy.Store(&next) }
