package gateway

import (
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/supplement"
)

// InForce is what a running front can be given anew. It is replaced as a whole and never
// changed, so that each login sees the one set or the other, not a bit of both.
type InForce struct {
	Keys     *supplement.KeyRing
	Calendar *calendar.Calendar
	Strict   bool // terminal_info: strict
	// RejectReplays refuses terminal information that the day has seen before, instead of
	// flagging it: replayed_terminal_info: reject.
	RejectReplays bool
	// LoginsPerUser is how often one account may log in; the zero Limit is no bound.
	LoginsPerUser rate.Limit
}

// InForce is the set that the next login will use.
func (g *Gateway) InForce() *InForce { return g.inForce.Load() }

// Replace gives the logins from now on another set. Those that have taken their instant
// finish with the set that they have. No connection is touched.
func (g *Gateway) Replace(next InForce) { g.inForce.Store(&next) }
