package client

import "errors"

// Errors of a Relay beside *Error, the front's refusal of a submission.
var (
	// ErrRelayFull: MaxTerminals are live or wait.
	ErrRelayFull = errors.New("client: the relay holds as many terminals as it may")
	// ErrSubmitIDTaken: a submission that was passed on has the SubmitID of one whose terminal is live, or whose answer is
	// on its way.
	ErrSubmitIDTaken = errors.New("client: a submission with that SubmitID is live or on its way")
	// ErrInDoubt: the submission was sent, and its answer did not come in time. The front may have recorded it. The
	// terminal was not let in: it logs in again, and is another record.
	ErrInDoubt = errors.New("client: the submission may have been recorded")
)

// DownError means that there is no connection to a front and that the submission was not sent. A relay lets its
// terminal in after the front's answer only, so the terminal must try later (code 8).
type DownError struct{ Cause error }

func (e *DownError) Error() string { return "no connection to a front: " + e.Cause.Error() }

func (e *DownError) Unwrap() error { return e.Cause }

// EndedError means that the Relay works no longer: each address refused it for good, or it was closed.
type EndedError struct{ Cause error }

func (e *EndedError) Error() string { return "the relay has ended: " + e.Cause.Error() }

func (e *EndedError) Unwrap() error { return e.Cause }
