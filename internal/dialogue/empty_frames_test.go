package dialogue

import (
	"bytes"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
	"github.com/tradefront/tradefront/test/terminaltest"
)

// TestEmptyFramesAreBounded: heartbeats and frames of an unknown type end a connection that has no other use for them before it has
// authenticated; a terminal that sends them in its time is never ended for it, nor is one that has authenticated.
func TestEmptyFramesAreBounded(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	heartbeat, unknown, compressed := []byte{0, 2, 0, 0, 4, 0}, []byte{9, 0, 0, 0}, append([]byte{2, 0, 2, 0}, make([]byte, 512)...)
	start := func() *Dialogue {
		o := &orphan{}
		d := New(&session.Settings{AuthTimeout: 24 * time.Hour, ChallengeTTL: time.Minute, PendingFrames: 4, Refusals: 4, BodyBeforeAuth: 512},
			Limits{Logins: 1, Unsent: 1 << 16}, o, o, zap.NewNop()).Begin(o, new(Scratch), session.Peer{}, begin)
		return &d
	}
	for name, frame := range map[string][]byte{"heartbeats": heartbeat, "unknown": unknown, "compressed": compressed} {
		d := start()
		most := bytes.Repeat(frame, emptyFramesAtOnce)
		if used := d.Receive(most, begin); used != len(most) || d.Closing() != reason.StayOpen {
			t.Errorf("%s: %d of %d bytes, closing %v", name, used, len(most), d.Closing())
		}
		if d.Receive(bytes.Repeat(frame, emptyFramesPerSecond), begin.Add(time.Second)); d.Closing() != reason.StayOpen {
			t.Errorf("%s: closing %v after a second", name, d.Closing())
		}
		d.Receive(bytes.Clone(frame), begin.Add(time.Second))
		if d.Closing() != reason.Malformed {
			t.Errorf("%s: closing %v", name, d.Closing())
		}
	}
	d := start()
	for i := range 10_000 {
		if d.Receive(bytes.Clone(heartbeat), begin.Add(time.Duration(i)*time.Second)); d.Closing() != reason.StayOpen {
			t.Fatalf("closing %v after %d heartbeats of a terminal", d.Closing(), i)
		}
	}
	if d.Receive(terminaltest.Message(ftd.TIDAuthenticate), begin); d.Closing() != reason.Malformed { // its own fault
		t.Errorf("closing %v", d.Closing())
	}
	_, trader := trading(t, plenty)
	for range 10 {
		trader.Receive(bytes.Repeat(heartbeat, emptyFramesAtOnce), time.Now())
	}
	if trader.Closing() != reason.StayOpen {
		t.Errorf("a session: closing %v", trader.Closing())
	}
	gone := start()
	gone.Receive(bytes.Repeat(heartbeat, emptyFramesAtOnce), begin)
	if gone.Receive(bytes.Clone(heartbeat), begin.Add(-time.Hour)); gone.Closing() != reason.Malformed {
		t.Errorf("a clock that went back forgets: closing %v", gone.Closing())
	}
}
