package coresim

import (
	"math"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/ftd"
)

// link is the engine's side of one connection of a front.
type link struct {
	e     *engine
	front *front // nil before LinkLogin
	out   []byte // to be written
	fault string // why the link ends once out is written; "" while it goes on
	over  bool   // disconnect was called
	dirty bool   // in engine.dirty

	heard, said time.Time

	credit      int32     // what the front may still send; ftd.UnlimitedCredit
	withdrawn   bool      // by no-credit, or given by hand: what is left of it is not judged any more
	frontCredit int32     // what the core may still send; ftd.UnlimitedCredit
	held        []byte    // business frames that wait for the front's credit
	single      [1][]byte // the message in one part that is being taken
	start       int       // where the frame begins that is being appended
	into        *[]byte

	io *conn // the server's
}

// feed takes the frames that are whole off data and says how many bytes they were.
func (l *link) feed(now time.Time, data []byte) (used int) {
	l.e.now = now
	l.heard = now
	for l.fault == "" {
		f, n, err := ftd.DecodeFrame(data[used:], ftd.MaxBodyLen)
		if err != nil {
			l.e.count.fault("malformed")
			l.e.log.Warn("a front sent a malformed frame: the link ends", zap.Error(err))
			l.fail("malformed")
			break
		}
		if n == 0 {
			break
		}
		used += n
		l.e.count.FramesIn++
		if f.Type == ftd.FrameFTDC {
			l.message(f)
		}
	}
	return used
}

// message takes a frame with a message.
func (l *link) message(f ftd.Frame) {
	h, err := ftd.DecodeHeader(f.Body)
	switch {
	case err != nil:
		l.violation("malformed")
	case (l.front == nil) != (h.TID == ftd.TIDLinkLogin):
		l.violation("link_login") // another message before it, or a second one
	case h.TID == ftd.TIDLinkLogin:
		l.login(f.Body)
	case h.TID == ftd.TIDLinkCredit:
		l.creditOf(f.Body)
	default:
		l.sessionMessage(f, h)
	}
}

// violation ends a link whose front breaks the contract so that the core cannot go on.
func (l *link) violation(word string) {
	l.e.count.fault(word)
	l.e.log.Warn("a front broke the contract of the link: the link ends", zap.String("fault", word))
	l.fail(word)
}

// fail ends the link once what is queued is written.
func (l *link) fail(word string) {
	if l.fault == "" {
		l.fault = word
	}
	l.touch()
}

// touch says that the link has something to be written, or ends.
func (l *link) touch() {
	if !l.dirty {
		l.dirty = true
		l.e.dirty = append(l.e.dirty, l)
	}
}

// send completes a message of the link or of a session's life; these cost no credit. m was begun on l.out.
func (l *link) send(m ftd.Encoder, fields func(m *ftd.Encoder)) {
	if l.over || l.fault != "" {
		return
	}
	fields(&m)
	out, err := m.End()
	if err != nil {
		l.e.log.Error("core-sim cannot build a message", zap.Error(err))
		return
	}
	l.out = out
	l.sent()
}

// begin is where a business frame is to be appended, nil if the link is at its end; end completes it.
func (l *link) begin() *[]byte {
	if l == nil || l.over || l.fault != "" {
		return nil
	}
	l.into = &l.out
	if l.frontCredit == 0 {
		l.into = &l.held
	}
	l.start = len(*l.into)
	return l.into
}

func (l *link) end() {
	if l.into == &l.held {
		if len(l.held) > MaxQueued {
			l.violation("slow_front")
		}
		return
	}
	if l.frontCredit > 0 {
		l.frontCredit--
	}
	l.sent()
}

func (l *link) sent() {
	l.e.count.FramesOut++
	l.touch()
	if len(l.out) > MaxQueued {
		l.out = l.out[:0]
		l.violation("slow_front")
	}
}

// take hands out what is to be written, and takes spare for what comes next.
func (l *link) take(spare []byte) []byte {
	out := l.out
	l.out, l.said = spare[:0], l.e.now
	return out
}

// beat sends a heartbeat on a silent link, and ends one that was not heard of for three of them.
func (l *link) beat() {
	if l.e.now.Sub(l.heard) >= 3*l.e.o.Heartbeat {
		l.violation("silent")
		return
	}
	if l.front != nil && len(l.out) == 0 && l.e.now.Sub(l.said) >= l.e.o.Heartbeat {
		l.said = l.e.now
		l.out = ftd.AppendHeartbeat(l.out)
		l.sent()
	}
}

// login answers LinkLogin.
func (l *link) login(body []byte) {
	var id ftd.LinkIdentity
	if !field(body, ftd.FIDLinkIdentity, &id) {
		l.violation("link_login")
		return
	}
	_, err := uuid.ParseBytes(id.Process)
	switch {
	case id.Protocol != ftd.LinkProtocol || (id.Business != '0' && id.Business != '1'):
		l.refuse(codeUnknown)
		return
	case err != nil || id.MaxSessions == 0:
		l.refuse(codeField)
		return
	}
	l.e.enter(l, &id)
	l.refill()
	l.send(ftd.Begin(l.out, ftd.TIDLinkLogin), func(m *ftd.Encoder) {
		m.LinkAccept(l.e.accept(l))
		m.Error(l.e.failure(0))
	})
}

// refuse answers LinkLogin with an error and ends the link.
func (l *link) refuse(code int) {
	l.e.count.fault("link_refused")
	l.send(ftd.Begin(l.out, ftd.TIDLinkLogin), func(m *ftd.Encoder) { m.Error(l.e.failure(code)) })
	l.fail("link_refused")
}

// enter makes l a link of the front. A front that has another Process is another start of its program: that the one
// before is dead, its links did not say yet.
func (e *engine) enter(l *link, id *ftd.LinkIdentity) {
	key := frontKey{id.FrontID, string(id.Process)}
	for k, f := range e.fronts {
		if k.id == key.id && k != key {
			e.supersede(f)
		}
	}
	f := e.fronts[key]
	if f == nil {
		f = &front{key: key, sessions: map[int32]*session{}}
		e.fronts[key] = f
	}
	f.broker, f.business = string(id.BrokerID), id.Business == '1'
	f.links++
	e.count.Links++
	l.front = f
}

func (e *engine) supersede(f *front) {
	for _, s := range f.sessions {
		e.count.Superseded++
		e.drop(s)
	}
	for l := range e.links {
		if l.front == f {
			l.fail("superseded")
		}
	}
}

// spend counts a business frame of the front's against its credit, and fills the window up again.
func (l *link) spend() {
	if l.credit == ftd.UnlimitedCredit {
		return
	}
	if l.credit == 0 {
		if !l.withdrawn {
			l.e.count.OverCredit++
		}
		return
	}
	if l.credit--; l.e.faults.noCredit || l.withdrawn || l.credit > l.e.o.Credit/2 {
		return
	}
	more := l.e.o.Credit - l.credit
	l.credit = l.e.o.Credit
	l.grant(more)
}

// refill sets the credit to what a new link has.
func (l *link) refill() {
	switch {
	case l.e.faults.noCredit:
		l.credit, l.withdrawn = 0, true
	case l.e.o.Credit == 0:
		l.credit, l.withdrawn = ftd.UnlimitedCredit, false
	default:
		l.credit, l.withdrawn = l.e.o.Credit, false
	}
}

func (l *link) grant(frames int32) {
	l.send(ftd.Begin(l.out, ftd.TIDLinkCredit), func(m *ftd.Encoder) { m.LinkCredit(&ftd.LinkCredit{Frames: frames}) })
}

// creditOf takes the front's LinkCredit. The first one bounds what the core may send.
func (l *link) creditOf(body []byte) {
	var c ftd.LinkCredit
	if !field(body, ftd.FIDLinkCredit, &c) {
		l.violation("malformed")
		return
	}
	switch {
	case c.Frames == ftd.UnlimitedCredit:
		l.frontCredit = ftd.UnlimitedCredit
	case c.Frames < 0:
		l.violation("bad_credit")
		return
	case c.Frames == 0: // it gives nothing
		return
	case l.frontCredit == ftd.UnlimitedCredit:
		l.frontCredit = c.Frames
	default:
		l.frontCredit = int32(min(int64(l.frontCredit)+int64(c.Frames), math.MaxInt32))
	}
	l.release()
}

// release sends frames that waited for credit.
func (l *link) release() {
	for len(l.held) > 0 && l.frontCredit != 0 {
		_, n, err := ftd.DecodeFrame(l.held, ftd.MaxBodyLen)
		if err != nil || n == 0 { // one that a fault command spoiled: it goes with all behind it
			n = len(l.held)
		}
		l.out = append(l.out, l.held[:n]...)
		l.held = l.held[n:]
		if l.frontCredit > 0 {
			l.frontCredit--
		}
		l.sent()
	}
	if len(l.held) == 0 {
		l.held = nil
	}
}

// decoder is a field of package ftd.
type decoder interface{ Decode(data []byte) error }

// field decodes one required field of a message; false if the message or the field is not as it must be.
func field(body []byte, fid ftd.FID, into decoder) bool {
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		return false
	}
	return fieldOf(m, fid, into)
}

func fieldOf(m ftd.Message, fid ftd.FID, into decoder) bool {
	data, there := m.Field(fid)
	return there && into.Decode(data) == nil
}
