package gateway

import (
	"context"
	"sync"

	"github.com/tradefront/tradefront/internal/regulation"
)

// AllFronts counts the sessions of accounts over all fronts of the firm.
type AllFronts interface {
	// Take counts one more, unless the account has its limit there. It returns soon, also where the others cannot be asked.
	Take(ctx context.Context, a regulation.Account) bool
	// Resume counts one more over the limit too. It and Release do not wait: event loops call them.
	Resume(a regulation.Account)
	// Release takes out one that was counted.
	Release(a regulation.Account)
}

// online counts the sessions of each account, for error 60. It holds one entry an
// account that is online at this front.
type online struct {
	limit  int       // 0 for no bound
	fronts AllFronts // nil where this front counts by itself

	mu       sync.Mutex
	sessions map[regulation.Account]int
	all      int
}

// add counts a session, unless the account has its limit, at this front or at all.
func (o *online) add(ctx context.Context, a regulation.Account) bool {
	if !o.addHere(a) {
		return false
	}
	if o.fronts != nil && !o.fronts.Take(ctx, a) {
		o.removeHere(a)
		return false
	}
	return true
}

func (o *online) addHere(a regulation.Account) bool {
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
	if o.fronts != nil {
		o.fronts.Resume(a)
	}
}

// remove takes out a session that add or resume counted.
func (o *online) remove(a regulation.Account) {
	o.removeHere(a)
	if o.fronts != nil {
		o.fronts.Release(a)
	}
}

func (o *online) removeHere(a regulation.Account) {
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
