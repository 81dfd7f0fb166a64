package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// A front that is handed over to another process gives it its sessions at the core, not its connection: TLS could not be given,
// and the core has a way for a link that ends. The other process dials under the same Process, and resumes the sessions by
// SessionResume, as after a link that broke. What that could lose is awaited before: Hold returns once the core has answered
// everything and is in the middle of no message in parts, and what it pushes afterwards follows again behind the numbers that were
// delivered.

// Image is what one process gives another of its link.
type Image struct {
	Process  string
	Sessions []SessionImage
	Term     int32 `json:",omitempty"` // the highest of an active core that was seen: the life of this Process goes on
}

// SessionImage is a session that is open at the core, or was.
type SessionImage struct {
	ID           int32
	Account      []byte
	PasswordOnly bool              `json:",omitempty"` // or its terminal was to leave: it ends with the link, and its terminal is sent away
	Record       uuid.UUID         // RecordID
	Asked        ftd.ResumePoints  // flows that the terminal named
	Delivered    ftd.ResumePoints  // of flows
	Again        *ftd.ResumePoints `json:",omitempty"` // see flows
	GivenUp      []uint32          `json:",omitempty"` // requests that the front has refused itself
}

// codePatience is how long Hold waits for answers to requests for a code: a core may give none, and a terminal asks again.
const codePatience = 500 * time.Millisecond

// holdPoll is how often Hold looks whether the core has answered.
const holdPoll = time.Millisecond

// ErrNoCore says that a link cannot be handed over, because no core is in use.
var ErrNoCore = errors.New("link: no trading core is in use, or sessions wait to be resumed; " +
	"reload again once the check core passes, or stop and start the front")

// Hold stops what comes from the core, once it has answered all requests, has sent the last part of each message of a flow, and has
// taken all that it was sent. The caller lets no terminal send any. If ctx ends before, or no core is in use, nothing is held and the error says why.
func (l *Link) Hold(ctx context.Context) error {
	began := time.Now()
	for {
		left, err := l.unsettled(time.Since(began) < codePatience)
		if err != nil {
			return err
		}
		if left == 0 {
			l.reading.Lock()
			if left, err = l.unsettled(false); left == 0 && err == nil {
				l.held.Store(true)
				return nil
			}
			l.reading.Unlock()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("link: %d requests have no answer of the trading core yet, or messages in parts have not ended: %w", left, ctx.Err())
		case <-time.After(holdPoll):
		}
	}
}

// unsettled counts what the core has not answered, what has not been written to it, and the sessions that lack the last part of a message.
func (l *Link) unsettled(codes bool) (n int, err error) {
	if n, err = l.unanswered(); err != nil {
		return n, err
	}
	if codes {
		n += l.codes.waiting()
	}
	if t := l.tenure.Load(); t != nil {
		if _, queued := t.conn.out.state(); queued > 0 {
			n++
		}
	}
	return n, nil
}

// unanswered is the part of unsettled that only terminals and the core change.
func (l *Link) unanswered() (n int, err error) {
	t := l.tenure.Load()
	if t == nil || t.over.Load() {
		return 0, ErrNoCore
	}
	for _, s := range l.table.all(nil) {
		s.mu.Lock()
		switch s.state {
		case open, passwordOnly:
			n += s.requests.count()
			if s.flows.midway() {
				n++
			}
		case closed, leaving:
		case waiting:
			err = ErrNoCore
		default:
			n++
		}
		s.mu.Unlock()
	}
	return n, err
}

// Settled is an error if a request was passed to the core after Hold saw none: of a terminal that was being read then. It is asked once
// no terminal can send any more. What is queued for the core does not count: the link's own heartbeat may be.
func (l *Link) Settled() error {
	left, err := l.unanswered()
	if err == nil && left > 0 {
		err = fmt.Errorf("link: %d requests were passed to the trading core while the front began to hold", left)
	}
	return err
}

// Release undoes Hold, if the link is held.
func (l *Link) Release() {
	if l.held.Swap(false) {
		l.reading.Unlock()
	}
}

// Image is what another process needs to go on. The link is held.
func (l *Link) Image() Image {
	l.mu.Lock()
	i := Image{Process: l.options.Process, Term: l.chooser.term}
	l.mu.Unlock()
	for _, s := range l.table.ordered() {
		s.mu.Lock()
		if (s.state == open || s.state == passwordOnly || s.state == leaving) && s.visits == nil {
			i.Sessions = append(i.Sessions, SessionImage{
				ID: s.id, Account: []byte(s.account), PasswordOnly: s.state != open, Record: s.record,
				Asked: s.asked, Delivered: s.flows.points, Again: s.flows.again, GivenUp: slices.Clone(s.givenUp),
			})
		}
		s.mu.Unlock()
	}
	return i
}

// Adopt takes over the sessions of another process's link: they wait for the core, which Start dials. terminal is that of a
// SessionID, nil for a session whose connection did not move. It is called before Start, by a Link whose Options.Process is
// the image's.
func (l *Link) Adopt(i *Image, terminal func(sessionID int32) core.Terminal) error {
	if i.Term < 0 {
		return fmt.Errorf("link: the highest term is handed over as %d", i.Term)
	}
	now, wait := time.Now(), max(l.options.Grace, adoptPatience)
	for n := range i.Sessions {
		m := &i.Sessions[n]
		t := terminal(m.ID)
		if t == nil {
			continue
		}
		for _, points := range []*ftd.ResumePoints{&m.Asked, &m.Delivered, m.Again} {
			if points != nil && (points.Count < 0 || points.Count > ftd.MaxResumePoints) {
				return fmt.Errorf("link: session %d is handed over with %d flows", m.ID, points.Count)
			}
		}
		s := &session{
			link: l, id: m.ID, account: regulation.Account(m.Account), terminal: t, state: waiting, record: m.Record, asked: m.Asked,
			flows: flows{points: m.Delivered, again: m.Again}, givenUp: m.GivenUp, adopted: now, lost: now.Add(wait - l.options.Grace),
		}
		if m.PasswordOnly {
			s.state = leaving
			l.adopted = append(l.adopted, s)
		}
		if there, full := l.table.add(s); there || full {
			return fmt.Errorf("link: session %d is handed over twice, or there are more than %d", m.ID, l.table.max)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chooser.term = i.Term
	l.graceEnd = now.Add(wait)
	l.grace = time.AfterFunc(wait, l.graceOver)
	return nil
}

// Session is one that the link knows, nil if it does not.
func (l *Link) Session(id int32) core.Session {
	if s := l.table.get(id); s != nil {
		return s
	}
	return nil
}

// AwaitCore returns once a core is in use, or ctx ends.
func (l *Link) AwaitCore(ctx context.Context) {
	for l.tenure.Load() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(holdPoll):
		}
	}
}
