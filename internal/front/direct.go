package front

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/ftd"
)

// A core's goroutine that has one message for a terminal writes it to the socket itself, if nothing waits before it:
// to call the loop for that costs a system call and the wait for a thread, a third of an order's way back. Under load
// mail is cheaper, since the loop takes many messages in one write.
//
// Three things make that safe. The connection's lock is held by its loop while the loop is at work on the connection,
// and by the core's goroutine while that writes. Mail, and bytes that gnet could not write, set behind: then
// everything goes by mail until the loop has seen that nothing is left. And gnet calls OnClose before it closes the
// descriptor: after OnClose, which takes the lock, no core's goroutine writes to it.

// directGap is how long a loop's terminals must have been without a message, so that the next is written directly.
const directGap = 20 * time.Microsecond

// lock is taken by the loop before it works on a connection. It is false if the loop has it: gnet calls OnClose from
// within a write that failed.
func (c *conn) lock() bool {
	if c.owned {
		return false
	}
	c.mu.Lock()
	c.owned = true
	return true
}

// unlock undoes lock, which returned taken.
func (c *conn) unlock(taken bool) {
	if taken {
		c.owned = false
		c.mu.Unlock()
	}
}

// directFrame has room for any frame without an extension.
type directFrame [ftd.FrameHeaderLen + ftd.MaxBodyLen]byte

var directFrames = sync.Pool{New: func() any { return new(directFrame) }}

// deliverDirect writes a message of the core's to the socket, and reports whether it did; if not it is to go by mail.
// What the socket does not take of it goes by mail, before anything else.
func (c *conn) deliverDirect(l *loop, body []byte) bool {
	if c.behind.Load() {
		return false
	}
	now := time.Now()
	if since := now.UnixNano() - l.mailbox.last.Swap(now.UnixNano()); since < int64(directGap) {
		return false
	}
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	if c.behind.Load() || c.closed {
		return false
	}
	buffer := directFrames.Get().(*directFrame)
	defer directFrames.Put(buffer)
	frame := c.DeliverNow(buffer[:0], body, now)
	if len(frame) == 0 {
		return false
	}
	n, err := unix.Write(c.gc.Fd(), frame)
	switch {
	case n == len(frame):
		return true
	case err == unix.EAGAIN, err == unix.EINTR, err == nil:
		c.mailRest(frame[max(n, 0):])
	}
	return true // the loop will see what is wrong with the socket
}

// mailRest gives the loop what is left of a frame.
func (c *conn) mailRest(rest []byte) {
	if l := c.openMail(len(rest)); l != nil {
		c.letters.mail = dialogue.BeforeMail(rest, c.letters.mail)
		c.closeMail(l)
	}
}

// caughtUp notes that nothing waits for a terminal any more, if that is so. The loop has the lock.
func (c *conn) caughtUp() {
	if !c.behind.Load() || c.closed || c.gc.OutboundBuffered() > 0 {
		return
	}
	c.tail = tail{}
	m := &c.loop.mailbox
	m.mu.Lock()
	defer m.mu.Unlock()
	if !c.letters.due && !c.letters.over {
		c.behind.Store(false)
	}
}
