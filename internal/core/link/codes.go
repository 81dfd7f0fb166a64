package link

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// maxCodeRequests is how many requests for a code may wait for their answers.
const maxCodeRequests = 4096

// asker is a terminal that asked for a code.
type asker struct {
	terminal core.Terminal
	tenure   *tenure // of the core that was asked
	number   uint32  // of its request
}

// codeRequests are the terminals that asked for a code and have no answer yet. If there are too many the oldest is
// forgotten: nothing tells when a terminal that asked has gone.
type codeRequests struct {
	mu     sync.Mutex
	askers map[int32]asker
	order  []int32 // a ring of the sessions in the order in which they asked; a session may be there more than once
	next   int
}

func newCodeRequests() *codeRequests {
	return &codeRequests{askers: make(map[int32]asker)}
}

func (r *codeRequests) add(id int32, a asker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) < maxCodeRequests {
		r.order = append(r.order, id)
	} else {
		delete(r.askers, r.order[r.next])
		r.order[r.next] = id
		r.next = (r.next + 1) % maxCodeRequests
	}
	r.askers[id] = a
}

// take is the terminal that asked, once; nil if none did.
func (r *codeRequests) take(id int32) core.Terminal {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.askers[id].terminal
	delete(r.askers, id)
	return t
}

// lost takes those that asked under the tenures over.
func (r *codeRequests) lost(over []*tenure) (lost []asker) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, a := range r.askers {
		if slices.Contains(over, a.tenure) {
			lost = append(lost, a)
			delete(r.askers, id)
		}
	}
	return lost
}

// waiting counts those that have no answer.
func (r *codeRequests) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.askers)
}

// RequestCode is core.Core's.
func (l *Link) RequestCode(sessionID int32, terminal core.Terminal, body []byte) reason.Reason {
	t, away := l.current()
	if t == nil {
		return away
	}
	h, err := ftd.DecodeHeader(body)
	if err != nil {
		return reason.UnknownRequest
	}
	l.codes.add(sessionID, asker{terminal, t, h.SequenceNumber})
	r := t.conn.out.passFree(l.tag(sessionID), body)
	if r == reason.OK {
		t.conn.out.flush()
		if !t.over.Load() {
			return reason.OK
		}
		r = l.awayReason() // release may have passed before the request was there
	}
	if l.codes.take(sessionID) == nil {
		return reason.OK // release has answered it
	}
	return r
}

// codeAnswered takes the core's answer to RequestCode. One that is an Error gets the TID of the request: a terminal that has not logged
// in is sent no other.
func (c *conn) codeAnswered(id int32, body []byte) bool {
	asked := c.link.codes.take(id)
	if asked == nil {
		return false
	}
	if tid := binary.BigEndian.Uint32(body[tidAt:]); ftd.TID(tid) != ftd.TIDRequestCode {
		body = slices.Clone(body)
		binary.BigEndian.PutUint32(body[tidAt:], uint32(ftd.TIDRequestCode))
	}
	asked.Deliver(body)
	return true
}

// tidAt is where the TID is in a message's header.
const tidAt = 1

// refuse answers a terminal whose core went away: the code may be on its way, and may not.
func (a asker) refuse(now time.Time) {
	var stamp [len(ftd.TimeStampLayout)]byte
	e := ftd.Begin(nil, ftd.TIDRequestCode)
	e.Sequence(0, a.number)
	e.Error(&ftd.Error{
		Code: reason.CoreAway.Code(), Text: []byte(codeLost),
		TimeStamp: now.In(regulation.Zone).AppendFormat(stamp[:0], ftd.TimeStampLayout),
	})
	frame, err := e.End()
	if err != nil {
		panic("link: a refusal does not fit the protocol: " + err.Error()) // all of it is the front's own
	}
	a.terminal.Deliver(frame[ftd.FrameHeaderLen:])
}
