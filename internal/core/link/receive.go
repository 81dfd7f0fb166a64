package link

import (
	"errors"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// frame takes one frame of the core's. A problem closes the connection.
func (c *conn) frame(f ftd.Frame) *problem {
	switch {
	case f.IsHeartbeat():
		c.received[HeartbeatFrame]++
		return nil
	case f.Type == ftd.FrameNone:
		return nil
	case f.Type != ftd.FrameFTDC:
		c.link.discard(FrameType, c, 0, 0, nil)
		return nil
	}
	h, err := ftd.DecodeHeader(f.Body)
	if err != nil {
		return &problem{Malformed, err}
	}
	if h.TID >= firstLinkTID && h.TID <= lastLinkTID {
		c.received[LinkFrame]++
		return c.linkMessage(h, f)
	}
	c.received[BusinessFrame]++
	c.business(h, f)
	return nil
}

// The TIDs of the link's own messages.
const (
	firstLinkTID = ftd.TIDLinkLogin
	lastLinkTID  = ftd.TID(0x90FF)
)

// business delivers a message to its session or audience.
func (c *conn) business(h ftd.Header, f ftd.Frame) {
	l := c.link
	tag, tagged := f.Ext.Session()
	t := c.inUse()
	switch {
	case t == nil:
		l.discard(NotInUse, c, tag.SessionID, h.TID, nil)
	case !tagged:
		c.broadcast(t, h, f)
	case tag.FrontID != l.options.FrontID:
		l.discard(ForeignSession, c, tag.SessionID, h.TID, nil)
	case h.TID == ftd.TIDRequestCode:
		if !c.codeAnswered(tag.SessionID, f.Body) {
			l.discard(LateCode, c, tag.SessionID, h.TID, nil)
		}
	case h.TID == ftd.TIDError && l.table.get(tag.SessionID) == nil && c.codeAnswered(tag.SessionID, f.Body):
	case !h.TID.Business():
		l.discard(WrongTID, c, tag.SessionID, h.TID, nil)
	default:
		c.deliver(t, tag.SessionID, h, f.Body)
	}
}

// inUse is the tenure under which c's frames count; nil if there is none.
func (c *conn) inUse() *tenure {
	if t := c.tenure.Load(); t != nil && !t.over.Load() {
		return t
	}
	return nil
}

func (c *conn) deliver(t *tenure, id int32, h ftd.Header, body []byte) {
	s := c.link.table.get(id)
	if s == nil {
		c.link.discard(UnknownSession, c, id, h.TID, nil)
		return
	}
	terminal, why := s.take(t, h)
	if terminal == nil {
		c.link.discard(why, c, id, h.TID, nil)
		return
	}
	terminal.Deliver(body)
}

// take is where a message with header h is to be delivered; nil and why not if the session takes none now.
func (s *session) take(t *tenure, h ftd.Header) (core.Terminal, Discard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.tenure != t:
		return nil, NotOpen
	case s.state == open:
	case s.state == passwordOnly && (h.TID == ftd.TIDPasswordUpdate || h.TID == ftd.TIDError):
	default:
		return nil, NotOpen
	}
	if h.SequenceSeries == 0 && (s.gaveUp(h.SequenceNumber) || s.refused.has(h.SequenceNumber)) {
		return nil, SecondAnswer
	}
	if !s.flows.note(h) {
		return nil, Repeated
	}
	if h.SequenceSeries == 0 && endsMessage(h) {
		s.requests.remove(h.SequenceNumber)
	}
	return s.terminal, 0
}

// broadcast delivers a message to all open sessions, or to those that asked for its series.
func (c *conn) broadcast(t *tenure, h ftd.Header, f ftd.Frame) {
	l := c.link
	to, known := f.Ext.Audience()
	if !known {
		why := NoSession
		if data, _ := f.Ext.Lookup(ftd.TagAudience); len(data) == 1 { // a tag of another length counts as missing
			why = UnknownAudience
		}
		l.discard(why, c, 0, h.TID, nil)
		return
	}
	if !h.TID.Business() {
		l.discard(WrongTID, c, 0, h.TID, nil)
		return
	}
	c.open = l.table.all(c.open[:0])
	for _, s := range c.open {
		if terminal := s.audience(t, to, h); terminal != nil {
			terminal.Deliver(f.Body)
		}
	}
	clear(c.open)
}

// audience is where a broadcast is to be delivered; nil if the session does not get it.
func (s *session) audience(t *tenure, to ftd.Audience, h ftd.Header) core.Terminal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tenure != t || s.state != open || to == ftd.AudienceSeries && !names(&s.asked, h.SequenceSeries) {
		return nil
	}
	if s.flows.lacksFirst(h) || !s.flows.note(h) {
		return nil
	}
	return s.terminal
}

// linkMessage takes a message of the link's own.
func (c *conn) linkMessage(h ftd.Header, f ftd.Frame) *problem {
	msg, err := ftd.DecodeMessage(f.Body)
	if err != nil {
		return &problem{Malformed, err}
	}
	switch h.TID {
	case ftd.TIDLinkLogin, ftd.TIDStateChange:
		return c.accepted(&msg)
	case ftd.TIDLinkCredit:
		return c.credit(&msg)
	case ftd.TIDSessionVerify, ftd.TIDSessionResume, ftd.TIDSessionKick:
		c.sessionMessage(&msg, f)
	default:
		c.link.discard(WrongTID, c, 0, h.TID, nil)
	}
	return nil
}

// accepted takes what the core says of itself.
func (c *conn) accepted(msg *ftd.Message) (p *problem) {
	l, m := c.link, &c.endpoint.machine
	var lost released
	l.mu.Lock()
	if c.ctx.Err() == nil {
		var credit int32
		take := m.loginAnswer
		if msg.TID == ftd.TIDStateChange {
			take = m.stateChange
		}
		if credit, p = take(msg, l.today()); p == nil {
			c.out.setCredit(credit)
			l.settle()
			l.noteStates()
			lost = l.release(c)
		}
	}
	l.mu.Unlock()
	lost.answer(l.now())
	c.accepts.Add(1)
	c.timer.Reset(0) // the heartbeat may have another period
	return p
}

func (c *conn) credit(msg *ftd.Message) *problem {
	data, there := msg.Field(ftd.FIDLinkCredit)
	if !there {
		return problemf(Malformed, "LinkCredit without its field")
	}
	var credit ftd.LinkCredit
	if err := credit.Decode(data); err != nil {
		return &problem{Malformed, err}
	}
	p, moot := c.out.addCredit(credit.Frames)
	if moot != nil {
		c.link.discard(MootCredit, c, 0, ftd.TIDLinkCredit, moot)
	}
	return p
}

// sessionMessage takes a message of the link's about one session.
func (c *conn) sessionMessage(msg *ftd.Message, f ftd.Frame) {
	l := c.link
	tag, tagged := f.Ext.Session()
	t := c.inUse()
	why := UnknownSession
	switch {
	case t == nil:
		why = NotInUse
	case !tagged:
		why = NoSession
	case tag.FrontID != l.options.FrontID:
		why = ForeignSession
	default:
		if s := l.table.get(tag.SessionID); s != nil {
			c.sessionAnswer(t, s, msg)
			return
		}
		switch msg.TID {
		case ftd.TIDSessionVerify:
			why = LateVerify
		case ftd.TIDSessionResume:
			why = LateResume
		}
	}
	l.discard(why, c, tag.SessionID, msg.TID, nil)
}

func (c *conn) sessionAnswer(t *tenure, s *session, msg *ftd.Message) {
	switch msg.TID {
	case ftd.TIDSessionVerify:
		c.verifyAnswered(t, s, msg)
	case ftd.TIDSessionResume:
		c.resumeAnswered(t, s, msg)
	default:
		c.kick(t, s, msg)
	}
}

// kick ends a session as the core wants it; the front's Close tells the core when that is done.
func (c *conn) kick(t *tenure, s *session, msg *ftd.Message) {
	terminal, why := s.kick(t)
	if terminal == nil {
		c.link.discard(why, c, s.id, msg.TID, nil)
		return
	}
	data, err := kickData(msg)
	if err != nil {
		c.link.discard(BadKick, c, s.id, msg.TID, err)
		data = forceExitKicked
	}
	c.link.observer.Exited(ExitKicked)
	terminal.Exit(data, reason.Kicked)
}

// kick is the terminal that the core of t wants sent away; nil and why not if there is none. A session that the core has not resumed yet
// is one that it has all the same: the front does not ask for it any more, takes no answer about it, and tells that core of its end.
func (s *session) kick(t *tenure) (core.Terminal, Discard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	another := s.tenure != nil && s.tenure != t && !s.tenure.over.Load() // t has ended this moment
	switch {
	case s.exited:
		return nil, SecondAnswer
	case s.tenure == t && (s.state == verified || s.state == passwordOnly || s.state == open):
	case !another && (s.state == open || s.state == waiting || s.state == resuming || s.state == leaving):
		s.land(false)
		s.state, s.tenure = leaving, t
	default:
		return nil, EarlyKick
	}
	s.exited = true
	return s.terminal, 0
}

func kickData(msg *ftd.Message) ([]byte, error) {
	data, there := msg.Field(ftd.FIDForceExit)
	if !there {
		return nil, errors.New("SessionKick without ForceExit")
	}
	var exit ftd.ForceExit
	return data, exit.Decode(data)
}
