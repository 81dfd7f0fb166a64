package gateway

import (
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/rate"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxRated is how many accounts are remembered to have logged in not long ago. An account is
// remembered once its password was right, so strangers do not bring any in.
const maxRated = 1 << 16

// operatorShare is how many times as often an operator's account may log in: behind one of those
// there may be a firm's own programs, and a relay with all its connections.
const operatorShare = 10

// loginRates bounds how often an account may log in: each accepted login is a record, a line of the
// report and a line of the audit log that is never left out, and costs nothing to
// a program that has the password. It is asked once the password was right, before anything is recorded,
// so that logins at one moment cannot pass it together. What is refused behind it without a record gets its place back: refusals
// are bounded by limits.refusals and the address's debt.
type loginRates struct {
	mu       sync.Mutex
	accounts *rate.Buckets[regulation.Account]
}

func newLoginRates() loginRates {
	return loginRates{accounts: rate.New[regulation.Account](maxRated)}
}

// rateOf is the bound of an account of that type.
func rateOf(userType regulation.UserType, limit rate.Limit) rate.Limit {
	if userType == regulation.UserOperator {
		return limit.Times(operatorShare)
	}
	return limit
}

// allows counts a login in, or says that it comes too soon. now is of the monotonic clock: a
// step of the wall clock must not refuse a login.
func (r *loginRates) allows(a regulation.Account, limit rate.Limit, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.accounts.Take(a, limit, now)
}

// giveBack takes out a login that allows counted in, and that left no record.
func (r *loginRates) giveBack(a regulation.Account, limit rate.Limit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accounts.Give(a, limit)
}
