package session

import (
	"net/netip"
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
	VerdictReached                  // Reply is the outcome of DoVerify, DoConclude or DoLogin
	TimePassed                      // look at the clocks
)

// Event is one thing that happened to a session. Slices in it need to live only while
// Step runs.
type Event struct {
	Kind      EventKind
	Now       time.Time
	Frame     ftd.Frame
	Challenge *[ftd.ChallengeLen]byte
	// Reply answers the effect with this Do and Op.
	Reply *Reply
	Do    Do
	Op    Op
}

// Reply is the gateway's verdict on what Effects.Do asked for.
type Reply struct {
	Reason  reason.Reason
	Ref     reason.Ref         // set unless Reason is OK
	AppType byte               // of DoVerify, when OK
	Login   *ftd.LoginResponse // of DoLogin, when OK: the record is durable
}

// Do is the one thing that a step asks for.
type Do uint8

// What a step can ask for.
const (
	DoNothing   Do = iota
	DoChallenge    // draw a challenge; comes back as ChallengeDrawn, at once
	DoVerify       // check the answer in Auth; comes back as VerdictReached, at once
	DoConclude     // write the session's own verdict down; comes back as VerdictReached, at once
	DoLogin        // log Login in; comes back as VerdictReached, later
)

// Op is what a verdict is about: the event word of the audit log.
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
	// Op and Reason are the session's own verdict for DoConclude; AppID and UserID are
	// whom it is about, as far as known or claimed. They alias the session or the frame.
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

// AuthAttempt is an answer to a challenge.
type AuthAttempt struct {
	BrokerID  []byte
	AppID     []byte
	Challenge *[ftd.ChallengeLen]byte
	Answer    *[ftd.ChallengeLen]byte
}

// LoginAttempt is a customer's login as the terminal sent it: well-formed, its strings
// checked, nothing verified.
type LoginAttempt struct {
	Arrived  time.Time // when its frame was taken from the socket
	BrokerID []byte
	AppID    []byte // authenticated
	UserID   []byte
	Password []byte
	Remark   []byte
	Terminal ftd.TerminalInfo
}

// Peer is whose dialogue it is, as the front saw it at accept, or its load balancer did.
type Peer struct {
	SessionID int32          // unique while the front runs
	Addr      netip.AddrPort // the terminal's address and port; invalid if there is no usable one
	Proxy     netip.Addr     // the load balancer that told Addr; invalid if Addr is the connection's own
}

// Clone copies what aliases the frame and the session, in one allocation.
func (a LoginAttempt) Clone() LoginAttempt {
	parts := [...]*[]byte{
		&a.BrokerID, &a.AppID, &a.UserID, &a.Password, &a.Remark, &a.Terminal.KeyVersion, &a.Terminal.Ciphertext,
	}
	total := 0
	for _, p := range parts {
		total += len(*p)
	}
	buf := make([]byte, 0, total)
	for _, p := range parts {
		start := len(buf)
		buf = append(buf, *p...)
		*p = buf[start:len(buf):len(buf)]
	}
	return a
}
