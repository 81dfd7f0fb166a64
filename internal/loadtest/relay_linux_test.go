package loadtest

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
)

// TestRelayWaitsForItsSocket: a relay whose front reads more slowly than it sends writes no further until the socket has taken what waits.
func TestRelayWaitsForItsSocket(t *testing.T) {
	terms := client.RelayTerms{Window: 1000, Rate: 1000, Burst: 1000}
	e := &engine{now: time.Second, reporting: &reporting{}, visits: []visit{
		{state: staying, link: newRelayLink(terms), unsent: []byte{1}},
		{state: loggingIn},
		{state: staying, link: newRelayLink(terms), unsent: []byte{1}},
	}}
	if slot, at := e.roomyLink(); slot >= 0 || at != never {
		t.Errorf("connection %d has room at %v, and its socket is full", slot, at)
	}
	e.visits[2].unsent = nil
	if slot, at := e.roomyLink(); slot != 2 || at != e.now {
		t.Errorf("connection %d has room at %v, want 2 at once", slot, at)
	}
	e.visits[2].link.unanswered = 1000
	if slot, at := e.roomyLink(); slot >= 0 || at != never {
		t.Errorf("connection %d has room at %v, and its window is full", slot, at)
	}
}
