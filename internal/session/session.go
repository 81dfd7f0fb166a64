package session

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// Settings are what all sessions of a front share. They are not changed while a session lives.
type Settings struct {
	AuthTimeout    time.Duration // connect to authenticated
	LoginTimeout   time.Duration // authenticated to logged in
	ChallengeTTL   time.Duration // how long an unanswered challenge lives
	BodyBeforeAuth int           // longest body before authentication, bytes
	PendingFrames  int           // frames that may come while a login is on its way
	Refusals       int           // answers of an error that an authenticated session may have saved up; see refusals
	Business       bool          // a core behind the front takes business of those who are logged in
	// FrontBehind says that what takes business is another front, which counts the numbers of messages that it does not
	// know too: those are passed on to it, and it answers them.
	FrontBehind bool
}

// Fixed by docs/protocol.md, "Heartbeats and deadlines".
const (
	minHeartbeat     = 5 * time.Second
	maxHeartbeat     = 120 * time.Second
	defaultHeartbeat = 30 * time.Second
)

// SilenceFactor is how many heartbeats of a side must be missing before the other takes it for gone.
const SilenceFactor = 3

const (
	maxChallenges = 4 // one connection may ask for; an honest terminal needs one
	maxRefusals   = 3 // error 3 for the third time ends the session

	// maxRefusalsBeforeAuth bounds the answers of an error before authentication. Each is a
	// line in the audit log: a stranger must not fill its disk.
	maxRefusalsBeforeAuth = 3
)

// State is how far the dialogue has come.
type State uint8

// The states, in the order of a good dialogue.
const (
	Connected State = iota
	Challenged
	Authenticated
	LoggingIn
	LoggedIn
	PasswordOnly // instead of LoggedIn: the core wants another password first
	Closed
)

var stateWords = [...]string{"connected", "challenged", "authenticated", "logging_in", "logged_in", "password_only", "closed"}

func (s State) String() string { return stateWords[s] }

// Session is one terminal's dialogue. Make it with New; use it from one goroutine.
type Session struct {
	settings *Settings
	state    State

	// The terminal software.
	asked      *challenge // whose answer is awaited; nil once authenticated, so that an idle session does not hold it
	brokerID   text
	appID      text
	appType    byte // once authenticated
	challenges int

	// The customer.
	userID    text
	wrong     int // answers of 3 in this session
	pending   int // frames since the login left
	heartbeat time.Duration

	// The requests of a customer.
	business bool     // the core takes them
	inRun    bool     // the parts of a long message are coming
	skipRun  bool     // one of them was refused: the others are not passed
	dialog   uint32   // the number of the last request of the dialog, the series of requests (0)
	target   target   // of the request that is being refused
	changes  *changes // in PasswordOnly, once the terminal has sent one: an idle session has no room for them

	relay *relaySession // of an operator relay; see relaying

	refusals  float64   // answers of an error, one forgotten each second
	refusedAt time.Time // the last of them

	// Clocks.
	since time.Time // start of the present phase: connected, or authenticated
	heard time.Time
	sent  time.Time
}

// challenge is one that a terminal asked for.
type challenge struct {
	identity [identityLen]byte // AuthIdentity of the terminal that asked, as it came
	bytes    [ftd.ChallengeLen]byte
	drawnAt  time.Time
}

// challenges are those that were answered, for the next sessions: a dialogue allocates nothing. One whose session ends before is the collector's.
var challenges = sync.Pool{New: func() any { return new(challenge) }}

// identityLen is the fixed part of AuthIdentity, which steps 1 and 3 must have in common.
const identityLen = 10 + 30 + 10

// New is the session of a connection that was accepted at now.
func New(settings *Settings, now time.Time) Session {
	return Session{settings: settings, heartbeat: defaultHeartbeat, since: now, heard: now, sent: now}
}

// State is how far the dialogue has come.
func (s *Session) State() State { return s.state }

// EndsOne reports whether it is an operator relay's whose terms say that a ForceExit may end one terminal.
func (s *Session) EndsOne() bool { return s.state == LoggedIn && s.relay != nil && s.relay.endsOne }

// BodyLimit is the longest body that the next frame may have, in bytes.
func (s *Session) BodyLimit() int {
	if s.state < Authenticated {
		return s.settings.BodyBeforeAuth
	}
	return ftd.MaxBodyLen
}

// AppID of the terminal software, once it asked for a challenge; it aliases the session.
func (s *Session) AppID() []byte { return s.appID.bytes() }

// UserID of the customer whose login is on its way or done; it aliases the session.
func (s *Session) UserID() []byte { return s.userID.bytes() }

// Step takes one event and writes what follows into fx, which must have been Reset.
// After an effect with Close set, no further event may come.
func (s *Session) Step(ev *Event, fx *Effects) {
	if s.state == Closed {
		panic("session: event after close")
	}
	switch ev.Kind {
	case FrameArrived:
		s.heard = ev.Now
		if ev.Frame.Type == ftd.FrameFTDC && !s.LoggingOut() { // behind a logout nothing is taken
			s.message(ev, fx)
		}
	case ChallengeDrawn:
		s.sendChallenge(ev, fx)
	case OutcomeKnown:
		s.takeOutcome(ev, fx)
	case TimePassed:
		s.tick(ev.Now, fx)
	case RequestRefused:
		s.requestRefused(ev, fx)
	case ExitAsked:
		s.exit(ev.ForceExit, ev.Why, fx)
	case SubmitDone:
		s.submitDone(ev, fx)
		s.logOutLast(fx)
	case TerminalExitAsked:
		s.exitTerminal(ev, fx)
	}
	if len(fx.Wire) > 0 {
		s.sent = ev.Now
	}
	if fx.Close != reason.StayOpen {
		s.state = Closed
	}
}

// message hands one FTDC message to what takes it: the core (request), or the front's own handler of its TID.
func (s *Session) message(ev *Event, fx *Effects) {
	s.target = target{}
	if s.state == LoggingIn && !isSubmit(ev.Frame.Body) {
		if s.pending++; s.pending > s.settings.PendingFrames {
			fx.Close = reason.FrameFlood
			return
		}
	}
	if s.Passes(ev.Frame) {
		if s.refusedBehind(ev) {
			fx.Close = reason.RefusalFlood
			return
		}
		s.request(ev.Frame.Body, fx)
		return
	}
	if why := s.tooEarly(ev.Frame.Body); why != reason.OK {
		s.refuseEarly(ev.Frame.Body, why, fx)
		return
	}
	m, err := ftd.DecodeMessage(ev.Frame.Body)
	if err != nil {
		s.malformed(err, fx)
		return
	}
	if s.state == PasswordOnly && !answersPasswordOnly(m.TID) {
		s.targetOf(m.SequenceSeries, m.SequenceNumber)
		s.refuse(fx, OpRequest, reason.PasswordFirst)
		return
	}
	switch m.TID {
	case ftd.TIDAuthenticate, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd:
		if m.SequenceSeries != 0 || m.SequenceNumber != 0 {
			s.malformed(ftd.FaultSequence, fx)
			return
		}
	}
	switch m.TID {
	case ftd.TIDAuthenticate:
		s.authenticate(m, ev.Now, fx)
	case ftd.TIDUserLogin:
		s.login(m, ev.Now, fx)
	case ftd.TIDUserLogout:
		s.logout(m, fx)
	case ftd.TIDRequestCode:
		s.requestCode(m, ev.Frame.Body, fx)
	case ftd.TIDTerminalSubmit:
		s.submit(m, ev, fx)
	case ftd.TIDTerminalEnd:
		s.endTerminal(m, fx)
	default:
		s.unknown(m, fx)
	}
}

// isSubmit reports whether a body is a submission's: those that come before the answer to the operator's login are
// refused one by one, and counted among the refused submissions.
func isSubmit(body []byte) bool {
	return len(body) >= ftd.MessageHeaderLen && ftd.TID(binary.BigEndian.Uint32(body[1:])) == ftd.TIDTerminalSubmit
}

// answersPasswordOnly reports whether a message has an answer of its own while the password must be changed first.
func answersPasswordOnly(tid ftd.TID) bool {
	switch tid {
	case ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd:
		return true
	}
	return false
}

// unknown answers a TID that the front does not know. Before authentication it ends the session without an answer: a stranger learns
// nothing.
func (s *Session) unknown(m ftd.Message, fx *Effects) {
	if s.state < Authenticated {
		s.malformed(ftd.FaultUnknownTID, fx)
		return
	}
	if s.state == LoggedIn && s.numbers(m.SequenceSeries, m.SequenceNumber) {
		s.dialog++ // it was one of the dialog's numbers, and leaves a gap at the core
		s.targetOf(m.SequenceSeries, m.SequenceNumber)
		fx.Header = ftd.Header{TID: m.TID, Chain: ftd.ChainSingle, SequenceNumber: m.SequenceNumber}
	}
	s.refuse(fx, OpRequest, reason.UnknownRequest)
}

// malformed ends the session without an answer.
func (s *Session) malformed(err error, fx *Effects) {
	fault, _ := err.(ftd.Fault) // every error of a decoder but a FieldError is one
	fx.Close, fx.Fault = reason.Malformed, fault
}

// refuse asks for the session's own decision to be written down and given a reference.
func (s *Session) refuse(fx *Effects, op Op, why reason.Reason) {
	fx.Do, fx.Op, fx.Reason = DoNotifyDecision, op, why
	fx.AppID, fx.UserID = s.AppID(), s.UserID()
}

// refuseItem refuses for one item. err is what its decoder said, nil if item is what the
// session itself found wrong.
func (s *Session) refuseItem(fx *Effects, op Op, err error, item string) {
	s.refuse(fx, op, reason.IllegalField)
	fx.Item = item
	if e, is := err.(*ftd.FieldError); is {
		fx.Item = e.Name()
	}
}

// text is a short string kept by value, so that a session holds no pointer into a frame.
type text struct {
	n   uint8
	buf [30]byte
}

// set keeps the first 30 bytes of b; the wire's longest kept item, AppID, has 30.
func (t *text) set(b []byte) { t.n = uint8(copy(t.buf[:], b)) }

func (t *text) bytes() []byte { return t.buf[:t.n] }
