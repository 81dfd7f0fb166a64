package gateway

import (
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxPaced is how many accounts are remembered to have logged in not long ago. An account is
// remembered once its password was right, so strangers do not bring any in.
const maxPaced = 1 << 16

// operatorPace is how many times as often an operator's account may log in: behind one of those
// there may be a firm's own programs, and a relay with all its connections.
const operatorPace = 10

// pace bounds how often an account may log in: each accepted login is a record, a line of the
// report and a line of the audit log that is never left out, and costs whoever has the
// password nothing. It is asked once the password was right, before anything is recorded.
type pace struct {
	mu       sync.Mutex
	accounts *rate.Buckets[regulation.Account]
}

func newPace() pace { return pace{accounts: rate.New[regulation.Account](maxPaced)} }

// allows counts a login in, or says that it comes too soon. now is of the monotonic clock: a
// step of the wall clock must refuse nobody.
func (p *pace) allows(a regulation.Account, userType regulation.UserType, limit rate.Limit, now time.Time) bool {
	if userType == regulation.UserOperator {
		limit = limit.Times(operatorPace)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accounts.Take(a, limit, now)
}
