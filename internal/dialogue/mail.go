package dialogue

import (
	"encoding/binary"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/session"
)

// Mail is what a core has for a terminal, as bytes: the core.Terminal of a connection appends to it on any
// goroutine, and gives it to Take on the connection's owner. A record has a header of four bytes, its kind, a
// zero, and the length of its data; a delivery thus looks as its frame on the wire.
type Mail []byte

const (
	mailHeaderLen = ftd.FrameHeaderLen

	mailDelivery     = byte(ftd.FrameFTDC)
	mailTerminalExit = 0xFB // SubmitID, data of ForceExit
	mailRest         = 0xFC // the end of a frame
	mailRefusal      = 0xFD // series, number, reason
	mailExit         = 0xFE // reason.Close, data of ForceExit

	refusalLen  = 2 + 4 + 1
	submitIDLen = 36
	maxMail     = ftd.MaxBodyLen
)

// AppendDelivery appends a message of the core's. A body over ftd.MaxBodyLen is none, and left out.
func AppendDelivery(dst Mail, body []byte) Mail {
	if len(body) > maxMail {
		return dst
	}
	return append(appendMailHeader(dst, mailDelivery, len(body)), body...)
}

// BeforeMail puts the end of a frame before mail, whose beginning DeliverNow's caller has written.
func BeforeMail(rest []byte, mail Mail) Mail {
	return append(append(appendMailHeader(nil, mailRest, len(rest)), rest...), mail...)
}

// AppendRefusal appends that a request will not be answered.
func AppendRefusal(dst Mail, series uint16, number uint32, why reason.Reason) Mail {
	dst = appendMailHeader(dst, mailRefusal, refusalLen)
	dst = binary.BigEndian.AppendUint16(dst, series)
	dst = binary.BigEndian.AppendUint32(dst, number)
	return append(dst, byte(why))
}

// AppendExit appends that the session ends.
func AppendExit(dst Mail, forceExit []byte, why reason.Close) Mail {
	forceExit = forceExit[:min(len(forceExit), maxMail-1)]
	dst = append(appendMailHeader(dst, mailExit, 1+len(forceExit)), byte(why))
	return append(dst, forceExit...)
}

// AppendTerminalExit appends that the terminal of a submission is to go, of an operator relay that expects to be told.
func AppendTerminalExit(dst Mail, submitID [submitIDLen]byte, forceExit []byte) Mail {
	forceExit = forceExit[:min(len(forceExit), maxMail-submitIDLen)]
	dst = append(appendMailHeader(dst, mailTerminalExit, submitIDLen+len(forceExit)), submitID[:]...)
	return append(dst, forceExit...)
}

func appendMailHeader(dst Mail, kind byte, length int) Mail {
	return binary.BigEndian.AppendUint16(append(dst, kind, 0), uint16(length))
}

// next takes the first record off m, which is not empty.
func (m Mail) next() (kind byte, data []byte, rest Mail) {
	end := mailHeaderLen + int(binary.BigEndian.Uint16(m[2:]))
	return m[0], m[mailHeaderLen:end], m[end:]
}

// DeliverNow appends the frame of a core's message to dst, for the caller to write at once: nothing that was given to
// the terminal before waits. It appends nothing if the message must go by mail. The caller has the connection to itself.
func (d *Dialogue) DeliverNow(dst, body []byte, now time.Time) (frame []byte) {
	defer d.rescue()
	if d.ended || d.closing != reason.StayOpen || len(d.kept) > 0 || len(body) > maxMail || d.session.State() != session.LoggedIn {
		return dst
	}
	before := len(dst)
	if dst = d.session.Deliver(dst, body, now); len(dst) > before {
		d.frames.Sent++
		if tap := d.tap(); tap != nil {
			tap.Sent(d.peer, dst[before:])
		}
		d.driver.observer.BusinessDelivered(1)
	}
	return dst
}

// Take gives the terminal what its core has for it, in its order, in one write if the terminal reads. While a
// login is on its way the mail is kept back: it follows the answer.
func (d *Dialogue) Take(mail Mail, now time.Time) {
	defer d.rescue()
	d.take(mail, now)
}

func (d *Dialogue) take(mail Mail, now time.Time) {
	d.scratch.out = d.scratch.out[:0]
	delivered := 0
	for len(mail) > 0 && d.closing == reason.StayOpen && !d.ended {
		if d.session.State() == session.LoggingIn {
			d.keepBack(mail)
			break
		}
		var (
			kind byte
			data []byte
		)
		kind, data, mail = mail.next()
		switch kind {
		case mailDelivery:
			before := len(d.scratch.out)
			if d.scratch.out = d.session.Deliver(d.scratch.out, data, now); len(d.scratch.out) > before {
				delivered++
				d.frames.Sent++
			}
		case mailRest: // the first of its mail, before which nothing is gathered
			d.line.Write(data)
		case mailRefusal:
			d.takeRefusal(data, now)
		case mailTerminalExit:
			d.exitTerminal(data[:submitIDLen], data[submitIDLen:], now)
		case mailExit:
			d.step(&session.Event{Kind: session.ExitAsked, Now: now, ForceExit: data[1:], Why: reason.Close(data[0])})
		}
	}
	if delivered > 0 {
		d.driver.observer.BusinessDelivered(delivered)
	}
	d.flushMail()
}

func (d *Dialogue) takeRefusal(data []byte, now time.Time) {
	switch d.session.State() {
	case session.LoggedIn, session.PasswordOnly:
	default:
		return // no session that could have asked
	}
	outcome := d.refusal(reason.Reason(data[6]), d.session.AppID(), d.session.UserID())
	d.step(&session.Event{
		Kind: session.RequestRefused, Now: now, Outcome: &outcome,
		Series: binary.BigEndian.Uint16(data), Number: binary.BigEndian.Uint32(data[2:]),
	})
}

// maxKept is how many bytes of mail are kept back behind one login: a core may send whole flows at once.
const maxKept = 16 << 20

// keepBack keeps mail until the login that is on its way is answered. With more than maxKept the connection ends as a slow reader's.
func (d *Dialogue) keepBack(mail Mail) {
	if len(d.kept)+len(mail) > maxKept {
		d.Close(reason.SlowReader)
		return
	}
	d.kept = append(d.kept, mail...)
}

// flushMail sends what was gathered, as much at a time as the terminal may leave unread. What the core sends at
// once, a flow from its beginning, may be more than that: only what the socket does not take counts.
func (d *Dialogue) flushMail() {
	out := d.scratch.out
	d.scratch.out = out[:0]
	for len(out) > 0 && !d.ended {
		n := wholeFrames(out, d.driver.limits.Load().Unsent-d.line.Unsent())
		if n == 0 {
			d.Close(reason.SlowReader)
			return
		}
		d.write(out[:n])
		out = out[n:]
	}
}

// wholeFrames is how many bytes the frames at the beginning of out have that fit room.
func wholeFrames(out []byte, room int) (n int) {
	if len(out) <= room {
		return len(out)
	}
	for {
		end := n + ftd.FrameHeaderLen + int(out[n+1]) + int(binary.BigEndian.Uint16(out[n+2:]))
		if end > room {
			return n
		}
		n = end
	}
}
