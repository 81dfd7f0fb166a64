package gateway

import (
	"net/netip"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxLastLogins is how many accounts' last logins are remembered at least; twice as many at most, some 150 bytes each.
const maxLastLogins = 1 << 17

// lastLogins remembers when and from where accounts of the local core logged in last at this front, for the customer to compare. It is
// in memory alone: no store has a terminal's address in clear (B.1), and a query a login would cost more than the login. A front that
// starts knows nothing; what another front recorded it does not know.
//
// Accounts fill the newer of two maps; when that is full it becomes the older one, and what was there is forgotten.
type lastLogins struct {
	mu           sync.Mutex
	newer, older map[regulation.Account]lastTwo
	bound        int // of one map
}

// lastLogin is the zero value where nothing is known.
type lastLogin struct {
	at   time.Time
	addr netip.Addr // not valid if it was not told: an order by telephone
}

// lastTwo are the last login that was recorded and the one before: what a visit that its relay reports again is told.
type lastTwo struct{ last, before lastLogin }

// note remembers a login that is durable, and returns the one that was recorded before. Which is the later one is decided by the order
// of recording: a relay tells when a terminal logged in there, which may be long ago, or ahead by the difference of two clocks, and
// each login must be told to the next.
func (l *lastLogins) note(account regulation.Account, is lastLogin) (was lastLogin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was = l.known(account).last
	l.keep(account, lastTwo{is, was})
	return was
}

// again returns the login before a visit that its relay has reported before. It is in the memory already, unless the memory began
// since.
func (l *lastLogins) again(account regulation.Account, is lastLogin) (was lastLogin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	two := l.known(account)
	switch {
	case two.last.at.IsZero():
		l.keep(account, lastTwo{last: is})
	case two.last.at.Equal(is.at) && two.last.addr == is.addr:
		return two.before
	}
	return two.last
}

func (l *lastLogins) known(account regulation.Account) lastTwo {
	if two, newer := l.newer[account]; newer {
		return two
	}
	return l.older[account]
}

func (l *lastLogins) keep(account regulation.Account, two lastTwo) {
	if _, known := l.newer[account]; !known && len(l.newer) >= l.bound {
		l.older, l.newer = l.newer, nil
	}
	if l.newer == nil {
		l.newer = make(map[regulation.Account]lastTwo)
	}
	l.newer[account] = two
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
	if !g.opt.TellLastLogin {
		return
	}
	is, note := lastLogin{s.from.loggedIn.Truncate(time.Second), s.from.addr.Addr()}, g.lastLogins.note
	if reported {
		note = g.lastLogins.again
	}
	note(s.who.Account, is).tell(&s.who)
}
