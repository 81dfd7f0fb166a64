package terminaltest

import (
	"bytes"
	"strings"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/ftd"
)

// Values of Reply.Code that are no codes of the front.
const (
	NoCode = -1 // the message has no Error field
	Closed = -2 // the front has closed instead
)

// Reply is one message of the front. What a field lacks, or has that cannot be read, is zero.
type Reply struct {
	ftd.Message        // zero if Closed
	Frame       []byte // that the message came in
	Code        int    // of the Error field, NoCode or Closed
	Ref         string // of a refusal
}

// NewReply decodes a frame that has a message. The error is one of ftd.
func NewReply(frame []byte, f ftd.Frame) (Reply, error) {
	m, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Message: m, Frame: frame, Code: NoCode}
	if data, ok := m.Field(ftd.FIDError); ok {
		var e ftd.Error
		if err := e.Decode(data); err != nil {
			return Reply{}, err
		}
		r.Code = e.Code
		if _, ref, ok := strings.Cut(string(e.Text), "[ref "); ok {
			r.Ref = strings.TrimSuffix(ref, "]")
		}
	}
	return r, nil
}

// Challenge is that of the answer to Ask.
func (r Reply) Challenge() (c [client.ChallengeLen]byte) {
	data, _ := r.Field(ftd.FIDAuthChallenge)
	copy(c[:], data)
	return c
}

// Login is the receipt of an accepted login.
func (r Reply) Login() (f ftd.LoginResponse) {
	if data, ok := r.Field(ftd.FIDLoginResponse); !ok || f.Decode(data) != nil {
		return ftd.LoginResponse{}
	}
	return f
}

// Inbox cuts what was received into messages.
type Inbox struct{ unread []byte }

// Add adds received bytes.
func (b *Inbox) Add(received []byte) { b.unread = append(b.unread, received...) }

// Next takes the next message; frames that carry none are skipped. It reports false if no
// complete message is there. The error is one of ftd, about bytes that are no frame or no message.
func (b *Inbox) Next() (Reply, bool, error) {
	for {
		f, n, err := ftd.DecodeFrame(b.unread, ftd.MaxBodyLen)
		if err != nil || n == 0 {
			return Reply{}, false, err
		}
		frame := b.unread[:n:n]
		b.unread = b.unread[n:]
		if f.Type == ftd.FrameFTDC {
			r, err := NewReply(frame, f)
			return r, err == nil, err
		}
	}
}

// Rest is what was received and not taken yet.
func (b *Inbox) Rest() []byte { return bytes.Clone(b.unread) }
