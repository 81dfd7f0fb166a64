package front

import (
	"net/netip"
	"sync"

	"github.com/tradefront/tradefront/internal/source"
)

const (
	// maxHalfOpenRelays bounds the connections of all relay listeners that have not authenticated. A many-to-many relay opens
	// one for each terminal, each of which is half-open for two round trips.
	maxHalfOpenRelays = 4096
	// maxHalfOpenOfSource bounds those from one source: a host that opens connections and says nothing leaves room for the
	// relays. Where relays may have more connections from an address of the source, that many may be half-open: a many-to-many relay
	// whose terminals all come back at once opens them at once.
	maxHalfOpenOfSource = 1024
)

// halfOpen counts the relays' connections that have not authenticated, in all and by source. Its entries are at most as many
// as the connections.
type halfOpen struct {
	bound         int // of total
	boundOfSource int // of each source, or what is granted to it if that is more

	mu       sync.Mutex
	total    int
	ofSource map[netip.Prefix]int
}

func newHalfOpen() *halfOpen {
	return &halfOpen{bound: maxHalfOpenRelays, boundOfSource: maxHalfOpenOfSource, ofSource: make(map[netip.Prefix]int)}
}

// add counts a connection, unless as many as the bound are half-open; remove must follow it.
func (h *halfOpen) add() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total >= h.bound {
		return false
	}
	h.total++
	return true
}

// addOfSource counts a connection of add for its source as well, unless that has as many as boundOfSource and as granted both say. The
// zero source, of a relay whose address is not known yet, has no bound.
func (h *halfOpen) addOfSource(at netip.Prefix, granted func() int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !at.IsValid() {
		return true
	}
	if n := h.ofSource[at]; n >= h.boundOfSource && n >= granted() {
		return false
	}
	h.ofSource[at]++
	return true
}

// remove takes a connection out that was added, and counted for that source if it is not zero.
func (h *halfOpen) remove(at netip.Prefix) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total--
	if !at.IsValid() {
		return
	}
	if h.ofSource[at]--; h.ofSource[at] == 0 {
		delete(h.ofSource, at)
	}
}

// countSource counts a half-open connection for the source of its relay, once that is known.
func (c *conn) countSource(relay netip.Addr) bool {
	at := source.Of(relay)
	if !c.server.halfOpen.addOfSource(at, func() int { return c.server.granted(relay) }) {
		return false
	}
	c.halfOpenAt = at
	return true
}

// granted is how many connections relays may have from that address.
func (s *Server) granted(relay netip.Addr) int {
	if s.cfg.RelayConnections == nil {
		return 0
	}
	return s.cfg.RelayConnections(relay)
}

// notHalfOpen notes that the connection has authenticated, or has ended.
func (c *conn) notHalfOpen() {
	if c.halfOpen {
		c.halfOpen = false
		c.server.halfOpen.remove(c.halfOpenAt)
	}
}
