package dialogue

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// tapped notes what a tap is shown.
type tapped struct {
	of   netip.AddrPort
	seen []string
}

func (s *tapped) Wants(peer session.Peer) bool { return peer.Addr == s.of }
func (s *tapped) Received(_ session.Peer, frame []byte) {
	s.seen = append(s.seen, fmt.Sprintf("received %X", frame))
}

func (s *tapped) Malformed(_ session.Peer, fault string, rest []byte) {
	s.seen = append(s.seen, fmt.Sprintf("malformed %s %X", fault, rest))
}

func (s *tapped) Sent(_ session.Peer, frames []byte) {
	s.seen = append(s.seen, fmt.Sprintf("sent %d", len(frames)))
}

func (s *tapped) Ended(_ session.Peer, why reason.Close) {
	s.seen = append(s.seen, "ended "+why.String())
}

// TestTap: a tap is shown whole frames before they are wiped, what is sent, and the end; none of another terminal, and none after it
// was taken out.
func TestTap(t *testing.T) {
	q := new(quick)
	d := q.begin()
	tap := &tapped{of: home}
	d.driver.SetTap(tap)
	beat := ftd.AppendHeartbeat(nil)
	login := benchLogin()
	sent := append(append([]byte{}, beat...), login...)
	d.Receive(sent, time.Now())
	(<-q.ends)()
	d.driver.SetTap(nil)
	d.Receive(ftd.AppendHeartbeat(nil), time.Now())
	d.driver.SetTap(&tapped{})
	d.Receive(ftd.AppendHeartbeat(nil), time.Now())
	d.driver.SetTap(tap)
	d.Receive([]byte{1, 0xFF, 0, 0, 7}, time.Now())
	d.End(reason.PeerClosed)
	want := []string{fmt.Sprintf("received %X", beat), fmt.Sprintf("received %X", login), "sent 156", "malformed extension_long 01FF000007", "ended malformed"}
	if strings.Join(tap.seen, "\n") != strings.Join(want, "\n") {
		t.Errorf("the tap saw\n%s\nwant\n%s", strings.Join(tap.seen, "\n"), strings.Join(want, "\n"))
	}
}

// TestTapCostsNothing: without a trace a frame allocates nothing, nor with one of another terminal.
func TestTapCostsNothing(t *testing.T) {
	d := new(quick).begin()
	buf, now := make([]byte, 6), time.Now()
	for _, tap := range []Tap{nil, &tapped{}} {
		d.driver.SetTap(tap)
		if n := testing.AllocsPerRun(100, func() { d.Receive(ftd.AppendHeartbeat(buf[:0]), now) }); n != 0 {
			t.Errorf("%v allocations with tap %v", n, tap)
		}
	}
}
