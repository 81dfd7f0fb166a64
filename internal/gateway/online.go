package gateway

import (
	"sync"

	"github.com/tradefront/tradefront/internal/regulation"
)

// online counts the sessions of each account, for error 60. It holds one entry an
// account that is online at this front.
type online struct {
	limit int // 0 for no bound

	mu       sync.Mutex
	sessions map[regulation.Account]int
	all      int
}

// add counts a session, unless the account has its limit.
func (o *online) add(a regulation.Account) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.limit > 0 && o.sessions[a] >= o.limit {
		return false
	}
	if o.sessions == nil {
		o.sessions = make(map[regulation.Account]int)
	}
	o.sessions[a]++
	o.all++
	return true
}

// resume counts a session over the limit too.
func (o *online) resume(a regulation.Account) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sessions == nil {
		o.sessions = make(map[regulation.Account]int)
	}
	o.sessions[a]++
	o.all++
}

// remove takes out a session that add counted.
func (o *online) remove(a regulation.Account) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sessions[a]--; o.sessions[a] <= 0 {
		delete(o.sessions, a)
	}
	o.all--
}

func (o *online) total() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all
}
