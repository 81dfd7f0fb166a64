package gateway

import (
	"sync"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// replays remembers the terminal ciphertexts of a trading day. A terminal encrypts anew, with
// random padding, at each login, so that one that comes a second time is a replay, or a
// terminal that does not collect.
//
// A login reserves its ciphertext before its record is made, and settles when the record's
// fate is known: of two logins at one moment exactly one is the first, and one that was not
// recorded leaves nothing behind. Beside the current day the day before stays, for the
// logins of 15:30 that come in the wrong order; what is older is not looked at.
//
// A terminal behind a relay logs in there once, and the relay reports its ciphertext again when it connects anew: under
// the same visit that is no replay.
type replays struct {
	bound int // entries over both days; 0 remembers nothing

	mu       sync.Mutex
	current  replayDay
	previous replayDay
	stats    SeenStats
}

// SeenStats is a view of the memory of terminal ciphertexts.
type SeenStats struct {
	Entries    int    // ciphertexts that are remembered now
	ReReported uint64 // times that a relay reported the ciphertext of a visit again, since start
	Replayed   uint64 // logins that came with one of them, since start
	Forgotten  uint64 // logins whose ciphertext was not remembered, since start: no room, or a day that is over
	Full       bool   // the current day has all the room
	Crowded    int    // accounts that have all of their share of the current day
}

// replayDay is what is remembered of one trading day.
type replayDay struct {
	day     calendar.TradingDay
	entries map[store.SeenHash]seen
	shares  map[regulation.Account]int // how many of the entries are there for a login of that account
	crowded int                        // accounts that have reached their share
}

// seen is what is known of one ciphertext.
type seen struct {
	logins reservations
	visit  store.VisitHash // that brought it first; zero in direct mode
	same   int32           // of the logins on their way, those of visit; 0 in direct mode
}

// meeting is how a login met its ciphertext.
type meeting byte

const (
	metNowhere   meeting = iota // it is the first
	metOnVisit                  // the same visit brought it before
	metElsewhere                // another did: a replay
)

// reservations of one ciphertext: how many logins with it are on their way, or recorded
// once one of them was.
type reservations int32

const recorded reservations = -1

// claim is what a login holds between reserve and settle. The zero value holds nothing.
type claim struct {
	day  calendar.TradingDay
	hash store.SeenHash
	// owner is the account whose share has the entry; "" if another login made it.
	owner regulation.Account
	same  bool // it is of the entry's visit
}

// load takes over what was recorded before the start; false when there is no room for more.
func (s *replays) load(day calendar.TradingDay, hash store.SeenHash, visit store.VisitHash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(day)
	if d == nil {
		return true // a day that is over
	}
	switch _, again := d.entries[hash]; {
	case again:
		return true // the first visit owns it, as before the start; a replay was recorded behind it
	case !s.room(d):
		return false
	}
	d.entries[hash] = seen{logins: recorded, visit: visit}
	return true
}

// reserve reports whether the day has seen the ciphertext before, recorded or on its way, and by whose visit.
// Without room for it, it is not remembered and the claim is empty: a stranger who fills
// the memory may replay, but locks no customer out. Nor does one account fill it for others:
// each has a share of its own.
func (s *replays) reserve(
	day calendar.TradingDay, account regulation.Account, hash store.SeenHash, visit store.VisitHash,
) (t claim, met meeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(day)
	if d == nil {
		s.stats.Forgotten++
		return claim{}, metNowhere
	}
	known, again := d.entries[hash]
	switch {
	case again && known.visit == visit && visit != (store.VisitHash{}):
		s.stats.ReReported++
		met = metOnVisit
	case again:
		s.stats.Replayed++
		met = metElsewhere
	case d.shares[account] >= s.share() || !s.room(d):
		s.stats.Forgotten++
		return claim{}, metNowhere
	}
	t = claim{day: day, hash: hash}
	if !again {
		known.visit = visit
		t.owner = account
		d.own(account, 1, s.share())
	}
	if known.logins != recorded {
		known.logins++
		if t.same = met != metElsewhere && visit != (store.VisitHash{}); t.same {
			known.same++
		}
		d.entries[hash] = known
	}
	return t, met
}

// share is how many entries of a day one account may have: a hundredth, and never so few that
// an honest one would meet it.
func (s *replays) share() int { return max(s.bound/100, leastShare) }

const leastShare = 100

// own counts entries of an account.
func (d *replayDay) own(account regulation.Account, more, share int) {
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
func (s *replays) settle(t claim, kept bool) {
	if t == (claim{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.of(t.day)
	if d == nil {
		return
	}
	if !kept && t.owner != "" {
		d.own(t.owner, -1, s.share()) // another login may come with it: that is not this account's doing
	}
	switch n := d.entries[t.hash]; {
	case n.logins == recorded:
	case kept:
		d.entries[t.hash] = seen{logins: recorded, visit: n.visit}
	case n.logins <= 1:
		delete(d.entries, t.hash)
	default:
		if n.logins--; t.same {
			n.same--
		}
		if n.same == 0 {
			n.visit = store.VisitHash{} // of the visit that brought it first nothing was recorded, and nothing is on its way
		}
		d.entries[t.hash] = n
	}
}

// of is the memory of that day, nil for one that is over. A new day takes the place of the
// current one.
func (s *replays) of(day calendar.TradingDay) *replayDay {
	switch {
	case day == s.current.day && day != 0:
		return &s.current
	case day == s.previous.day && day != 0:
		return &s.previous
	case day <= s.current.day:
		return nil
	}
	s.previous, s.current = s.current, replayDay{
		day: day, entries: make(map[store.SeenHash]seen), shares: make(map[regulation.Account]int),
	}
	return &s.current
}

// room reports whether d may have one more entry. For the current day it forgets the day before if there is no other room.
func (s *replays) room(d *replayDay) bool {
	if len(s.current.entries)+len(s.previous.entries) < s.bound {
		return true
	}
	if d != &s.current || s.previous.day == 0 {
		return false
	}
	s.previous = replayDay{}
	return len(s.current.entries) < s.bound
}

// SeenStats counts what there is now.
func (g *Gateway) SeenStats() SeenStats {
	g.replays.mu.Lock()
	defer g.replays.mu.Unlock()
	stats := g.replays.stats
	stats.Entries = len(g.replays.current.entries) + len(g.replays.previous.entries)
	stats.Full = g.replays.bound > 0 && len(g.replays.current.entries) >= g.replays.bound
	stats.Crowded = g.replays.current.crowded
	return stats
}

// LoadSeen remembers a terminal ciphertext that was recorded before this process began, and whose visit brought it. It
// is called before the first login; false says that there is no room for more.
func (g *Gateway) LoadSeen(day calendar.TradingDay, hash store.SeenHash, visit store.VisitHash) bool {
	return g.replays.load(day, hash, visit)
}

// reserve looks the ciphertext of a login up; nothing sent is nothing replayed.
func (g *Gateway) reserve(
	day calendar.TradingDay, account regulation.Account, ciphertext []byte, visit store.VisitHash,
) (t claim, met meeting) {
	if len(ciphertext) == 0 || g.replays.bound == 0 {
		return claim{}, metNowhere
	}
	return g.replays.reserve(day, account, store.HashTerminal(ciphertext), visit)
}
