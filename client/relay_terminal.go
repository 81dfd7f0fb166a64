package client

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Where a TerminalSubmit has what changes when it is sent again. SubmitRequest is its first field.
const (
	submitIDAt = ftd.FrameHeaderLen + ftd.MessageHeaderLen + ftd.FieldHeaderLen + 10 + 18
	attemptAt  = submitIDAt + submitIDLen
)

const relayedTerminalLen = 30 + 39 + 5 + 19 + 1

// terminal is one submission, and after it was recorded the live terminal that it reported. The frame is kept for
// sending it again: 480 bytes of some 650 that a live terminal takes.
type terminal struct {
	frame      []byte   // TerminalSubmit; nil where it is not needed again
	id         SubmitID // on the wire
	name       SubmitID // of a live terminal: the first id that was recorded
	call       *call    // the Submit that waits; nil for none
	in         *queue   // nil for none
	prev, next *terminal

	round    uint32 // pause.round when it was sent
	state    state
	live     bool // its relay has let it in
	reported bool // on the connection that is there
	redraw   bool // the next time it is sent is a new submission
	again    bool // the next time it is sent it was sent before
	doubt    bool // a front may have recorded it
	passed   bool // its SubmitID is of a relay below, which waits for the answer to that one
}

type state uint8

const (
	idle   state = iota // live, nothing on its way
	queued              // waits to be sent
	sent                // waits for its answer
)

// call is a Submit that waits. Who takes it out of its terminal fills it and closes done.
type call struct {
	done    chan struct{}
	receipt Receipt
	err     error
	last    *Error // the front's last refusal of a submission that was sent again
}

func newTerminal(broker string, s *Submission) (*terminal, error) {
	t := &terminal{call: &call{done: make(chan struct{})}}
	if p := s.Passed; p == nil {
		t.id = NewSubmitID(time.Now())
	} else if t.id, t.passed, t.again = p.SubmitID, true, p.Again; len(p.Terminal) != relayedTerminalLen {
		return nil, fmt.Errorf("client: RelayedTerminal of %d bytes is passed on, want %d", len(p.Terminal), relayedTerminalLen)
	}
	t.name = t.id
	var room [512]byte
	frame, err := appendSubmit(room[:0], broker, t.id, false, s)
	if err != nil {
		return nil, err
	}
	t.frame = bytes.Clone(frame) // without spare room
	return t, nil
}

// inDoubt is cause with what is known of the submission.
func (t *terminal) inDoubt(cause error) error {
	all := []error{cause}
	if t.call.last != nil {
		all = append(all, t.call.last)
	}
	if t.doubt || t.state == sent {
		all = append(all, ErrInDoubt)
	}
	if len(all) == 1 {
		return cause
	}
	return errors.Join(all...)
}

// stamp writes the SubmitID and the attempt into the frame.
func (t *terminal) stamp() {
	t.id.put(t.frame[submitIDAt:attemptAt])
	t.frame[attemptAt] = ftd.AttemptFirst
	if t.again {
		t.frame[attemptAt] = ftd.AttemptAgain
	}
}

// queue is a list of terminals. One terminal is in one queue at most.
type queue struct {
	head, tail *terminal
	len        int
}

func (q *queue) push(t *terminal) {
	t.state, t.in, t.next, t.prev = queued, q, nil, q.tail
	if q.tail == nil {
		q.head = t
	} else {
		q.tail.next = t
	}
	q.tail = t
	q.len++
}

// pushFront is for what was taken and refused: it keeps its place.
func (q *queue) pushFront(t *terminal) {
	t.state, t.in, t.next, t.prev = queued, q, q.head, nil
	if q.head == nil {
		q.tail = t
	} else {
		q.head.prev = t
	}
	q.head = t
	q.len++
}

// leave takes t out of its queue, if it is in one.
func (t *terminal) leave() {
	q := t.in
	if q == nil {
		return
	}
	if t.prev == nil {
		q.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	q.len--
	t.in, t.next, t.prev = nil, nil, nil
}
