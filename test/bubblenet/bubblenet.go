// Package bubblenet has connections like those of TCP, in memory, for a bubble of testing/synctest: in it a clock passes as soon as all its
// goroutines wait. A socket is outside of the bubble, so that a wait for one holds the clock up; net.Pipe has a writer wait for its reader,
// and two sides that write first wait for each other.
//
// What is written waits, without bound, until it is read, and no read joins two writes: frames that are sent in pieces come in pieces. Once
// the other side has closed a connection, what it wrote before can be read, then EOF, or ECONNRESET if that side had left bytes unread.
package bubblenet

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Listener is a net.Listener whose connections Dial makes.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen makes one. Who accepts need not be there when Dial returns.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn, 1000), closed: make(chan struct{})}
}

// Dial connects to the listener.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	there, back := newFlow(), newFlow()
	select {
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.Addr(), Err: syscall.ECONNREFUSED}
	default:
	}
	select {
	case l.conns <- &conn{in: there, out: back}:
		return &conn{in: back, out: there}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept is part of net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close is part of net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is part of net.Listener.
func (*Listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }

// flow is one direction of a connection.
type flow struct {
	mu       sync.Mutex
	changed  sync.Cond
	data     [][]byte // by write; none is empty
	ended    error    // what the reader gets once it has read data; nil while the writer has not closed
	left     bool     // the reader has closed
	deadline time.Time
	alarm    *time.Timer
}

func newFlow() *flow {
	f := new(flow)
	f.changed.L = &f.mu
	return f
}

// change lets a reader look again.
func (f *flow) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	f.changed.Broadcast()
}

type conn struct{ in, out *flow }

func (c *conn) Read(b []byte) (int, error) {
	f := c.in
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.left:
			return 0, net.ErrClosed
		case !f.deadline.IsZero() && !time.Now().Before(f.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(f.data) > 0:
			n := copy(b, f.data[0])
			if f.data[0] = f.data[0][n:]; len(f.data[0]) == 0 {
				f.data = f.data[1:]
			}
			return n, nil
		case f.ended != nil:
			return 0, f.ended
		}
		f.changed.Wait()
	}
}

func (c *conn) Write(b []byte) (n int, err error) {
	c.out.change(func() {
		switch {
		case c.out.ended != nil:
			err = net.ErrClosed
		case c.out.left:
			err = syscall.EPIPE
		case len(b) > 0:
			c.out.data, n = append(c.out.data, bytes.Clone(b)), len(b)
		}
	})
	return n, err
}

func (c *conn) Close() error {
	end := io.EOF
	c.in.change(func() {
		if len(c.in.data) > 0 {
			end = syscall.ECONNRESET
		}
		c.in.left, c.in.data = true, nil
		if c.in.alarm != nil {
			c.in.alarm.Stop()
		}
	})
	c.out.change(func() {
		if c.out.ended == nil {
			c.out.ended = end
		}
	})
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	f := c.in
	f.change(func() {
		if f.deadline = t; f.alarm != nil {
			f.alarm.Stop()
		}
		if f.alarm = nil; !t.IsZero() && !f.left {
			f.alarm = time.AfterFunc(time.Until(t), func() { f.change(func() {}) })
		}
	})
	return nil
}

func (c *conn) SetDeadline(t time.Time) error  { return c.SetReadDeadline(t) }
func (*conn) SetWriteDeadline(time.Time) error { return nil } // a write never waits
func (*conn) LocalAddr() net.Addr              { return addr{} }
func (*conn) RemoteAddr() net.Addr             { return addr{} }
