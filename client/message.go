package client

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Message is one of the trading core's, or an Error of the front's about a request to it (docs/protocol.md,
// "Business messages"); a front without a trading core answers each by 77. Body is that of the frame, with the
// message's header of 16 bytes; it is valid only until the handler returns.
type Message struct {
	TID    uint32
	Chain  byte   // 'S' single; 'F', 'C', 'L' the parts of a long one
	Series uint16 // 0 the dialog; others are flows
	Number uint32 // of the dialog: the request's that it answers
	Body   []byte
}

// Message is that of Arrived; of any other event it is zero.
func (e *Event) Message() Message {
	h, err := ftd.DecodeHeader(e.body)
	if e.Kind != Arrived || err != nil {
		return Message{}
	}
	return Message{TID: uint32(h.TID), Chain: h.Chain, Series: h.SequenceSeries, Number: h.SequenceNumber, Body: e.body}
}

// Field is the data of a field of the message. ok is false if it has none, or is not well-formed.
func (m *Message) Field(fid uint32) (data []byte, ok bool) {
	if len(m.Body) < ftd.MessageHeaderLen {
		return nil, false
	}
	left := int(binary.BigEndian.Uint16(m.Body[12:]))
	for at := m.Body[ftd.MessageHeaderLen:]; left > 0 && len(at) >= ftd.FieldHeaderLen; left-- {
		end := ftd.FieldHeaderLen + int(binary.BigEndian.Uint16(at[4:]))
		if end > len(at) {
			return nil, false
		}
		if binary.BigEndian.Uint32(at) == fid {
			return at[ftd.FieldHeaderLen:end:end], true
		}
		at = at[end:]
	}
	return nil, false
}

// Err is the message's Error field, nil if it has none or says success.
func (m *Message) Err() *Error {
	var f ftd.Error
	if data, ok := m.Field(uint32(ftd.FIDError)); ok && f.Decode(data) == nil && f.Code != 0 {
		return newError(&f)
	}
	return nil
}

// refusesAll reports whether it is an Error that names no request.
func (m *Message) refusesAll() bool {
	return m.TID == uint32(ftd.TIDError) && m.Series == 0 && m.Number == 0
}

// Target is which request an Error of the front's is about. ok is false for all other messages.
func (m *Message) Target() (series uint16, number uint32, ok bool) {
	var f ftd.ErrorTargetSequence
	data, has := m.Field(uint32(ftd.FIDErrorTargetSequence))
	if m.TID != uint32(ftd.TIDError) || !has || f.Decode(data) != nil {
		return 0, 0, false
	}
	return f.Series, uint32(f.Number), true
}

// Outgoing is a message to the trading core. Its series is 0, and its number that which follows.
type Outgoing struct {
	TID    uint32
	Chain  byte // 0 for 'S'; the parts of a long message, 'F', 'C', 'L', follow one another
	Fields []Field
	// Body, if it is not nil, is sent in place of these three: a whole body, in which series and number are
	// replaced.
	Body []byte
}

// Field is one of an Outgoing.
type Field struct {
	FID  uint32
	Data []byte
}

// ResumePoint asks for a flow: Number is the last message of it that the terminal has, 0 for all of the trading
// day, -1 for those from now on.
type ResumePoint struct {
	Series uint16
	Number int32
}

// ErrNotLoggedIn is the error of a message that needs an accepted login.
var ErrNotLoggedIn = errors.New("client: log in first")

// AppendMessage appends a message to the trading core to dst, and tells its number. It may be sent while an
// answer is awaited. Before a login only RequestCode (0x8004) may be, with number 0.
func (m *Machine) AppendMessage(dst []byte, out *Outgoing) (frame []byte, number uint32, err error) {
	body := len(dst) + ftd.FrameHeaderLen
	frame, err = appendOutgoing(dst, out)
	if err != nil {
		return dst, 0, fmt.Errorf("client: %w", err)
	}
	h, err := ftd.DecodeHeader(frame[body:])
	switch {
	case err != nil:
		return dst, 0, fmt.Errorf("client: %w", err)
	case m.current.period > 0 && h.TID.Business():
		if h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainFirst {
			m.dialog++
		}
		number = m.dialog
	case m.current.period > 0 || h.TID != ftd.TIDRequestCode:
		if h.TID.Business() {
			return dst, 0, ErrNotLoggedIn
		}
		return dst, 0, fmt.Errorf("client: %v is no message to a trading core", h.TID)
	}
	binary.BigEndian.PutUint16(frame[body+6:], 0)
	binary.BigEndian.PutUint32(frame[body+8:], number)
	return frame, number, nil
}

func appendOutgoing(dst []byte, out *Outgoing) ([]byte, error) {
	if out.Body != nil {
		return ftd.AppendFrame(dst, ftd.FrameFTDC, nil, out.Body)
	}
	e := ftd.Begin(dst, ftd.TID(out.TID))
	for _, f := range out.Fields {
		e.Raw(ftd.FID(f.FID), f.Data)
	}
	frame, err := e.End()
	if err == nil && out.Chain != 0 {
		frame[len(dst)+ftd.FrameHeaderLen+5] = out.Chain
	}
	return frame, err
}

// PasswordUpdate is a change of the customer's password.
type PasswordUpdate struct {
	BrokerID, UserID         string
	OldPassword, NewPassword string // at most 40 bytes each, not ending in a space
}

// AppendPassword appends a change of the password to dst. The frame has both passwords in clear: the driver
// should clear it once it is sent. It may follow a login that was refused with 131, 140 or 141.
func (m *Machine) AppendPassword(dst []byte, p *PasswordUpdate) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDPasswordUpdate)
	number := m.dialog + 1 // before a login too: a core may want numbers that rise
	e.Sequence(0, number)
	e.PasswordUpdate(&ftd.PasswordUpdate{
		BrokerID: []byte(p.BrokerID), UserID: []byte(p.UserID),
		OldPassword: []byte(p.OldPassword), NewPassword: []byte(p.NewPassword),
	})
	out, err := m.end(RequestPassword, dst, &e)
	if err == nil {
		m.password = number
		m.dialog = number
	}
	return out, err
}

func putResume(e *ftd.Encoder, points []ResumePoint) error {
	var f ftd.ResumePoints
	if len(points) > len(f.Points) {
		return fmt.Errorf("client: %d resume points, at most %d", len(points), len(f.Points))
	}
	for _, p := range points {
		f.Points[f.Count] = ftd.Point(p)
		f.Count++
	}
	if f.Count > 0 {
		e.ResumePoints(&f)
	}
	return nil
}

// arrives reports whether a message answers no request of the front's: it is the core's, or about a request
// to that.
func (m *Machine) arrives(h ftd.Header) bool {
	if m.current.period == 0 {
		return h.TID == ftd.TIDRequestCode
	}
	switch h.TID {
	case ftd.TIDForceExit, ftd.TIDUserLogin, ftd.TIDUserLogout, ftd.TIDAuthenticate, ftd.TIDTerminalSubmit, ftd.TIDTerminalEnd:
		return false
	case ftd.TIDPasswordUpdate:
		return m.pending != RequestPassword || h.SequenceSeries != 0 || h.SequenceNumber != m.password
	case ftd.TIDError:
		isPassword := m.pending == RequestPassword && h.SequenceNumber == m.password
		return (h.SequenceSeries != 0 || h.SequenceNumber != 0) && !isPassword
	}
	return true
}

// refusesMessage reports whether an Error that names no request says that the front does not pass on what AppendMessage made: so answered
// an older front without a trading core (77). A front answers a logout under the logout's own TID.
func (m *Machine) refusesMessage(message ftd.Message) bool {
	if m.current.period == 0 || message.TID != ftd.TIDError || m.pending != NoRequest && m.pending != RequestLogout {
		return false
	}
	status, _, err := statusOf(message)
	return err == nil && status.Code != 0
}

// WithHandler calls f for each message of the trading core's, and for each Error of the front's about one to it, on the
// goroutine that reads: until f returns the Conn takes nothing else, an answer neither. f may call Send, and no other
// method that waits. Without a handler such messages are ignored.
func WithHandler(f func(Message)) Option {
	return func(o *dialing) { o.handler = f }
}

// Send sends a message to the trading core and tells its number. It waits for no answer: that goes to the
// handler. It may be called while a call waits for its answer. A context that ends closes the connection.
func (c *Conn) Send(ctx context.Context, out Outgoing) (number uint32, err error) {
	if ctx.Err() != nil {
		return 0, fmt.Errorf("client: %w", context.Cause(ctx))
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.end(fmt.Errorf("client: call given up: %w", context.Cause(ctx))) })
		defer stop()
	}
	c.wmu.Lock() // numbers are given and written in one order
	c.mu.Lock()
	if c.err != nil {
		err = c.err
	} else {
		c.outgoing, number, err = c.machine.AppendMessage(c.outgoing[:0], &out)
	}
	c.mu.Unlock()
	if err != nil {
		c.wmu.Unlock()
		return 0, err
	}
	_, err = c.conn.Write(c.outgoing)
	c.wmu.Unlock()
	return number, c.wrote(err)
}

// UpdatePassword changes the customer's password, after a login that was refused with 131, 140 or 141, or while
// logged in. The error is *Error if the trading core refused: 142, for example, if the new one is the old one.
func (c *Conn) UpdatePassword(ctx context.Context, p PasswordUpdate) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	_, err = c.exchange(func(m *Machine) ([]byte, error) { return m.AppendPassword(nil, &p) })
	return err
}
