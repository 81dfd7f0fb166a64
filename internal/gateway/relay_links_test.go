package gateway

import (
	"testing"

	"github.com/tradefront/tradefront/internal/session"
)

// TestRenumberedRelay: a relay's connection is found by the SessionID that it has, and by no other.
func TestRenumberedRelay(t *testing.T) {
	g, link := new(Gateway), new(relayLink)
	g.links.add(1, link)
	g.Renumbered(1, session.Peer{SessionID: 2, Relays: true})
	g.Renumbered(7, session.Peer{SessionID: 8, Relays: true})
	if g.links.find(1) != nil || g.links.find(2) != link || g.links.find(8) != nil {
		t.Errorf("found %p, %p, %p; want %p by 2 alone", g.links.find(1), g.links.find(2), g.links.find(8), link)
	}
}
