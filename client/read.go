package client

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

const (
	firstBufferLen = 512 // holds any answer of a login
	maxFrameLen    = ftd.FrameHeaderLen + ftd.MaxExtLen + ftd.MaxBodyLen
)

// read is the connection's only reader; it ends with the connection.
func (c *Conn) read() {
	defer close(c.left)
	buf := make([]byte, 0, firstBufferLen)
	for {
		rest, err := c.takeFrames(buf)
		if err != nil {
			c.end(err)
			return
		}
		// What is left is less than one frame, so there is room for the rest of it.
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, maxFrameLen-len(buf))
		}
		if c.silence > 0 {
			// If it cannot be set, the socket is closed, and Read returns that.
			_ = c.conn.SetReadDeadline(time.Now().Add(c.silence))
		}
		n, err := c.conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if n == 0 && err != nil {
			c.end(readError(err))
			return
		}
	}
}

// takeFrames deals with the whole frames in buf and returns what is left of it.
func (c *Conn) takeFrames(buf []byte) ([]byte, error) {
	for {
		c.mu.Lock()
		n, e, err := c.machine.Receive(buf)
		c.mu.Unlock()
		switch {
		case err != nil:
			return nil, err
		case n == 0:
			return buf, nil
		}
		if e.Kind == LoggedIn {
			c.keepAlive()
		}
		switch e.Kind {
		case Ignored:
		case Arrived:
			m := e.Message()
			if c.relay != nil && m.refusesAll() {
				return nil, m.Err() // a Relay sends no business
			}
			if c.handler != nil {
				c.handler(m)
			}
		case Submitted, SubmitRefused, TerminalEnded, TerminalExit:
			if c.relay == nil {
				return nil, violation(errUnaskedRelay)
			}
			c.relay(&e)
		default: // then a call waits: to the Machine another message is a violation
			c.answers <- answer{e.Refusal, e.Challenge(), e.AuthResult(), e.LoginResult()}
		}
		buf = buf[n:]
	}
}

var errUnaskedRelay = errors.New("an answer to a submission that was not sent")

// readError is what a failed read means to a user of the Conn.
func readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	case errors.Is(err, io.EOF):
		return &ClosedError{Cause: io.EOF}
	}
	return &ClosedError{Cause: err}
}
