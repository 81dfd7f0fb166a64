package link

import (
	"sync"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/reason"
)

// maxCodeRequests is how many requests for a code may wait for their answers.
const maxCodeRequests = 4096

// codeRequests are the terminals that asked for a code and have no answer yet. If there are too many the oldest is
// forgotten: nothing tells when a terminal that asked has gone.
type codeRequests struct {
	mu        sync.Mutex
	terminals map[int32]core.Terminal
	order     []int32 // a ring of the sessions in the order in which they asked; a session may be there more than once
	next      int
}

func newCodeRequests() *codeRequests {
	return &codeRequests{terminals: make(map[int32]core.Terminal)}
}

func (r *codeRequests) add(id int32, t core.Terminal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) < maxCodeRequests {
		r.order = append(r.order, id)
	} else {
		delete(r.terminals, r.order[r.next])
		r.order[r.next] = id
		r.next = (r.next + 1) % maxCodeRequests
	}
	r.terminals[id] = t
}

// take is who asked, once.
func (r *codeRequests) take(id int32) core.Terminal {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.terminals[id]
	delete(r.terminals, id)
	return t
}

// waiting counts those that have no answer.
func (r *codeRequests) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.terminals)
}

// RequestCode is core.Core's.
func (l *Link) RequestCode(sessionID int32, terminal core.Terminal, body []byte) reason.Reason {
	t, away := l.current()
	if t == nil {
		return away
	}
	l.codes.add(sessionID, terminal)
	r := t.conn.out.passFree(l.tag(sessionID), body)
	if r != reason.OK {
		l.codes.take(sessionID)
		return r
	}
	t.conn.out.flush()
	return reason.OK
}
