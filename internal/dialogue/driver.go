package dialogue

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Handler decides what the dialogue asks. Its methods are called on the connection's owner and must not block, but for Login and
// Submit: each call of these has a goroutine of its own. Unanswered is called on another goroutine where the owner has ended, and
// RefuseSubmit on the goroutine of a Submit that panicked.
type Handler interface {
	// Challenge fills in 128 bytes from a CSPRNG.
	Challenge(challenge *[ftd.ChallengeLen]byte)
	// Verify checks an answer to a challenge; a aliases the read buffer.
	Verify(peer session.Peer, a *session.AuthAttempt) session.Outcome
	// NotifyDecision writes down what the session or the front decided by itself: a refusal, or
	// OK for a logout. A refusal gets a reference.
	NotifyDecision(peer session.Peer, op session.Op, why reason.Reason, item string, appID, userID []byte) session.Outcome
	// NoteMalformed writes down why bytes are no message, by the word of an ftd.Fault; the
	// connection closes without an answer.
	NoteMalformed(peer session.Peer, fault string, appID, userID []byte)
	// NoteProxyHeader writes down why a connection that should begin with a PROXY header is closed without an answer, by the word
	// of a proxyheader.Fault or of a reason.Close. It is called from acceptors too.
	NoteProxyHeader(peer session.Peer, why string)
	// RequestCode passes a request for a second factor's code on to the core; OK says that the core has it,
	// and its answer goes to t. body aliases the read buffer.
	RequestCode(peer session.Peer, t core.Terminal, appID, body []byte) session.Outcome
	// MayChangePassword says whether a terminal that must change its password first may still do so through its AppID: OK, or why
	// not.
	MayChangePassword(peer session.Peer, appID, userID []byte) reason.Reason
	// Login returns OK only once the record is durable. It owns a, and zeroes the password.
	Login(ctx context.Context, peer session.Peer, a *session.LoginAttempt) session.Outcome
	// Unanswered tells that the outcome of Login found no terminal any more.
	Unanswered(peer session.Peer, outcome session.Outcome)
	// Ended tells that a session whose login was answered is over, and why its connection ended.
	Ended(peer session.Peer, userID []byte, why reason.Close)
	Relays
}

// Relays is what a Handler does for relays.
type Relays interface {
	// Submit returns an accepted outcome only once the record is durable. It is called on a goroutine of its own, and owns a.
	Submit(ctx context.Context, peer session.Peer, a *session.SubmitAttempt) session.Outcome
	// RefuseSubmit writes down that a submission, or the end of one (OpSubmitEnd, with AppID, Operator and SubmitID alone), is
	// refused for a reason of the session's or the driver's; item is that of an illegal_field. Overloaded and CoreFull are the last
	// reasons in the order of checks, and the outcome may be an earlier one. Of these, Draining of a
	// submission that was to start, and SubmitFault, a has Content; else it aliases the read buffer. It must not block.
	RefuseSubmit(peer session.Peer, op session.Op, a *session.SubmitAttempt, why reason.Reason, item string) session.Outcome
	// EndTerminal tells that the terminal of a submission has gone; operator and submitID alias the session and the read
	// buffer. It and the methods below are called on the connection's owner and must not block.
	EndTerminal(peer session.Peer, operator, submitID []byte) session.Outcome
	// Renumbered tells that the connection which had the SessionID was has that of peer from now on.
	Renumbered(was int32, peer session.Peer)
	// Disconnected tells that a connection of a listener for relays has ended for any reason: after Ended, once for
	// each.
	Disconnected(peer session.Peer)
}

// Observer counts. Its methods are called on the connection's owner, BusinessDelivered also on the core's goroutine that calls
// DeliverNow: they must not block, and are called at the same time.
type Observer interface {
	ConnectionClosed(reason string)
	Malformed(fault string)
	Discarded(frameType string)

	BusinessPassed(messages int)    // from a terminal to the core
	BusinessDelivered(messages int) // from the core to a terminal
	BusinessRefused(reason string)  // a business request that the front answered itself
	BusinessPaused()                // a terminal's requests were left unread for a while
}

// Line is the connection under a dialogue.
type Line interface {
	// Unsent is how many bytes the terminal has left unread.
	Unsent() int
	// Write takes b over before it returns. If the connection turns out to be gone, End
	// is called, during Write or later.
	Write(b []byte)
	// Terminal is where the core's messages go. What they bring is given to Take on the connection's owner.
	// It may be nil if no core behind the Handler takes business.
	Terminal() core.Terminal
	// NextID is a SessionID that no session has had: for a login after one that a core may still answer.
	NextID() int32
	// Later calls f once: with false on the connection's owner, whether or not the connection still lives, and
	// then closes the connection if the dialogue is over; with true on any goroutine if the owner has ended.
	// Later is called from any goroutine, and does not wait for the owner.
	Later(f func(ended bool))
}

// Limits bound what dialogues may take.
type Limits struct {
	Logins int // in flight over all dialogues; more are answered 90
	// RelayLogins bounds the submissions and logins of relays among them, so that direct customers get in while a relay
	// reports all its terminals again; 0 for no bound of their own.
	RelayLogins int
	Unsent      int // bytes that a terminal may leave unread

	// RequestsPerSecond bounds the business requests of a session, 0 for no bound. More are left unread until
	// their turn has come, or refused.
	RequestsPerSecond int
	RefuseRequests    bool // those over RequestsPerSecond are answered 90; else they are left unread
}

// Driver drives the dialogues of one front: it is what they share. Make it with New.
type Driver struct {
	settings atomic.Pointer[session.Settings]
	limits   atomic.Pointer[Limits]
	handler  Handler
	observer Observer
	log      *zap.Logger
	steps    *zap.Logger         // log, sampled
	tap      atomic.Pointer[Tap] // nil while nothing is traced

	logins   atomic.Int64  // and submissions
	relayed  atomic.Int64  // those of relays among them
	done     chan struct{} // gets a value when the last login ends while draining
	draining atomic.Bool
	holding  atomic.Bool // see Hold
}

// New makes a driver. Its sessions share settings, which must not be changed.
func New(settings *session.Settings, limits Limits, handler Handler, observer Observer, log *zap.Logger) *Driver {
	d := &Driver{handler: handler, observer: observer, log: log, steps: sampled(log), done: make(chan struct{}, 1)}
	d.SetSettings(settings)
	d.SetLimits(limits)
	return d
}

// SetLimits replaces the limits. Logins that are in flight go on.
func (d *Driver) SetLimits(limits Limits) { d.limits.Store(&limits) }

// SetSettings replaces the settings of the sessions that begin from now on.
func (d *Driver) SetSettings(settings *session.Settings) { d.settings.Store(settings) }

// LoginsInFlight now, submissions among them.
func (d *Driver) LoginsInFlight() int { return int(d.logins.Load()) }

// Draining reports whether Drain was called.
func (d *Driver) Draining() bool { return d.draining.Load() }

// Drain refuses new logins from here on and waits for those in flight until ctx ends. The
// error tells how many were left then.
func (d *Driver) Drain(ctx context.Context) error {
	d.draining.Store(true)
	for d.logins.Load() > 0 {
		select {
		case <-d.done:
		case <-ctx.Done():
			return fmt.Errorf("drain: %d logins were still in flight", d.logins.Load())
		}
	}
	return nil
}

// admit counts a login or a submission in, or says why not. The count comes first: Drain must see every
// login that it did not refuse.
func (d *Driver) admit(relayed bool) reason.Reason {
	n, limits := d.logins.Add(1), d.limits.Load()
	var ofRelays int64
	if relayed {
		ofRelays = d.relayed.Add(1)
	}
	switch {
	case d.draining.Load():
		d.loginEnded(relayed)
		return reason.Draining
	case n > int64(limits.Logins), limits.RelayLogins > 0 && ofRelays > int64(limits.RelayLogins):
		d.loginEnded(relayed)
		return reason.Overloaded
	}
	return reason.OK
}

func (d *Driver) loginEnded(relayed bool) {
	if relayed {
		d.relayed.Add(-1)
	}
	if d.logins.Add(-1) == 0 && d.draining.Load() {
		select {
		case d.done <- struct{}{}:
		default:
		}
	}
}

// Scratch is what all dialogues of one owner write into; only the owner touches it.
type Scratch struct {
	fx  session.Effects
	out []byte // gathers what all frames of one Receive say, for one Write

	challenge [ftd.ChallengeLen]byte // the last that was drawn
	outcome   session.Outcome        // the last decision
}

// Begin is the dialogue of a connection that was accepted at now.
func (d *Driver) Begin(line Line, scratch *Scratch, peer session.Peer, now time.Time) Dialogue {
	dialogue := Dialogue{driver: d, line: line, scratch: scratch, peer: peer, session: session.New(d.settings.Load(), now), began: now}
	dialogue.accepted()
	return dialogue
}
