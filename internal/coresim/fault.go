package coresim

import (
	"encoding/binary"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
)

// faults are what the core does wrong on command.
type faults struct {
	unknown, twice, malformed, oversize int // how many of the next answers
	late                                time.Duration
	delayed                             []delayed
	muteUntil                           time.Time
	noCredit                            bool
	refuseResume                        bool
}

// noSession is a SessionID that fronts do not give.
const noSession = 0x7FFFFFFF

// mute reports whether verifies and business stay without an answer now.
func (e *engine) mute() bool { return e.now.Before(e.faults.muteUntil) }

// spoil makes the answer that begins at start wrong, if a command wanted that.
func (e *engine) spoil(out *[]byte, start int) {
	f := &e.faults
	if f.unknown|f.twice|f.malformed|f.oversize == 0 || start >= len(*out) {
		return
	}
	frame := (*out)[start:]
	body := frame[ftd.FrameHeaderLen+int(frame[1]):]
	switch {
	case f.unknown > 0:
		f.unknown--
		binary.BigEndian.PutUint32(frame[ftd.SessionHeaderLen-4:], noSession)
	case f.twice > 0:
		f.twice--
		*out = append(*out, frame...)
	case f.malformed > 0:
		f.malformed--
		binary.BigEndian.PutUint16(body[14:], uint16(len(body)))
	case f.oversize > 0:
		f.oversize--
		binary.BigEndian.PutUint16(frame[2:], ftd.MaxBodyLen+1)
	}
}

// answerUnasked sends every front the answer to a SessionVerify that it did not ask for.
func (e *engine) answerUnasked() {
	for l := range e.links {
		if l.front != nil {
			l.answerSession(ftd.TIDSessionVerify, ftd.SessionTag{FrontID: l.front.key.id, SessionID: noSession}, func(m *ftd.Encoder) {
				m.Error(e.failure(codeWrong))
			})
		}
	}
}

// noCredit takes all credit away, and gives no more.
func (e *engine) noCredit() {
	e.faults.noCredit = true
	for l := range e.links {
		l.credit, l.withdrawn = 0, true
	}
	e.change()
}

// autoCredit goes back to the credit of Options.
func (e *engine) autoCredit() {
	e.faults.noCredit = false
	for l := range e.links {
		l.refill()
	}
	e.change()
}

// giveCredit gives each front so many more frames, beyond what the window would.
func (e *engine) giveCredit(frames int32) {
	for l := range e.links {
		if l.front == nil {
			continue
		}
		if l.credit != ftd.UnlimitedCredit {
			l.credit = int32(min(int64(l.credit)+int64(frames), 1<<31-1))
			l.withdrawn = true
		}
		l.grant(frames)
	}
}
