package client

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Conn is one connection to a front. Its methods may be called from several goroutines.
type Conn struct {
	conn net.Conn
	done chan struct{} // closed by end, once

	turn    chan struct{} // has one token: the goroutine that takes it makes a call
	answers chan answer   // capacity 1, filled by the reader only while a call waits

	wmu      sync.Mutex // held while writing; taken before mu, never while holding it
	outgoing []byte     // of Send; under wmu

	handler func(Message) // may be nil
	relay   func(*Event)  // takes what only relays get; nil but for a Relay's
	left    chan struct{} // closed when the reader has returned

	silence time.Duration // without input until ErrSilent; 0 before login; the reader's

	mu      sync.Mutex
	err     error // why the connection ended
	machine Machine
	beat    *time.Timer // sends a heartbeat when it fires; nil before login
}

func start(o *dialing) *Conn {
	c := &Conn{
		handler: o.handler,
		relay:   o.relay,
		left:    make(chan struct{}),
		conn:    o.conn,
		done:    make(chan struct{}),
		turn:    make(chan struct{}, 1),
		answers: make(chan answer, 1),
	}
	c.turn <- struct{}{}
	go c.read()
	return c
}

// Done is closed when the connection has ended; Err is then the reason.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is nil while the connection is open. It is net.ErrClosed after Close; after Logout it is
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

// keepAlive starts the heartbeats, which are sent when this side has sent nothing for a period,
// and the deadline for the front's. The reader calls it after an accepted login.
func (c *Conn) keepAlive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	period := c.machine.HeartbeatPeriod()
	c.silence = SilencePeriods * period
	if c.beat != nil {
		c.beat.Reset(period)
		return
	}
	c.beat = time.AfterFunc(period, func() {
		var frame [8]byte
		// A failed write ends the connection, and Err is the reason.
		_ = c.write(ftd.AppendHeartbeat(frame[:0]))
	})
}

// write sends one frame.
func (c *Conn) write(frame []byte) error {
	c.wmu.Lock()
	_, err := c.conn.Write(frame)
	c.wmu.Unlock()
	return c.wrote(err)
}

// wrote puts the next heartbeat off, or ends the connection after a write that failed.
func (c *Conn) wrote(err error) error {
	if err != nil {
		return c.writeFailed(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.beat != nil {
		c.beat.Reset(c.machine.HeartbeatPeriod())
	}
	return nil
}

// writeFailed ends the connection, unless it has ended already, and returns the reason.
func (c *Conn) writeFailed(err error) error {
	c.end(&ClosedError{Cause: fmt.Errorf("while sending: %w", err)})
	return c.Err()
}
