package client

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Conn is one connection to a front. Its methods may be called from several goroutines.
type Conn struct {
	conn net.Conn
	done chan struct{} // closed by end, once

	turn    chan struct{}    // holds one token: whoever takes it makes a call
	answers chan ftd.Message // capacity 1, filled by the reader only while a call waits

	wmu sync.Mutex // held while writing; never while holding mu

	silence atomic.Int64 // nanoseconds without input until ErrSilent; 0 before login

	mu      sync.Mutex
	err     error // why the connection ended
	waiting bool  // a call waits for an answer
	period  time.Duration
	beat    *time.Timer // sends a heartbeat when it fires; nil before login
	broker  string      // of the last Login, for Logout
	user    string
}

func start(conn net.Conn) *Conn {
	c := &Conn{
		conn:    conn,
		done:    make(chan struct{}),
		turn:    make(chan struct{}, 1),
		answers: make(chan ftd.Message, 1),
	}
	c.turn <- struct{}{}
	go c.read()
	return c
}

// Done is closed when the connection has ended; Err then tells why.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is nil while the connection lives. It is net.ErrClosed after Close; after Logout it is
// that or a *ClosedError, depending on which side was first.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// LocalAddr is this side's address, RemoteAddr the front's.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr is the front's address.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// Close ends the connection without logging out. It may be called more than once.
func (c *Conn) Close() error {
	c.end(net.ErrClosed)
	return nil
}

// Heartbeat sends a heartbeat now. After Login that happens by itself.
func (c *Conn) Heartbeat(ctx context.Context) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	var frame [8]byte
	return c.write(ftd.AppendHeartbeat(frame[:0]))
}

// end closes the connection; the first reason stays. It takes no lock that a blocked
// write holds, so that it can end that write.
func (c *Conn) end(reason error) {
	if !c.note(reason) {
		return
	}
	_ = c.conn.Close() // nothing is left to lose: what was answered was answered
	close(c.done)
}

// note writes down why the connection ends, and reports whether it was the first to.
func (c *Conn) note(reason error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = reason
	if c.beat != nil {
		c.beat.Stop()
	}
	return true
}

// keepAlive starts heartbeats, sent when this side was silent for period, and the watch
// over the front's.
func (c *Conn) keepAlive(period time.Duration) {
	c.silence.Store(int64(3 * period))
	// The reader may be waiting already, with no deadline: this one holds for it too.
	// If it cannot be set, the socket is closed, and the reader finds that itself.
	_ = c.conn.SetReadDeadline(time.Now().Add(3 * period))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.period = period
	if c.beat != nil {
		c.beat.Reset(period)
		return
	}
	c.beat = time.AfterFunc(period, func() {
		var frame [8]byte
		// A failed write ends the connection, and Err tells why.
		_ = c.write(ftd.AppendHeartbeat(frame[:0]))
	})
}

// write sends one frame, and puts the next heartbeat off.
func (c *Conn) write(frame []byte) error {
	c.wmu.Lock()
	_, err := c.conn.Write(frame)
	c.wmu.Unlock()
	if err != nil {
		return c.writeFailed(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.beat != nil {
		c.beat.Reset(c.period)
	}
	return nil
}

// writeFailed ends the connection, unless it has ended already, and says why it did.
func (c *Conn) writeFailed(err error) error {
	c.end(&ClosedError{Cause: fmt.Errorf("while sending: %w", err)})
	return c.Err()
}
