package link

import "fmt"

// The closed sets of this package are numbers with words: the words are metric labels, and the log has them.

func wordOf[T ~uint8](set string, words []string, v T) string {
	if int(v) >= len(words) {
		return fmt.Sprintf("%s_%d", set, uint8(v))
	}
	return words[v]
}

// State is how an endpoint is.
type State uint8

// The states of an endpoint.
const (
	Down         State = iota // not connected; the next attempt follows
	Dialling                  // connecting, TLS
	Greeting                  // LinkLogin is sent
	Initialising              // the core says that it is starting
	Standby                   // the core says that it is standby, or has another trading day
	Active                    // the core says that it is active, under the highest Term
	Fenced                    // the core said that it is active, under a lower Term
)

var stateWords = []string{"down", "dialling", "greeting", "initialising", "standby", "active", "fenced"}

func (s State) String() string { return wordOf("state", stateWords, s) }

// StateWords lists every State's word.
func StateWords() []string { return stateWords }

// Fault is why a link ended, or could not be opened.
type Fault uint8

// The faults of a link.
const (
	NoFault            Fault = iota
	DialFailed               // no connection
	Certificate              // the core's certificate has a wrong name, authority or time
	CertificateRefused       // the core refused the front's certificate
	OwnFiles                 // a file of the front's, for TLS, cannot be used
	WrongALPN                // the core does not name ALPN tradefront-core/1
	TLSFailed                // TLS failed otherwise
	LoginRefused             // the core answered LinkLogin with an error
	GreetingTimeout          // the core did not answer LinkLogin in time
	Silent                   // nothing was received for three heartbeats
	PeerClosed               // the core closed the connection
	BrokenConnection         // reading or writing failed
	Malformed                // bytes that are no frame or no message
	BadAccept                // LinkAccept with an illegal item
	Unexpected               // a message that a core may not send now
	BadCredit                // credit below -1
	LowerTerm                // active under a lower Term than another core's
	QueueOverrun             // the core reads too slowly for what the front must not omit
	FrontStopped             // the front closed the link

	faultCount
)

var faultWords = []string{
	"none", "dial_failed", "certificate", "certificate_refused", "own_files", "wrong_alpn", "tls_failed", "login_refused",
	"greeting_timeout", "silent", "peer_closed", "broken_connection", "malformed", "bad_accept", "unexpected", "bad_credit",
	"lower_term", "queue_overrun", "front_stopped",
}

func (f Fault) String() string { return wordOf("fault", faultWords, f) }

// FaultWords lists the word of every Fault but NoFault.
func FaultWords() []string { return faultWords[1:] }

// Discard is why something that the core sent was discarded.
type Discard uint8

// The reasons to discard.
const (
	UnknownSession  Discard = iota // no session has that tag
	ForeignSession                 // the tag of another front
	NoSession                      // neither a session nor an audience
	NotOpen                        // the session is not open at that core
	NotInUse                       // from a core that is not in use, as one of a lower Term
	WrongTID                       // a core may not send that message to a terminal
	FrameType                      // compressed, or a type that the front does not know
	LateVerify                     // an answer to a login that is not waited for
	SecondAnswer                   // a second answer to one request, or one to a request that the front has given up
	BadVerify                      // an answer to SessionVerify that makes no sense: the login was refused
	LateResume                     // an answer to SessionResume that is not waited for
	BadResume                      // an answer to SessionResume that makes no sense: the terminal logs in again
	BadKick                        // SessionKick without a legal ForceExit: the session ended with the front's own
	EarlyKick                      // SessionKick of a session that the core has not let in
	LateCode                       // an answer to RequestCode that is not waited for
	UnknownAudience                // an audience that the front does not know
	Repeated                       // of a flow, behind a second answer to SessionResume: the terminal has it
	MootCredit                     // LinkCredit of 0, or what of one is over 2,147,483,647

	discardCount
)

var discardWords = []string{
	"unknown_session", "foreign_session", "no_session", "not_open", "not_in_use", "wrong_tid", "frame_type",
	"late_verify", "second_answer", "bad_verify", "late_resume", "bad_resume", "bad_kick", "early_kick", "late_code",
	"unknown_audience", "repeated", "credit",
}

func (d Discard) String() string { return wordOf("discard", discardWords, d) }

// DiscardWords lists every Discard's word.
func DiscardWords() []string { return discardWords }

// FrameKind is what a frame of the link is.
type FrameKind uint8

// The kinds of frames.
const (
	BusinessFrame FrameKind = iota // passed on between a terminal and the core
	LinkFrame                      // a message of the link's own
	HeartbeatFrame

	frameKindCount
)

var frameKindWords = []string{"business", "link", "heartbeat"}

func (k FrameKind) String() string { return wordOf("frame", frameKindWords, k) }

// FrameKindWords lists every FrameKind's word.
func FrameKindWords() []string { return frameKindWords }

// Direction is which way a frame went.
type Direction uint8

// The directions.
const (
	ToCore Direction = iota
	FromCore

	directionCount
)

var directionWords = []string{"to_core", "from_core"}

func (d Direction) String() string { return wordOf("direction", directionWords, d) }

// DirectionWords lists every Direction's word.
func DirectionWords() []string { return directionWords }

// ResumeResult is what became of a session whose core went away.
type ResumeResult uint8

// The results of a resume.
const (
	Resumed          ResumeResult = iota
	ResumeRefused                 // the core does not know the session
	ResumeUnanswered              // the core did not answer in time
	ResumeNoCore                  // there was no active core within the grace

	resumeResultCount
)

var resumeResultWords = []string{"resumed", "refused", "unanswered", "no_core"}

func (r ResumeResult) String() string { return wordOf("resume", resumeResultWords, r) }

// ResumeResultWords lists every ResumeResult's word.
func ResumeResultWords() []string { return resumeResultWords }

// ExitCause is why the link sent a terminal away.
type ExitCause uint8

// The causes of an exit.
const (
	ExitCoreChanged ExitCause = iota // the core went away, and no core knows the session
	ExitKicked                       // the core ended the session

	exitCauseCount
)

var exitCauseWords = []string{"core_changed", "kicked"}

func (c ExitCause) String() string { return wordOf("exit", exitCauseWords, c) }

// ExitCauseWords lists every ExitCause's word.
func ExitCauseWords() []string { return exitCauseWords }
