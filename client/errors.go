package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// zone is UTC+8, the zone of every time on the wire.
var zone = time.FixedZone("UTC+8", 8*60*60)

// ErrSilent means that nothing was received from the front for SilencePeriods heartbeat periods.
var ErrSilent = errors.New("client: the front is silent")

// Error is the front's refusal (docs/protocol.md, "Errors").
type Error struct {
	Code int       // 63, for example
	Text string    // the front's text, without the reference
	Ref  string    // what is between "[ref " and "]"; may be empty
	Time time.Time // when the front answered, UTC+8; zero if the answer has none
}

func (e *Error) Error() string {
	s := fmt.Sprintf("front answered %d: %s", e.Code, e.Text)
	if e.Ref != "" {
		s += " [ref " + e.Ref + "]"
	}
	return s
}

// Temporary reports whether the same request may succeed later or at another front: not
// initialised (7), inactive (8), overloaded (90). Wait before trying again, longer each time.
func (e *Error) Temporary() bool { return e.Code == 7 || e.Code == 8 || e.Code == 90 }

// ClosedError means that the connection ended from the front's side; a call that returns
// it got no answer.
type ClosedError struct{ Cause error }

func (e *ClosedError) Error() string { return "connection closed by the front: " + e.Cause.Error() }
func (e *ClosedError) Unwrap() error { return e.Cause }

// ViolationError means that the front sent what the protocol does not allow. The
// connection is closed.
type ViolationError struct{ Cause error }

func (e *ViolationError) Error() string { return "front violates the protocol: " + e.Cause.Error() }
func (e *ViolationError) Unwrap() error { return e.Cause }

// ForceExit is the error of a session that the front ended, with the front's reason.
type ForceExit struct {
	Code byte
	Msg  string
}

func (e *ForceExit) Error() string {
	return fmt.Sprintf("front forced the session to exit (%q): %s", e.Code, e.Msg)
}

// newError makes an Error of the wire's field.
func newError(f *ftd.Error) *Error {
	e := &Error{Code: f.Code}
	e.Text, e.Ref = splitRef(string(f.Text))
	e.Time = readTimeStamp(f.TimeStamp)
	return e
}

// readTimeStamp is zero for a time that cannot be read: that must not hide the code beside it.
func readTimeStamp(text []byte) time.Time {
	t, err := time.ParseInLocation(ftd.TimeStampLayout, string(text), zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// splitRef parts "text [ref XXXXXX]" into text and XXXXXX.
func splitRef(s string) (text, ref string) {
	const open = "[ref "
	at := strings.LastIndex(s, open)
	if at < 0 || !strings.HasSuffix(s, "]") {
		return s, ""
	}
	return strings.TrimRight(s[:at], " "), s[at+len(open) : len(s)-1]
}
