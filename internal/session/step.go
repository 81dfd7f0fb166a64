package session

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// EventKind is what happened.
type EventKind uint8

// The events.
const (
	FrameArrived   EventKind = iota // Frame is one whole frame
	ChallengeDrawn                  // Challenge is what DoChallenge asked for
	OutcomeKnown                    // Outcome is that of DoVerify, DoNotifyDecision or DoLogin
	TimePassed                      // look at the clocks
)

// Event is one thing that happened to a session. Slices in it need to live only while
// Step runs.
type Event struct {
	Kind      EventKind
	Now       time.Time
	Frame     ftd.Frame
	Challenge *[ftd.ChallengeLen]byte
	// Outcome answers the effect with this Do and Op.
	Outcome *Outcome
	Do      Do
	Op      Op
}

// Do is the one thing that a step asks for.
type Do uint8

// What a step can ask for.
const (
	DoNothing        Do = iota
	DoChallenge         // draw a challenge; comes back as ChallengeDrawn, at once
	DoVerify            // check the answer in Auth; comes back as OutcomeKnown, at once
	DoNotifyDecision    // write the session's own decision down; comes back as OutcomeKnown, at once
	DoLogin             // log Login in; comes back as OutcomeKnown, later
)

// Op is what a decision is about: the event word of the audit log.
type Op uint8

// The operations.
const (
	OpAuthenticate Op = iota
	OpLogin
	OpLogout
	OpRequest // anything that the front does not know
)

var opWords = [...]string{"authenticate", "login", "logout", "request"}

func (o Op) String() string { return opWords[o] }

// Effects is what follows from a step. The caller owns it and may use it again after Reset.
type Effects struct {
	// Wire is to be sent before anything else is done.
	Wire []byte
	Do   Do
	// Op and Reason are the session's own decision for DoNotifyDecision: a refusal, or OK for
	// a logout. AppID and UserID are whom it is about, as far as known or claimed. They alias the session or the frame.
	Op     Op
	Reason reason.Reason
	AppID  []byte
	UserID []byte
	// Item names the item that was wrong if Reason is IllegalField, as LoginRequest.UserID in
	// docs/protocol.md. The terminal is not told.
	Item string
	// Auth is what DoVerify is about; it aliases the session and the frame.
	Auth AuthAttempt
	// Login is what DoLogin is about; it aliases the session and the frame, so it must
	// be copied before the frame is discarded.
	Login LoginAttempt
	// Close ends the session, after Wire was sent.
	Close reason.Close
	// Fault says how bytes were malformed when Close is Malformed.
	Fault ftd.Fault
}

// Reset makes e ready for the next step, keeping its buffer.
func (e *Effects) Reset() { *e = Effects{Wire: e.Wire[:0]} }
