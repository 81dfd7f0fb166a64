package link

import (
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// Observer counts what a Link does. Its methods are called from any goroutine, also on event loops and while
// mutexes are held: they count, and call nothing of the Link's.
type Observer interface {
	// Frames counts n frames that were handed to a connection, or received.
	Frames(d Direction, k FrameKind, n int)
	// Discarded counts a frame of the core's that was discarded.
	Discarded(why Discard)
	// Verified counts an answered login and how long it took; r is reason.OK for one that was let in.
	Verified(r reason.Reason, took time.Duration)
	// StateChanged tells that an endpoint has another state.
	StateChanged(e Endpoint, s State)
	// Faulted counts the end of a link, or of an attempt to open it.
	Faulted(e Endpoint, f Fault)
	// SessionResumed counts a session that was open when its core went away.
	SessionResumed(r ResumeResult)
	// Exited counts a terminal that was sent away.
	Exited(why ExitCause)
}

type noObserver struct{}

func (noObserver) Frames(Direction, FrameKind, int)      {}
func (noObserver) Discarded(Discard)                     {}
func (noObserver) Verified(reason.Reason, time.Duration) {}
func (noObserver) StateChanged(Endpoint, State)          {}
func (noObserver) Faulted(Endpoint, Fault)               {}
func (noObserver) SessionResumed(ResumeResult)           {}
func (noObserver) Exited(ExitCause)                      {}
