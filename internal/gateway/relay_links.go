package gateway

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// relayLinks are the connections of relays that authenticated, by their sessions. Each is counted by its relay until
// the connection ends.
type relayLinks struct {
	mu  sync.Mutex
	all map[int32]*relayLink
}

// relayLink is one connection of a relay, and the visits that were submitted on it and have not ended: some 100 bytes each,
// at most RelayOptions.MaxVisits. A SubmitID names one visit; of a relay that used it for other content it names several,
// which end together.
type relayLink struct {
	relay    *relay.Relay
	operator bool // it is one of an operator relay

	mu      sync.Mutex
	visits  map[relay.SubmitID]liveVisit
	twins   map[relay.SubmitID][]liveVisit // the others of a SubmitID that is in visits
	live    int                            // visits and twins
	pending int                            // submissions on their way that have a place
	ended   bool
}

// liveVisit is one submission that was recorded.
type liveVisit struct {
	account regulation.Account
	record  uuid.UUID
}

// add takes a connection in that the relay counted.
func (l *relayLinks) add(session int32, link *relayLink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = make(map[int32]*relayLink)
	}
	l.all[session] = link
}

// find is nil if there is no such connection any more.
func (l *relayLinks) find(session int32) *relayLink {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[session]
}

func (l *relayLinks) remove(session int32) *relayLink {
	l.mu.Lock()
	defer l.mu.Unlock()
	link := l.all[session]
	delete(l.all, session)
	return link
}

// reserve takes a place for a visit unless bound of them are taken; 0 is no bound. A visit that is live has its place already. leave
// or begin must follow a reserve that returned true.
func (l *relayLink) reserve(id relay.SubmitID, record uuid.UUID, bound int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.knows(id, record) && bound > 0 && l.live+l.pending >= bound {
		return false
	}
	l.pending++
	return true
}

// knows reports whether the visit is live. mu is held.
func (l *relayLink) knows(id relay.SubmitID, record uuid.UUID) bool {
	is := func(v liveVisit) bool { return v.record == record }
	v, there := l.visits[id]
	return there && is(v) || slices.ContainsFunc(l.twins[id], is)
}

// leave gives a place back.
func (l *relayLink) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
}

// begin turns a place into a visit, and reports whether it is a new one. After the connection ended there are none.
func (l *relayLink) begin(id relay.SubmitID, v liveVisit) (begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
	if l.ended || l.knows(id, v.record) {
		return false
	}
	l.live++
	if _, taken := l.visits[id]; taken {
		if l.twins == nil {
			l.twins = make(map[relay.SubmitID][]liveVisit)
		}
		l.twins[id] = append(l.twins[id], v)
		return true
	}
	if l.visits == nil {
		l.visits = make(map[relay.SubmitID]liveVisit)
	}
	l.visits[id] = v
	return true
}

// end takes the visits of a SubmitID out, and returns how many they were and the account of the first.
func (l *relayLink) end(id relay.SubmitID) (account regulation.Account, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, there := l.visits[id]
	if !there {
		return "", 0
	}
	n = 1 + len(l.twins[id])
	delete(l.visits, id)
	delete(l.twins, id)
	l.live -= n
	return v.account, n
}

// open begins with the operator's session, anew after a logout.
func (l *relayLink) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = false
}

// endAll ends the visits of a connection that has ended, or whose operator has logged out: n, those of a SubmitID that named
// several among them.
func (l *relayLink) endAll() (visits map[relay.SubmitID]liveVisit, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	visits, n = l.visits, l.live
	l.visits, l.twins, l.live, l.ended = nil, nil, 0, true
	return visits, n
}

// Terminal is whose terminal an operator relay has reported on its session by that SubmitID, and through which relay; ok is
// false if there is none, or it has ended.
func (g *Gateway) Terminal(session int32, id relay.SubmitID) (account regulation.Account, through regulation.AppID, ok bool) {
	link := g.links.find(session)
	if link == nil {
		return "", "", false
	}
	link.mu.Lock()
	defer link.mu.Unlock()
	v, ok := link.visits[id]
	return v.account, link.relay.AppID, ok
}

// Terminals is how many terminals an operator relay has reported on its session that have not ended.
func (g *Gateway) Terminals(session int32) int {
	link := g.links.find(session)
	if link == nil {
		return 0
	}
	link.mu.Lock()
	defer link.mu.Unlock()
	return link.live
}

// Visit is a terminal that an operator relay reported and that has not ended.
type Visit struct {
	SessionID int32 // of the relay
	SubmitID  uuid.UUID
	Relay     regulation.AppID
}

// Visits are those of the accounts that are meant, in no order; one of several with the same SubmitID is named for all of them, which end together.
func (g *Gateway) Visits(meant func(regulation.Account) bool) (some []Visit) {
	g.links.mu.Lock()
	links := maps.Clone(g.links.all)
	g.links.mu.Unlock()
	for id, link := range links {
		some = link.appendVisits(some, id, meant)
	}
	return some
}

func (l *relayLink) appendVisits(some []Visit, session int32, meant func(regulation.Account) bool) []Visit {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, v := range l.visits {
		if meant(v.account) || slices.ContainsFunc(l.twins[id], func(other liveVisit) bool { return meant(other.account) }) {
			some = append(some, Visit{session, uuid.UUID(id), l.relay.AppID})
		}
	}
	return some
}
