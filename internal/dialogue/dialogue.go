package dialogue

import (
	"crypto/sha256"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Dialogue is that of one connection; only the connection's owner touches it. Make it with
// Driver.Begin.
type Dialogue struct {
	driver  *Driver
	line    Line
	scratch *Scratch

	peer     session.Peer
	session  session.Session
	answered bool // a login of this session was answered: Ended is owed
	refused  int  // requests before authentication
	closing  reason.Close
	ended    bool

	core    core.Session // at the trading core; nil before a login, and if no core takes business
	passed  int          // requests that the core was handed since its last Flush
	gone    *atomic.Bool // told to the login that is on its way; nil without one
	kept    []byte       // mail that came while a login was on its way; see Take
	paused  bool         // a request is left unread
	unread  int          // bytes that were left unread by the last Receive that paused
	allowed time.Time    // when the session's whole allowance of requests is there again

	submits *submits // of an operator relay; nil before its first submission

	began    time.Time // accepted
	loggedIn time.Time // zero before a login was answered
	frames   Frames
	life     life
}

// Frames counts those of a connection, heartbeats among them.
type Frames struct{ Received, Sent uint64 }

// Began is when the connection was accepted.
func (d *Dialogue) Began() time.Time { return d.began }

// LoggedIn is when the login was answered, zero before.
func (d *Dialogue) LoggedIn() time.Time { return d.loggedIn }

// Frames are the numbers of those that were received and sent so far.
func (d *Dialogue) Frames() Frames { return d.frames }

// AppID is the terminal software's once it asked for a challenge; valid until the next call.
func (d *Dialogue) AppID() []byte { return d.session.AppID() }

// UserID is the customer's whose login is on its way or done; valid until the next call.
func (d *Dialogue) UserID() []byte { return d.session.UserID() }

// Closing is why the connection is to be closed, StayOpen while it is not. The owner looks
// after each call.
func (d *Dialogue) Closing() reason.Close { return d.closing }

// Ended reports whether End was called: Write may have found out that the terminal is gone.
func (d *Dialogue) Ended() bool { return d.ended }

// State is how far the session has come.
func (d *Dialogue) State() session.State { return d.session.State() }

// EndsOne reports whether the relay at the other end may be told to end one terminal.
func (d *Dialogue) EndsOne() bool { return d.session.EndsOne() }

// Peer is whose dialogue it is.
func (d *Dialogue) Peer() session.Peer { return d.peer }

// Introduce says which address the terminal has, if it was not known at the beginning. No
// frame was received before.
func (d *Dialogue) Introduce(addr netip.AddrPort) {
	d.peer.Addr = addr
	d.introduced()
}

// IntroduceRelay is Introduce of a relay, with the digest of its certificate, nil if none was told.
func (d *Dialogue) IntroduceRelay(addr netip.AddrPort, certificate *[sha256.Size]byte) {
	d.peer.Addr, d.peer.Certificate = addr, certificate
	d.introduced()
}

// RefusedBeforeAuth counts the requests that were refused before authentication, without
// those that were refused for a fault of ours.
func (d *Dialogue) RefusedBeforeAuth() int { return d.refused }

// Close says that the connection is to be closed for a reason of its owner's. A reason
// that it has already stays.
func (d *Dialogue) Close(why reason.Close) {
	if d.closing == reason.StayOpen {
		d.closing = why
	}
}

// Receive takes the whole frames at the beginning of buf, wipes their bytes, since passwords must not stay in a shared buffer, and
// returns how many bytes they are. The owner gives the rest again: once more bytes have come if it is less than a frame, or, while
// the dialogue is Paused, as MayGoOn says.
func (d *Dialogue) Receive(buf []byte, now time.Time) (used int) {
	defer d.rescue()
	d.scratch.out = d.scratch.out[:0]
	waited := d.paused
	d.paused = false
	for d.closing == reason.StayOpen {
		if len(buf) > used && d.driver.holding.Load() {
			d.pause(waited, len(buf)-used, now)
			break
		}
		if d.session.LoggingOut() {
			d.session.Heard(now)
			used = len(buf)
			break
		}
		frame, n, err := ftd.DecodeFrame(buf[used:], d.session.BodyLimit())
		if err != nil {
			d.malformed(err, buf[used:])
			break
		}
		if n == 0 {
			break
		}
		if d.core != nil && d.session.Passes(frame) && !d.session.Reports() && d.mustWait(now) {
			d.pause(waited, len(buf)-used, now)
			break
		}
		d.count(frame)
		d.frames.Received++
		if tap := d.tap(); tap != nil {
			tap.Received(d.peer, buf[used:used+n])
		}
		d.step(&session.Event{Kind: session.FrameArrived, Now: now, Frame: frame, Draining: d.driver.draining.Load()})
		used += n
	}
	d.flushCore()
	if d.submits != nil {
		d.flushMail() // a relay may have been refused more at once than it may leave unread
	} else {
		d.flush()
	}
	clear(buf[:used])
	return used
}

// Tick looks at the session's clocks.
func (d *Dialogue) Tick(now time.Time) {
	defer d.rescue()
	d.scratch.out = d.scratch.out[:0]
	d.step(&session.Event{Kind: session.TimePassed, Now: now})
	d.flush()
}

// End tells that the connection is closed: for the reason that Closing names, or else for
// the one given. A login in flight goes on without it.
func (d *Dialogue) End(why reason.Close) {
	defer d.rescue()
	defer d.disconnected()
	d.ended = true
	if d.gone != nil {
		d.gone.Store(true)
	}
	if d.closing == reason.StayOpen {
		d.closing = why
	}
	d.kept = nil
	d.lived()
	if tap := d.tap(); tap != nil {
		tap.Ended(d.peer, d.closing)
	}
	d.driver.observer.ConnectionClosed(d.closing.String())
	if d.core != nil {
		d.core.Close(closeCode(d.closing), d.closing.String())
	}
	if d.answered {
		d.driver.handler.Ended(d.peer, d.session.UserID(), d.closing)
	}
}

// disconnected tells the end of a relay's connection, also if something before it panicked: the handler counts them.
func (d *Dialogue) disconnected() {
	if d.peer.Relays {
		d.driver.handler.Disconnected(d.peer)
	}
}

// malformed closes the connection for bytes that are no frame; rest begins with them.
// malformed closes the connection for bytes that are no frame; rest begins with them.
func (d *Dialogue) malformed(err error, rest []byte) {
	fault, _ := err.(ftd.Fault)
	d.noteMalformed(fault, rest)
	d.closing = reason.Malformed
}

// noteMalformed puts the reason into the audit log and a metric: the terminal is told nothing. rest begins with what is no frame.
func (d *Dialogue) noteMalformed(fault ftd.Fault, rest []byte) {
	word := fault.Word()
	if tap := d.tap(); tap != nil {
		tap.Malformed(d.peer, word, rest)
	}
	d.driver.observer.Malformed(word)
	d.driver.handler.NoteMalformed(d.peer, word, d.session.AppID(), d.session.UserID())
}

// count notes the frames that the standard says to discard.
func (d *Dialogue) count(f ftd.Frame) {
	switch f.Type {
	case ftd.FrameFTDC, ftd.FrameNone:
	default:
		d.driver.observer.Discarded(f.Type.Word())
	}
}

// flush sends what was gathered. A terminal that does not read is closed instead.
func (d *Dialogue) flush() {
	out := d.scratch.out
	if len(out) == 0 || d.ended {
		return
	}
	d.scratch.out = out[:0]
	if d.line.Unsent()+len(out) > d.driver.limits.Load().Unsent {
		d.Close(reason.SlowReader)
		return
	}
	d.write(out)
}

// rescue ends a call that panicked: this one connection is closed, the others live.
func (d *Dialogue) rescue() {
	if p := recover(); p != nil {
		d.driver.log.Error("panic in a dialogue, connection closed", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		if d.closing == reason.StayOpen {
			d.closing = reason.FrontPanic
		}
	}
}
