package dialogue

import (
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Tap is shown what dialogues receive and send, while an operator traces terminals. Its methods are called where the frames are, by
// the connection's owner or the core's goroutine that has the connection: they must not block, and must not keep what aliases
// the frames, which are wiped.
type Tap interface {
	// Wants reports whether that terminal is traced.
	Wants(peer session.Peer) bool
	// Received is shown a whole frame before it is judged.
	Received(peer session.Peer, frame []byte)
	// Malformed is told the fault for which the connection ends. rest begins with the frame that is none, and is empty if the frame
	// was Received.
	Malformed(peer session.Peer, fault string, rest []byte)
	// Sent is shown whole frames that are written at once.
	Sent(peer session.Peer, frames []byte)
	// Ended is told that the connection is closed.
	Ended(peer session.Peer, why reason.Close)
}

// SetTap shows all dialogues to a tap from now on, or to none if it is nil.
func (d *Driver) SetTap(tap Tap) {
	if tap == nil {
		d.tap.Store(nil)
		return
	}
	d.tap.Store(&tap)
}

// tap is what wants to see this dialogue, or nil. Without a trace it costs one atomic load.
func (d *Dialogue) tap() Tap {
	tap := d.driver.tap.Load()
	if tap == nil || !(*tap).Wants(d.peer) {
		return nil
	}
	return *tap
}

// write sends frames to the terminal.
func (d *Dialogue) write(frames []byte) {
	if tap := d.tap(); tap != nil {
		tap.Sent(d.peer, frames)
	}
	d.line.Write(frames)
}
