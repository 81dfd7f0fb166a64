package client

import (
	"errors"
	"fmt"
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
		if silence := c.silence.Load(); silence > 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(time.Duration(silence)))
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
		frame, n, err := ftd.DecodeFrame(buf, ftd.MaxBodyLen)
		if err != nil {
			return nil, &ViolationError{Cause: err}
		}
		if n == 0 {
			return buf, nil
		}
		// Heartbeats have done their work by arriving; unknown types are discarded.
		if frame.Type == ftd.FrameFTDC {
			if err := c.takeMessage(frame.Body); err != nil {
				return nil, err
			}
		}
		buf = buf[n:]
	}
}

// takeMessage hands a message to the call that waits for it.
func (c *Conn) takeMessage(body []byte) error {
	// The reader's buffer moves on, the answer stays with its call.
	m, err := ftd.DecodeMessage(slices.Clone(body))
	if err != nil {
		return &ViolationError{Cause: err}
	}
	if m.TID == ftd.TIDForceExit {
		return forceExit(m)
	}
	c.mu.Lock()
	waited := c.waiting
	c.waiting = false
	c.mu.Unlock()
	if !waited {
		return unasked(m)
	}
	c.answers <- m
	return nil
}

// unasked ends the connection over a message that no call waits for. If it is an Error, then
// that is the reason: the front refuses terminals before they ask anything.
func unasked(m ftd.Message) error {
	var f ftd.Error
	if m.TID == ftd.TIDError && require(m, ftd.FIDError, &f) == nil && f.Code != 0 {
		return newError(&f)
	}
	return &ViolationError{Cause: fmt.Errorf("%v that nobody asked for", m.TID)}
}

func forceExit(m ftd.Message) error {
	var f ftd.ForceExit
	if err := require(m, ftd.FIDForceExit, &f); err != nil {
		return err
	}
	return &ForceExit{Code: f.Code, Msg: string(f.Msg)}
}

// readError says what a failed read means to whoever uses the Conn.
func readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	case errors.Is(err, io.EOF):
		return &ClosedError{Cause: io.EOF}
	}
	return &ClosedError{Cause: err}
}

// decoder is a field of the protocol.
type decoder interface{ Decode(data []byte) error }

// require decodes the field fid, which the message must have.
func require(m ftd.Message, fid ftd.FID, f decoder) error {
	data, ok := m.Field(fid)
	if !ok {
		return &ViolationError{Cause: fmt.Errorf("%v without %v: %w", m.TID, fid, ftd.FaultFieldMissing)}
	}
	if err := f.Decode(data); err != nil {
		return &ViolationError{Cause: err}
	}
	return nil
}
