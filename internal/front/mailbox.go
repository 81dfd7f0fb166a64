package front

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/panjf2000/gnet/v2"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
)

const (
	// defaultMail bounds what cores have for the terminals of one loop and the loop has not taken, in bytes.
	defaultMail = 64 << 20
	// mailShare of it is one connection's at most.
	mailShare = 8

	// Buffers that a loop keeps for mail to come: so many, and none longer than that.
	spareMail    = 1024
	maxSpareMail = 64 << 10
)

// mailbox has what other goroutines have for one loop: the ends of logins (later.go), and what cores have for its
// terminals. A goroutine puts it there and never waits for the loop; the first rings, and the loop then takes all of it.
type mailbox struct {
	mu    sync.Mutex
	due   []*conn      // whose mail is not taken yet, in the order of their first
	bytes int          // of them all
	tasks []task       // which are not done yet
	rung  bool         // the loop will come
	ended bool         // it will never come again
	last  atomic.Int64 // when the last message came, in nanoseconds
	spare []dialogue.Mail

	taken []*conn       // the loop's: due of the round before,
	doing []task        // and tasks
	ring  gnet.Runnable // drain, made once
}

// letterbox is a connection's part of it, under the mailbox's mu.
type letterbox struct {
	mail dialogue.Mail
	due  bool // is in mailbox.due
	over bool // its bound was reached: the session ends as that of a slow reader
	gone bool // the connection has ended
}

// Terminal is part of dialogue.Line.
func (c *conn) Terminal() core.Terminal { return terminal{c} }

// NextID is part of dialogue.Line.
func (c *conn) NextID() int32 { return c.server.nextID() }

// terminal is a conn as the core knows it.
type terminal struct{ c *conn }

// Deliver is part of core.Terminal.
func (t terminal) Deliver(body []byte) {
	if l := t.c.home.Load(); l != nil && t.c.deliverDirect(l, body) {
		return
	}
	if l := t.c.openMail(len(body)); l != nil {
		t.c.letters.mail = dialogue.AppendDelivery(t.c.letters.mail, body)
		t.c.closeMail(l)
	}
}

// Refuse is part of core.Terminal.
func (t terminal) Refuse(series uint16, number uint32, why reason.Reason) {
	if l := t.c.openMail(0); l != nil {
		t.c.letters.mail = dialogue.AppendRefusal(t.c.letters.mail, series, number, why)
		t.c.closeMail(l)
	}
}

// Exit is part of core.Terminal.
func (t terminal) Exit(forceExit []byte, why reason.Close) {
	if l := t.c.openMail(len(forceExit)); l != nil {
		t.c.letters.mail = dialogue.AppendExit(t.c.letters.mail, forceExit, why)
		t.c.closeMail(l)
	}
}

// ExitVisit is part of core.RelayTerminal.
func (t terminal) ExitVisit(submitID uuid.UUID, forceExit []byte) {
	var text [36]byte
	copy(text[:], submitID.String())
	if l := t.c.openMail(len(text) + len(forceExit)); l != nil {
		t.c.letters.mail = dialogue.AppendTerminalExit(t.c.letters.mail, text, forceExit)
		t.c.closeMail(l)
	}
}

// FullestMail is how many bytes cores have for the terminals of one loop that the loop has not taken, of the loop with most. At Limits.Mail
// the session that gets more ends as that of a slow reader.
func (s *Server) FullestMail() (most int) {
	s.loops.Range(func(_, l any) bool {
		m := &l.(*loop).mailbox
		m.mu.Lock()
		most = max(most, m.bytes)
		m.mu.Unlock()
		return true
	})
	return most
}

// openMail locks the mailbox for a record with so many bytes, until closeMail. It is nil, and nothing is
// locked, if the terminal cannot get it.
func (c *conn) openMail(length int) *loop {
	l := c.home.Load()
	if l == nil {
		return nil
	}
	m, b := &l.mailbox, &c.letters
	m.mu.Lock()
	if b.gone || b.over {
		m.mu.Unlock()
		return nil
	}
	limit := int(c.server.mailLimit.Load())
	if m.bytes+length > limit || len(b.mail)+length > limit/mailShare {
		b.over = true
		m.bytes -= len(b.mail)
		b.mail = nil
		c.ringMail(l)
		return nil
	}
	if n := len(m.spare); b.mail == nil && n > 0 {
		b.mail, m.spare[n-1], m.spare = m.spare[n-1], nil, m.spare[:n-1]
	}
	m.bytes -= len(b.mail)
	return l
}

// closeMail unlocks the mailbox after a record was added.
func (c *conn) closeMail(l *loop) {
	l.mailbox.bytes += len(c.letters.mail)
	c.ringMail(l)
}

// ringMail unlocks the mailbox, and calls the loop unless it will come already.
func (c *conn) ringMail(l *loop) {
	m := &l.mailbox
	c.behind.Store(true)
	if !c.letters.due {
		c.letters.due = true
		m.due = append(m.due, c)
	}
	ring := !m.rung
	m.rung = true
	m.mu.Unlock()
	if ring {
		c.server.run(l.el, m.ring)
	}
}

// takeMail is what the loop takes for a connection.
func (c *conn) takeMail(m *mailbox) (mail dialogue.Mail, over bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &c.letters
	mail, b.mail, b.due = b.mail, nil, false
	m.bytes -= len(mail)
	return mail, b.over
}

// keep gives a buffer back for mail to come.
func (m *mailbox) keep(mail dialogue.Mail) {
	if cap(mail) == 0 || cap(mail) > maxSpareMail {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.spare) < spareMail {
		m.spare = append(m.spare, mail[:0])
	}
}

// endMail is for a connection that has ended.
func (c *conn) endMail(m *mailbox) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.letters.gone = true
	m.bytes -= len(c.letters.mail)
	c.letters.mail = nil
}

// newRing makes what calls a loop to its mail.
func (s *Server) newRing(l *loop) gnet.Runnable {
	return gnet.RunnableFunc(func(context.Context) error {
		defer s.rescueWork()
		s.drain(l)
		return nil
	})
}

// drain gives the terminal its mail, and returns the buffer.
func (c *conn) drain(m *mailbox, now time.Time) (mail dialogue.Mail) {
	defer c.rescue()
	defer c.unlock(c.lock())
	mail, over := c.takeMail(m)
	switch {
	case c.Ended():
	case over:
		c.Close(reason.SlowReader)
	default:
		c.Take(mail, now)
	}
	c.closeIfOver()
	c.caughtUp()
	return mail
}

// drain does what other goroutines have for the loop, and gives its terminals what their cores have for them.
func (s *Server) drain(l *loop) {
	m := &l.mailbox
	m.mu.Lock()
	m.due, m.taken = m.taken[:0], m.due
	m.tasks, m.doing = m.doing[:0], m.tasks
	m.rung = false
	m.mu.Unlock()
	l.work(m.doing)
	now := time.Now()
	for _, c := range m.taken {
		m.keep(c.drain(m, now))
	}
	clear(m.taken)
	s.resumePaused(l, now) // a core that answers may take more
}
