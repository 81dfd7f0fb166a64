package front

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/panjf2000/gnet/v2"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/reason"
)

// countingLoop counts how often it is called.
type countingLoop struct {
	gnet.EventLoop
	rung atomic.Int64
}

func (l *countingLoop) Execute(context.Context, gnet.Runnable) error {
	l.rung.Add(1)
	return nil
}

// newMailConn is a connection at a loop that does not come by itself.
func newMailConn(limit int) (*conn, *countingLoop) {
	s := &Server{}
	s.mailLimit.Store(int64(limit))
	el := &countingLoop{}
	l := &loop{el: el}
	l.mailbox.ring = gnet.RunnableFunc(func(context.Context) error { return nil })
	c := &conn{server: s, loop: l}
	c.home.Store(l)
	return c, el
}

// TestMailRingsOnce: and costs no allocation once its buffers are there.
func TestMailRingsOnce(t *testing.T) {
	c, el := newMailConn(1 << 20)
	m, terminal, body := &c.loop.mailbox, c.Terminal(), make([]byte, 100)
	round := func() {
		for range 10 {
			terminal.Deliver(body)
		}
		m.mu.Lock()
		m.due, m.taken = m.taken[:0], m.due
		m.rung = false
		m.mu.Unlock()
		mail, over := c.takeMail(m)
		if over || len(mail) != 1040 || m.bytes != 0 {
			t.Fatalf("took %d bytes, over %v, %d are left", len(mail), over, m.bytes)
		}
		m.keep(mail)
	}
	rounds := int64(0)
	n := testing.AllocsPerRun(100, func() {
		rounds++
		round()
	})
	if n != 0 || el.rung.Load() != rounds {
		t.Errorf("%v allocations in ten messages, the loop was called %d times in %d rounds", n, el.rung.Load(), rounds)
	}
}

// TestFullestMail: of the loops it is the one that is furthest behind, until it comes.
func TestFullestMail(t *testing.T) {
	few, el := newMailConn(1 << 20)
	more, other := newMailConn(1 << 20)
	s := few.server
	if got := s.FullestMail(); got != 0 {
		t.Errorf("without a loop: %d", got)
	}
	s.loops.Store(el, few.loop)
	s.loops.Store(other, more.loop)
	few.Terminal().Deliver(make([]byte, 100))
	more.Terminal().Deliver(make([]byte, 200))
	if got := s.FullestMail(); got != 204 {
		t.Errorf("%d bytes, want 204", got)
	}
	more.takeMail(&more.loop.mailbox)
	if got := s.FullestMail(); got != 104 {
		t.Errorf("%d bytes once it came, want 104", got)
	}
}

// TestMailHasTwoBounds: the loop's, and an eighth of it for one connection. Over it what was there is given up.
func TestMailHasTwoBounds(t *testing.T) {
	c, _ := newMailConn(8 * 1040)
	for range 10 {
		c.Terminal().Deliver(make([]byte, 100))
	}
	if len(c.letters.mail) != 1040 || c.letters.over {
		t.Fatalf("%d bytes, over %v", len(c.letters.mail), c.letters.over)
	}
	c.Terminal().Deliver(make([]byte, 100))
	c.Terminal().Exit([]byte("1"), reason.Kicked) // too late
	if mail, over := c.takeMail(&c.loop.mailbox); !over || len(mail) != 0 || c.loop.mailbox.bytes != 0 {
		t.Errorf("%d bytes, over %v, %d counted", len(mail), over, c.loop.mailbox.bytes)
	}

	l := c.loop
	total := 0
	for range 9 { // of connections that are each within their own
		other := &conn{server: c.server, loop: l}
		other.home.Store(l)
		for range 9 {
			other.Terminal().Deliver(make([]byte, 100))
		}
		if other.letters.over {
			total++
		}
	}
	if total != 1 || l.mailbox.bytes > 8*1040 {
		t.Errorf("%d connections over, %d bytes", total, l.mailbox.bytes)
	}
}

func TestMailOfAnEndedConnection(t *testing.T) {
	c, el := newMailConn(1 << 20)
	c.Terminal().Deliver(make([]byte, 100))
	c.endMail(&c.loop.mailbox)
	c.Terminal().Deliver(make([]byte, 100))
	c.Terminal().Refuse(0, 1, reason.CoreAway)
	if mail, _ := c.takeMail(&c.loop.mailbox); len(mail) != 0 || c.loop.mailbox.bytes != 0 || el.rung.Load() != 1 {
		t.Errorf("%d bytes, %d counted, called %d times", len(mail), c.loop.mailbox.bytes, el.rung.Load())
	}
	if l := (&conn{server: c.server}).openMail(1); l != nil {
		t.Error("a connection without a loop took mail")
	}
	m := &c.loop.mailbox
	m.keep(make(dialogue.Mail, 0, maxSpareMail+1))
	for range spareMail + 10 {
		m.keep(make(dialogue.Mail, 1))
	}
	if len(m.spare) > spareMail {
		t.Errorf("%d buffers are kept", len(m.spare))
	}
}
