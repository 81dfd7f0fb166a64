package cppcore

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

// maker makes frames with items of any legal value; the same seed makes the same frames.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 10))} }

// text is one for s<n>: empty, full, Chinese or plain, without a space at its end.
func (m maker) text(n int) []byte {
	var s strings.Builder
	alphabet := []rune("abcXYZ019-_.: 期货交易核心é€𝄞\u00a0")
	for want := m.IntN(n + 1); s.Len() < want; {
		r := string(alphabet[m.IntN(len(alphabet))])
		if s.Len()+len(r) > n {
			break
		}
		s.WriteString(r)
	}
	if m.IntN(6) == 0 {
		return []byte(strings.Repeat("9", n))
	}
	return []byte(strings.TrimRight(s.String(), " "))
}

func (m maker) char() byte { return byte(m.IntN(256)) }

func (m maker) int32() int32 {
	edges := []int32{0, 1, -1, math.MaxInt32, math.MinInt32, -2}
	if i := m.IntN(2 * len(edges)); i < len(edges) {
		return edges[i]
	}
	return int32(m.Uint32())
}

// digits is a number of up to n digits.
func (m maker) digits(n int) int { return m.IntN(int(math.Pow10(m.IntN(n + 1)))) }

func (m maker) tag() ftd.SessionTag { return ftd.SessionTag{FrontID: m.int32(), SessionID: m.int32()} }

func (m maker) points(least int) (p ftd.ResumePoints) {
	p.Count = least + m.IntN(ftd.MaxResumePoints+1-least)
	for i := range p.Points[:p.Count] {
		p.Points[i] = ftd.Point{Series: uint16(m.IntN(1 << 16)), Number: m.int32()}
	}
	return p
}

// field appends one field of the link, of any kind, and names it.
func (m maker) field(e *ftd.Encoder, kind int) {
	switch kind {
	case 0:
		e.LinkIdentity(&ftd.LinkIdentity{
			Protocol: m.digits(3), FrontID: m.int32(), Process: m.text(36), BrokerID: m.text(10),
			Version: m.text(20), MaxSessions: m.digits(6), Business: m.char(),
		})
	case 1:
		e.LinkAccept(&ftd.LinkAccept{
			CoreID: m.text(20), Instance: m.text(36), Term: m.int32(), State: ftd.CoreState(m.char()),
			TradingDay: m.text(8), HeartbeatSeconds: m.digits(3), Credit: m.int32(),
		})
	case 2:
		e.SessionContext(&ftd.SessionContext{
			AppID: m.text(30), AppType: m.char(), PublicIP: m.text(39), PublicPort: m.digits(5),
			Instant: m.text(19), RelayAppID: m.text(30),
		})
	case 3:
		e.VerifyResult(&ftd.VerifyResult{
			UserID: m.text(18), UserType: m.char(), Restriction: m.char(), LastLogin: m.text(19),
			LastIP: m.text(39), Notice: m.text(100),
		})
	case 4:
		e.SessionRecord(&ftd.SessionRecord{RecordID: m.text(36), LoginTime: m.text(19), TradingDay: m.text(8), AbnormalFlag: m.char()})
	case 5:
		e.Reason(&ftd.Reason{Code: ftd.ReasonCode(m.char()), Text: m.text(100)})
	case 6:
		e.ResumeSession(&ftd.ResumeSession{UserID: m.text(18), RecordID: m.text(36), Delivered: m.points(0)})
	case 7:
		e.LinkCredit(&ftd.LinkCredit{Frames: m.int32()})
	case 8:
		p := m.points(1)
		e.ResumePoints(&p)
	case 9:
		e.LoginRequest(&ftd.LoginRequest{
			BrokerID: m.text(10), UserID: m.text(18), Password: m.text(40), HeartbeatSeconds: m.digits(3),
			Remark: m.text(35),
		})
	case 10:
		e.Error(&ftd.Error{Code: m.digits(9), Text: m.text(100), TimeStamp: m.text(20)})
	case 11:
		e.ForceExit(&ftd.ForceExit{Code: m.char(), Msg: m.text(100)})
	case 12:
		e.ErrorTargetSequence(&ftd.ErrorTargetSequence{Series: uint16(m.IntN(1 << 16)), Number: m.int32()})
	case 13:
		e.PasswordUpdate(&ftd.PasswordUpdate{BrokerID: m.text(10), UserID: m.text(18), OldPassword: m.text(40), NewPassword: m.text(40)})
	case 14:
		e.RelayedTerminal(&ftd.RelayedTerminal{
			AppID: m.text(30), PublicIP: m.text(39), PublicPort: m.digits(5), LoginTime: m.text(19), TerminalType: m.char(),
		})
	case 15:
		e.SubmitResponse(&ftd.SubmitResponse{
			BrokerID: m.text(10), UserID: m.text(18), UserType: m.char(), TradingDay: m.text(8), SubmitID: m.text(36),
			RecordID: m.text(36), AbnormalFlag: m.char(),
		})
	case 16:
		e.SubmitRef(&ftd.SubmitRef{SubmitID: m.text(36)})
	default:
		data := make([]byte, m.IntN(40))
		for i := range data {
			data[i] = m.char()
		}
		e.Raw(ftd.FID(0x7000+m.IntN(3)), data)
	}
}

const kinds = 18 // of field, the last is one that nothing knows

var tids = []ftd.TID{
	ftd.TIDLinkLogin, ftd.TIDSessionVerify, ftd.TIDSessionOpen, ftd.TIDSessionAbort, ftd.TIDSessionClose, ftd.TIDSessionKick,
	ftd.TIDStateChange, ftd.TIDSessionResume, ftd.TIDLinkCredit, ftd.TIDError, ftd.TIDPasswordUpdate,
	ftd.TIDVisitOpen, ftd.TIDVisitClose, 0x0003,
}

// frame is one with several fields, each kind once; with a session's tag or without.
func (m maker) frame(t testing.TB) []byte {
	t.Helper()
	e := ftd.Begin(nil, tids[m.IntN(len(tids))])
	if m.IntN(2) == 0 {
		e = ftd.BeginSession(nil, tids[m.IntN(len(tids))], m.tag())
	}
	e.Sequence(uint16(m.IntN(3)), m.Uint32())
	for _, kind := range m.Perm(kinds)[:m.IntN(5)] {
		m.field(&e, kind)
	}
	frame, err := e.End()
	if err != nil {
		t.Fatal("this test made an illegal frame: ", err)
	}
	return frame
}

// mutate breaks a frame: bytes, lengths, cuts, insertions. Of half of them the outer lengths are right again, so that what
// is broken lies deeper.
func (m maker) mutate(frame []byte) []byte {
	if len(frame) >= ftd.SessionHeaderLen+ftd.MessageHeaderLen && m.IntN(4) == 0 {
		return m.reshape(frame)
	}
	b := m.breakBytes(bytes.Clone(frame))
	if m.IntN(2) == 0 {
		mend(b)
	}
	return b
}

// reshape makes one field shorter or longer, or repeats it, with all lengths right.
func (m maker) reshape(frame []byte) []byte {
	at := len(frame) - int(binary.BigEndian.Uint16(frame[2:]))
	b := bytes.Clone(frame[:at+ftd.MessageHeaderLen])
	var fields [][]byte // with their headers
	for rest := frame[len(b):]; len(rest) > 0; {
		n := ftd.FieldHeaderLen + int(binary.BigEndian.Uint16(rest[4:]))
		fields, rest = append(fields, bytes.Clone(rest[:n])), rest[n:]
	}
	if len(fields) == 0 {
		return b
	}
	which := m.IntN(len(fields))
	switch f := fields[which]; m.IntN(4) {
	case 0:
		fields = append(fields, f)
	case 1:
		fields[which] = append(f, m.text(50)...)
	default:
		fields[which] = f[:ftd.FieldHeaderLen+m.IntN(len(f)-ftd.FieldHeaderLen+1)]
	}
	for _, f := range fields {
		binary.BigEndian.PutUint16(f[4:], uint16(len(f)-ftd.FieldHeaderLen))
		b = append(b, f...)
	}
	binary.BigEndian.PutUint16(b[at+12:], uint16(len(fields)))
	mend(b)
	return b
}

// mend sets the lengths of body and content to what is there.
func mend(b []byte) {
	if len(b) < ftd.FrameHeaderLen {
		return
	}
	body := len(b) - ftd.FrameHeaderLen - int(b[1])
	if body < ftd.MessageHeaderLen {
		return
	}
	binary.BigEndian.PutUint16(b[2:], uint16(body))
	binary.BigEndian.PutUint16(b[len(b)-body+14:], uint16(body-ftd.MessageHeaderLen))
}

func (m maker) breakBytes(b []byte) []byte {
	for range 1 + m.IntN(3) {
		if len(b) == 0 {
			return b
		}
		at := m.IntN(len(b))
		switch m.IntN(8) {
		case 0, 1:
			b[at] = m.char()
		case 2:
			b[at] ^= 1 << m.IntN(8)
		case 3:
			b = b[:at]
		case 4:
			b = append(b[:at:at], append([]byte{m.char()}, b[at:]...)...)
		case 5:
			b = append(b[:at:at], b[min(len(b), at+1+m.IntN(8)):]...)
		case 6: // one of the bytes that are lengths and counts
			b[min(m.IntN(24), len(b)-1)] = byte(m.IntN(24))
		case 7: // an item's byte that a text must not have
			b[at] = []byte{0, 0x1f, ' ', 0x7f, 0x85, 0xc2, 0xed, 0xff}[m.IntN(8)]
		}
	}
	return b
}
