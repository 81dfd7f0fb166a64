package gateway

import (
	"sync"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// seen remembers the terminal ciphertexts of a trading day. A terminal encrypts anew, with
// random padding, at each login, so that one that comes a second time is a replay, or a
// terminal that does not collect.
//
// A login reserves its ciphertext before its record is made, and settles when the record's
// fate is known: of two logins at one moment exactly one is the first, and one that was not
// recorded leaves nothing behind. Beside the current day the day before stays, for the
// logins of 15:30 that come in the wrong order; what is older is not looked at.
type seen struct {
	bound int // entries over both days; 0 remembers nothing

	mu       sync.Mutex
	current  seenDay
	previous seenDay
	stats    SeenStats
}

// SeenStats is a view of the memory of terminal ciphertexts.
type SeenStats struct {
	Entries   int    // ciphertexts that are remembered now
	Replayed  uint64 // logins that came with one of them, since start
	Forgotten uint64 // logins whose ciphertext was not remembered, since start: no room, or a day that is over
	Full      bool   // the current day has all the room
	Crowded   int    // accounts that have all of their share of the current day
}

type seenDay struct {
	day     calendar.TradingDay
	entries map[store.SeenHash]reservations
	shares  map[regulation.Account]int // how many of the entries are there for a login of that account
	crowded int                        // accounts that have reached their share
}

// reservations of one ciphertext: how many logins with it are on their way, or recorded
// once one of them was.
type reservations int32

const recorded reservations = -1

// ticket is what a login holds between reserve and settle. The zero value holds nothing.
type ticket struct {
	day  calendar.TradingDay
	hash store.SeenHash
	// owner is the account whose share has the entry; "" if another login made it.
	owner regulation.Account
}

// load takes over what was recorded before the start; false when there is no room for more.
func (s *seen) load(day calendar.TradingDay, hash store.SeenHash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(day)
	if d == nil {
		return true // a day that is over
	}
	if _, again := d.entries[hash]; !again && !s.room(d) {
		return false
	}
	d.entries[hash] = recorded
	return true
}

// reserve reports whether the day has seen the ciphertext before, recorded or on its way.
// Without room for it, it is not remembered and the ticket is empty: a stranger who fills
// the memory may replay, but locks nobody out. Nor does one account fill it for others: each
// has a share of its own.
func (s *seen) reserve(day calendar.TradingDay, account regulation.Account, hash store.SeenHash) (t ticket, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(day)
	if d == nil {
		s.stats.Forgotten++
		return ticket{}, false
	}
	n, again := d.entries[hash]
	switch {
	case again:
		s.stats.Replayed++
	case d.shares[account] >= s.share() || !s.room(d):
		s.stats.Forgotten++
		return ticket{}, false
	}
	t = ticket{day: day, hash: hash}
	if n != recorded {
		d.entries[hash] = n + 1
	}
	if !again {
		t.owner = account
		d.own(account, 1, s.share())
	}
	return t, again
}

// share is how many entries of a day one account may have: a hundredth, and never so few that
// an honest one would meet it.
func (s *seen) share() int { return max(s.bound/100, leastShare) }

const leastShare = 100

// own counts entries of an account.
func (d *seenDay) own(account regulation.Account, more, share int) {
	before := d.shares[account]
	after := before + more
	if d.shares[account] = after; after == 0 {
		delete(d.shares, account)
	}
	switch {
	case before < share && after >= share:
		d.crowded++
	case before >= share && after < share:
		d.crowded--
	}
}

// settle says what became of the login that holds t.
func (s *seen) settle(t ticket, kept bool) {
	if t == (ticket{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(t.day)
	if d == nil {
		return
	}
	if !kept && t.owner != "" {
		d.own(t.owner, -1, s.share()) // whoever else comes with it, it is not his doing
	}
	switch n := d.entries[t.hash]; {
	case n == recorded:
	case kept:
		d.entries[t.hash] = recorded
	case n <= 1:
		delete(d.entries, t.hash)
	default:
		d.entries[t.hash] = n - 1
	}
}

// of is the memory of that day, nil for one that is over. A new day takes the place of the
// current one.
func (s *seen) of(day calendar.TradingDay) *seenDay {
	switch {
	case day == s.current.day && day != 0:
		return &s.current
	case day == s.previous.day && day != 0:
		return &s.previous
	case day <= s.current.day:
		return nil
	}
	s.previous, s.current = s.current, seenDay{
		day: day, entries: make(map[store.SeenHash]reservations), shares: make(map[regulation.Account]int),
	}
	return &s.current
}

// room says whether d may have one more. The current day may have that of the day before.
func (s *seen) room(d *seenDay) bool {
	if len(s.current.entries)+len(s.previous.entries) < s.bound {
		return true
	}
	if d != &s.current || s.previous.day == 0 {
		return false
	}
	s.previous = seenDay{}
	return len(s.current.entries) < s.bound
}

// SeenStats counts what there is now.
func (g *Gateway) SeenStats() SeenStats {
	g.seen.mu.Lock()
	defer g.seen.mu.Unlock()
	stats := g.seen.stats
	stats.Entries = len(g.seen.current.entries) + len(g.seen.previous.entries)
	stats.Full = g.seen.bound > 0 && len(g.seen.current.entries) >= g.seen.bound
	stats.Crowded = g.seen.current.crowded
	return stats
}

// LoadSeen remembers a terminal ciphertext that was recorded before this process began. It
// is called before the first login; false says that there is no room for more.
func (g *Gateway) LoadSeen(day calendar.TradingDay, hash store.SeenHash) bool {
	return g.seen.load(day, hash)
}

// reserve looks the ciphertext of a login up; nothing sent is nothing replayed.
func (g *Gateway) reserve(day calendar.TradingDay, account regulation.Account, ciphertext []byte) (t ticket, again bool) {
	if len(ciphertext) == 0 || g.seen.bound == 0 {
		return ticket{}, false
	}
	return g.seen.reserve(day, account, store.HashTerminal(ciphertext))
}
