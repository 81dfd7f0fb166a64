package link

import (
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
)

// counts is an Observer of tests.
type counts struct {
	mu       sync.Mutex
	discards map[Discard]int
	faults   map[Fault]int
	resumes  map[ResumeResult]int
	exits    map[ExitCause]int
	verified map[reason.Reason]int
	states   []State
	frames   map[FrameKind]int // from the core
}

func newCounts() *counts {
	return &counts{
		discards: map[Discard]int{}, faults: map[Fault]int{}, resumes: map[ResumeResult]int{}, exits: map[ExitCause]int{},
		verified: map[reason.Reason]int{}, frames: map[FrameKind]int{},
	}
}

func bump[K comparable](c *counts, m map[K]int, k K, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m[k] += n
}

func of[K comparable](c *counts, m map[K]int, k K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m[k]
}

func (c *counts) Frames(d Direction, k FrameKind, n int) {
	if d == FromCore {
		bump(c, c.frames, k, n)
	}
}
func (c *counts) Discarded(why Discard)                     { bump(c, c.discards, why, 1) }
func (c *counts) Verified(r reason.Reason, _ time.Duration) { bump(c, c.verified, r, 1) }
func (c *counts) Faulted(_ Endpoint, f Fault)               { bump(c, c.faults, f, 1) }
func (c *counts) SessionResumed(r ResumeResult)             { bump(c, c.resumes, r, 1) }
func (c *counts) Exited(why ExitCause)                      { bump(c, c.exits, why, 1) }
func (c *counts) discarded(why Discard) int                 { return of(c, c.discards, why) }
func (c *counts) faulted(f Fault) int                       { return of(c, c.faults, f) }
func (c *counts) StateChanged(_ Endpoint, s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states = append(c.states, s)
}
