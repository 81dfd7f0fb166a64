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
	FrameArrived      EventKind = iota // Frame is one whole frame
	ChallengeDrawn                     // Challenge is what DoChallenge asked for
	OutcomeKnown                       // Outcome is that of the effect with this Do and Op: of each that is said to come back so
	TimePassed                         // look at the clocks
	RequestRefused                     // the request with Series and Number is not answered by the core, for Outcome's reason
	ExitAsked                          // the session ends for Why, and the terminal gets ForceExit
	SubmitDone                         // Outcome is that of the submission SubmitID
	TerminalExitAsked                  // the terminal of the submission SubmitID is to go, with ForceExit
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
	// Series and Number are the request's that RequestRefused is about.
	Series uint16
	Number uint32
	// ForceExit is the data of that field, of ExitAsked and TerminalExitAsked; Why is how the session then ends.
	ForceExit []byte
	Why       reason.Close
	// SubmitID is which submission it is about: of SubmitDone and TerminalExitAsked, and of an OutcomeKnown that answers
	// an effect with a SubmitID.
	SubmitID []byte
	// Draining says that the front takes no new submissions; of FrameArrived.
	Draining bool
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
	DoPass              // pass Body with Header on to the core; only a refusal comes back, as RequestRefused
	DoRequestCode       // pass Body, a request for a code, on to the core; comes back as OutcomeKnown, at once
	DoSubmit            // record Submit; comes back as SubmitDone, later and in any order
	DoEndTerminal       // the terminal of SubmitID has gone; comes back as OutcomeKnown, at once
)

// Op is what a decision is about: the event word of the audit log.
type Op uint8

// The operations.
const (
	OpAuthenticate Op = iota
	OpLogin
	OpLogout
	OpRequest // anything that the front does not know, or a business request
	OpRequestCode
	OpSubmit
	OpSubmitEnd
)

var opWords = [...]string{"authenticate", "login", "logout", "request", "request_code", "submit", "submit_end"}

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
	// Submit is what DoSubmit is about; it aliases likewise.
	Submit SubmitAttempt
	// SubmitID is which submission an effect with OpSubmit or OpSubmitEnd is about, as the relay sent it; it aliases the
	// frame, and comes back with the outcome.
	SubmitID []byte
	// Header and Body are the message that DoPass or DoRequestCode is about; Body aliases the frame. DoNotifyDecision has the Header
	// of a message that took a number of the dialog's, else a zero one.
	Header ftd.Header
	Body   []byte
	// Close ends the session, after Wire was sent.
	Close reason.Close
	// Fault says how bytes were malformed when Close is Malformed.
	Fault ftd.Fault

	relayed RelayedTerminal // what Login.Relayed points to
}

// Reset makes e ready for the next step, keeping its buffer.
func (e *Effects) Reset() { *e = Effects{Wire: e.Wire[:0]} }
