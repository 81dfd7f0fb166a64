package logs

import (
	"encoding/json"
	"net/netip"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The events of the audit log.
const (
	EventAuthenticate     = "authenticate"      // an access authentication, won or lost
	EventLogin            = "login"             // a login that was answered, with any result
	EventLogout           = "logout"            // a logout
	EventUnanswered       = "unanswered"        // a login that was recorded, and whose terminal was gone
	EventMalformed        = "malformed"         // bytes that are no message: the connection was closed without an answer
	EventProxyHeader      = "proxy_header"      // a connection that should begin with a PROXY header, closed without an answer for what came instead
	EventSessionEnd       = "session_end"       // a session, or one terminal of an operator relay, that an operator of the firm ended
	EventSubmit           = "submit"            // a terminal that an operator relay reported, answered with any result
	EventSubmitEnd        = "submit_end"        // a terminal that an operator relay says has gone
	EventRelayEnded       = "relay_ended"       // the session of an operator relay, and with it all its visits; one of any relay that was withdrawn
	EventReportedAgain    = "reported_again"    // a live terminal that a relay agent reported to a front again: another record
	EventLoadtestPrepared = "loadtest_prepared" // a command made the population of a load test
	EventLoadtestRemoved  = "loadtest_removed"  // a command took it out again
	EventOperatorAction   = "operator_action"   // what a command of an operator changed
	EventTraceStarted     = "trace_started"     // an operator of the firm sees terminals' frames decoded; by whom, of which terminals
	EventTraceEnded       = "trace_ended"       // that is over
	EventSuppressed       = "suppressed"        // lines that were only counted, see Suppressed…
)

// maxLong bounds a text of an operator in bytes, as maxText does a peer's.
const maxLong = 2048

// maxText bounds each string of an entry in bytes, as it came: a byte that is no UTF-8
// becomes U+FFFD. The longest honest string has 36.
const maxText = 64

// Entry is one line of the audit log. The JSON keys have the order of the fields;
// time, event, reason, code, front_id and session_id always, the others unless empty.
type Entry struct {
	Time        time.Time // printed in UTC+8 with milliseconds
	Event       string    // one of the Event constants
	Reason      string    // the true reason, of a closed enumeration
	Code        int       // the error code that the terminal was shown, 0 for success
	Ref         string    // the reference that the terminal was shown, on failure; of EventMalformed and EventProxyHeader, that of the application log
	UpstreamRef string    // of a relay agent: the front's reference
	Item        string    // of reason illegal_field: which item was wrong, never its value
	RecordID    uuid.UUID // of an accepted login, or of one whose record may exist although it was answered 8
	AppID       string    // as sent, until it is authenticated
	Account     string    // as sent
	AuthCode    string    // which of its AppID's authcodes an admitted terminal has: current or previous, never the code
	RightBlocks int       // of a wrong answer to a challenge: how many of its blocks are right, from the first on
	Address     netip.Addr
	Port        uint16
	Proxy       netip.Addr // that the client came through, if it named the address
	FrontID     int32
	SessionID   int32

	TradingDay      calendar.TradingDay
	Flag            regulation.AbnormalFlag
	KeyVersion      string // that was used
	TerminalProblem string // what was wrong with the terminal information
	UserType        regulation.UserType

	// Of relays. Address and Port stay those of the connection, which is the relay's.
	RelayAppID        string     // through which it came; AppID is then the terminal's
	RelayMode         string     // 2 many-to-many, 3 operator
	RelayAddress      netip.Addr // that the report has in the place of Address; invalid if that does
	SubmitID          string
	Attempt           string // 1 if the relay said that it had sent the submission before
	Operator          string // who is logged in on the connection
	TerminalAddress   string // as the relay told it
	TerminalPort      int    // likewise
	TerminalLoginTime string // at the relay, as that told it
	TerminalApp       string // why the terminal's AppID would be refused at a relay with terminal_apps: listed
	ReReported        bool   // the ciphertext came before on the same visit
	TerminalMAC       string // with relay.audit_tags
	TerminalTag       string // likewise
	Visits            int    // of EventRelayEnded: how many ended with it
	Closing           string // of EventRelayEnded: why the connection ended, a word of reason.CloseWords

	By   string // of EventSessionEnd, EventTrace… and EventLoadtest…: the operator, as the command named him
	Text string // of EventSessionEnd: why, as the terminal was told; of EventTrace…: what is traced, and for how long; of EventLoadtest…: what was made

	Action *OperatorAction // of EventOperatorAction

	// Of EventSuppressed: whose lines, since when, how many, and how many of each reason.
	Source  netip.Prefix // the zero Prefix for those of the whole front
	Since   time.Time
	Lines   int
	Reasons map[string]int
}

// OperatorAction is what a command changed. Its texts are an operator's, and longer than those of a peer.
type OperatorAction struct {
	ID                             uuid.UUID
	Command, Subject, Changes, Why string
}

// marshal adds the fields after time.
func (e *Entry) marshal(l *auditLine) {
	l.addText("event", e.Event, true)
	l.addText("reason", e.Reason, true)
	l.addInt("code", int64(e.Code))
	l.addText("ref", e.Ref, false)
	l.addText("upstream_ref", e.UpstreamRef, false)
	l.addText("item", e.Item, false)
	if e.RecordID != uuid.Nil {
		l.addID("record_id", e.RecordID)
	}
	l.addText("app_id", e.AppID, false)
	l.addText("account", e.Account, false)
	l.addText("authcode", e.AuthCode, false)
	if e.RightBlocks > 0 {
		l.addInt("right_blocks", int64(e.RightBlocks))
	}
	if e.Address.IsValid() {
		l.addAddress("address", e.Address)
		l.addInt("port", int64(e.Port))
	}
	if e.Proxy.IsValid() {
		l.addAddress("proxy", e.Proxy)
	}
	e.marshalRelay(l)
	l.addInt("front_id", int64(e.FrontID))
	l.addInt("session_id", int64(e.SessionID))
	if e.Lines > 0 {
		e.marshalSuppressed(l)
		return
	}
	e.marshalLogin(l)
	if a := e.Action; a != nil {
		l.addID("action", a.ID)
		l.addLong("command", a.Command)
		l.addLong("subject", a.Subject)
		l.addLong("changes", a.Changes)
		l.addLong("why", a.Why)
	}
}

// marshalRelay gives the fields that apply to relays only.
func (e *Entry) marshalRelay(l *auditLine) {
	l.addText("relay_app_id", e.RelayAppID, false)
	l.addText("relay_mode", e.RelayMode, false)
	if e.RelayAddress.IsValid() {
		l.addAddress("relay_address", e.RelayAddress)
	}
	l.addText("submit_id", e.SubmitID, false)
	l.addText("attempt", e.Attempt, false)
	l.addText("operator", e.Operator, false)
	l.addText("terminal_address", e.TerminalAddress, false)
	if e.TerminalPort != 0 {
		l.addInt("terminal_port", int64(e.TerminalPort))
	}
	l.addText("terminal_login_time", e.TerminalLoginTime, false)
	l.addText("terminal_app", e.TerminalApp, false)
	if e.ReReported {
		l.addTrue("re_reported")
	}
	l.addText("terminal_mac", e.TerminalMAC, false)
	l.addText("terminal_tag", e.TerminalTag, false)
	if e.Event == EventRelayEnded {
		l.addInt("visits", int64(e.Visits))
		l.addText("closing", e.Closing, false)
	}
}

// marshalSuppressed gives the fields of EventSuppressed.
func (e *Entry) marshalSuppressed(l *auditLine) {
	if e.Source.IsValid() {
		l.addText("source", e.Source.String(), true)
	}
	l.addTime("since", e.Since)
	l.addInt("lines", int64(e.Lines))
	l.addCounts("reasons", e.Reasons)
}

// marshalLogin gives the fields that apply to logins only.
func (e *Entry) marshalLogin(l *auditLine) {
	if e.TradingDay != 0 {
		l.addText("trading_day", e.TradingDay.String(), true)
	}
	if e.Flag != 0 {
		l.addText("flag", e.Flag.String(), false)
	}
	l.addText("key_version", e.KeyVersion, false)
	l.addText("terminal_problem", e.TerminalProblem, false)
	if e.UserType != 0 {
		l.addText("user_type", e.UserType.String(), false)
	}
	l.addLong("by", e.By)
	l.addLong("text", e.Text)
}

// clip cuts s to so many bytes, at a rune boundary where there is one.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func plain(s string) bool {
	for _, r := range s {
		if r >= del && deceptive(r) {
			return false
		}
	}
	return true
}

// del is the first rune from which on zap and encoding/json do not escape some deceptive ones;
// they escape the control characters below it.
const del = '\u007f'

// deceptive runes end a line for some reader, are invisible, or turn text around.
func deceptive(r rune) bool {
	return r == '\u2028' || r == '\u2029' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// escape is s as a JSON string with each deceptive rune as \uXXXX.
func escape(s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("logs: audit text: " + err.Error()) // a string always has a JSON form
	}
	out := make([]byte, 0, 2*len(quoted))
	for _, r := range string(quoted) {
		switch {
		case r < del || !deceptive(r):
			out = utf8.AppendRune(out, r)
		case r <= 0xFFFF:
			out = appendEscaped(out, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = appendEscaped(appendEscaped(out, high), low)
		}
	}
	return out
}

func appendEscaped(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
