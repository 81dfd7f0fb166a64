package loadtest

import (
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
)

// TestRelayWhoseWindowIsNeverAnsweredIsEnded: the run would not end otherwise. One that still has room goes on.
func TestRelayWhoseWindowIsNeverAnsweredIsEnded(t *testing.T) {
	t.Parallel()
	e := engineOf(&Plan{Scenario: Relay, RelayMode: OperatorRelay, Visits: 2, Patience: time.Second})
	e.measured.requests(5)
	e.reporting = &reporting{waiting: map[client.SubmitID]*submission{}, all: 10}
	for slot, window := range []int{2, 4} {
		e.visits = append(e.visits, visit{fd: -1, slot: int32(slot), state: staying, link: newRelayLink(client.RelayTerms{Window: window, Rate: 1000, Burst: 1000})})
	}
	e.open = 2
	for i := range 5 { // two over the first connection, three over the other
		s := &submission{id: client.SubmitID{byte(i)}, slot: int32(min(i/2, 1)), sent: time.Millisecond}
		e.visits[s.slot].link.sent(s.sent)
		e.reporting.waiting[s.id] = s
		e.unanswered++
	}
	e.now = e.plan.Patience
	if e.giveUpSubmissions(); e.open != 2 {
		t.Fatal("a connection is ended before its time")
	}
	e.now = 2 * e.plan.Patience
	e.giveUpSubmissions()
	r := e.measured.outcome(e.plan, "")
	if e.visits[0].state != unused || e.visits[1].state != staying || e.open != 1 || e.unanswered != 0 {
		t.Errorf("connections at %q and %q, %d open, %d unanswered", stateNames[e.visits[0].state], stateNames[e.visits[1].state], e.open, e.unanswered)
	}
	if r.Requests.Lost != 5 || r.Counts.Lost != 1 || r.Failed["no answer: session"] != 1 {
		t.Errorf("%d submissions lost, %d connections, %v", r.Requests.Lost, r.Counts.Lost, r.Failed)
	}
}

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
