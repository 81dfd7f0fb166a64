package gateway

import (
	"net/netip"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxLastLogins is how many accounts' last logins are remembered at least; twice as many at most, some 100 bytes each.
const maxLastLogins = 1 << 17

// lastLogins remembers when and from where accounts of the local core logged in last at this front, for the customer to compare. It is
// in memory alone: no store has a terminal's address in clear (B.1), and a query a login would cost more than the login. A front that
// starts knows nothing; what another front recorded it does not know.
//
// Accounts fill the newer of two maps; when that is full it becomes the older one, and what was there is forgotten.
type lastLogins struct {
	mu           sync.Mutex
	newer, older map[regulation.Account]lastLogin
	bound        int // of one map
}

// lastLogin is the zero value where nothing is known.
type lastLogin struct {
	at   time.Time
	addr netip.Addr // not valid if it was not told: an order by telephone
}

// note remembers a login that is durable, and returns the one before. One that is older than what is known, which a relay may report
// late, changes nothing.
func (l *lastLogins) note(account regulation.Account, is lastLogin) (was lastLogin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, known := l.newer[account]
	if !known {
		was = l.older[account]
	}
	if is.at.Before(was.at) {
		return was
	}
	if !known && len(l.newer) >= l.bound {
		l.older, l.newer = l.newer, nil
	}
	if l.newer == nil {
		l.newer = make(map[regulation.Account]lastLogin)
	}
	l.newer[account] = is
	return was
}

// tell puts it into the words that a terminal gets, unless the core has told something.
func (l lastLogin) tell(who *core.User) {
	if l.at.IsZero() || who.LastLogin != "" || who.LastIP != "" {
		return
	}
	who.LastLogin = l.at.In(regulation.Zone).Format(regulation.TimeLayout)
	if l.addr.IsValid() {
		who.LastIP = string(regulation.AppendAddr(nil, l.addr))
	}
}

// noteLogin tells the customer of the login before, and remembers this one, which is durable. A terminal that its relay reported
// again is in the login that is known.
func (g *Gateway) noteLogin(s *subject, reported bool) {
	if !g.opt.TellLastLogin || reported {
		return
	}
	g.lastLogins.note(s.who.Account, lastLogin{s.from.loggedIn.Truncate(time.Second), s.from.addr.Addr()}).tell(&s.who)
}
