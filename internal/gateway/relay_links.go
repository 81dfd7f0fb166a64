package gateway

import (
	"sync"

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
// at most RelayOptions.MaxVisits.
type relayLink struct {
	relay    *relay.Relay
	operator bool // it is one of an operator relay

	mu      sync.Mutex
	visits  map[relay.SubmitID]regulation.Account
	pending int // submissions on their way that have a place
	ended   bool
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

// reserve takes a place for a visit unless there are most of them; 0 is no bound. A visit that is known has its place. leave
// or begin must follow.
func (l *relayLink) reserve(id relay.SubmitID, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.visits[id]; !known && most > 0 && len(l.visits)+l.pending >= most {
		return false
	}
	l.pending++
	return true
}

// leave gives a place back.
func (l *relayLink) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
}

// begin turns a place into a visit, and reports whether it is a new one. After the connection ended there are none.
func (l *relayLink) begin(id relay.SubmitID, account regulation.Account) (begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
	if l.ended {
		return false
	}
	if l.visits == nil {
		l.visits = make(map[relay.SubmitID]regulation.Account)
	}
	_, known := l.visits[id]
	l.visits[id] = account
	return !known
}

// end takes a visit out.
func (l *relayLink) end(id relay.SubmitID) (account regulation.Account, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	account, known = l.visits[id]
	delete(l.visits, id)
	return account, known
}

// open begins with the operator's session, anew after a logout.
func (l *relayLink) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = false
}

// endAll ends the visits of a connection that has ended, or whose operator has logged out.
func (l *relayLink) endAll() map[relay.SubmitID]regulation.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	visits := l.visits
	l.visits, l.ended = nil, true
	return visits
}

// Terminals is how many terminals an operator relay has reported on its session that have not ended.
func (g *Gateway) Terminals(session int32) int {
	link := g.links.find(session)
	if link == nil {
		return 0
	}
	link.mu.Lock()
	defer link.mu.Unlock()
	return len(link.visits)
}
