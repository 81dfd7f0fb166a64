package simulation

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

// receive takes bytes of a front's.
func (k *tradingCore) receive(c *cable, b []byte) {
	c.arrived = append(c.arrived, b...)
	for {
		f, n, err := ftd.DecodeFrame(c.arrived, ftd.MaxBodyLen)
		if err != nil {
			k.w.violate("%v: the front sent what is no frame: %v", c, err)
			return
		}
		if n == 0 {
			return
		}
		k.frame(c, f)
		c.arrived = c.arrived[n:]
	}
}

func (k *tradingCore) frame(c *cable, f ftd.Frame) {
	if f.IsHeartbeat() {
		return
	}
	h, err := ftd.DecodeHeader(f.Body)
	if err != nil {
		k.w.violate("%v: the front sent what is no message: %v", c, err)
		return
	}
	if h.TID == ftd.TIDLinkLogin {
		k.greet(c, field[ftd.LinkIdentity](k.w, f.Body, ftd.FIDLinkIdentity))
		return
	}
	tag, tagged := f.Ext.Session()
	switch {
	case !c.seen:
		k.w.violate("%v: %v before LinkLogin", c, h.TID)
	case !tagged || tag.FrontID != c.process.number:
		k.w.violate("%v: %v with the tag %+v", c, h.TID, tag)
	default:
		k.ofSession(c, coreKey{tag.FrontID, tag.SessionID}, h, f.Body)
	}
}

// field is one field of a message, which must have it.
func field[T any, P interface {
	*T
	Decode(data []byte) error
}](w *world, body []byte, fid ftd.FID) P {
	v := P(new(T))
	m, err := ftd.DecodeMessage(body)
	if err != nil {
		w.violate("a message of the link cannot be read: %v", err)
		return v
	}
	data, there := m.Field(fid)
	if !there {
		w.violate("%v has no %v", m.TID, fid)
		return v
	}
	if err := v.Decode(data); err != nil {
		w.violate("%v: %v", m.TID, err)
	}
	return v
}

func (k *tradingCore) greet(c *cable, id *ftd.LinkIdentity) {
	w := k.w
	if c.seen || id.Protocol != ftd.LinkProtocol || id.FrontID != c.process.number || string(id.BrokerID) != broker {
		w.violate("%v: LinkLogin %+v", c, id)
		return
	}
	c.seen = true
	k.tasks = append(k.tasks, &task{cable: c, what: "greets", run: func() string {
		credit := w.core.credit
		if w.healed {
			credit = ftd.UnlimitedCredit
		}
		c.credit = int64(credit)
		c.send(encode(ftd.Begin(nil, ftd.TIDLinkLogin), func(e *ftd.Encoder) { e.LinkAccept(k.accept(credit)); e.Error(&ftd.Error{}) }))
		return fmt.Sprintf("%v %c term %d", c, k.state, k.term)
	}})
}

// ofSession takes a message of a session.
func (k *tradingCore) ofSession(c *cable, key coreKey, h ftd.Header, body []byte) {
	s := k.sessions[key]
	if s != nil && s.cable != nil && s.cable != c && h.TID != ftd.TIDSessionResume && h.TID != ftd.TIDSessionVerify {
		s = nil // of another link
	}
	if c.over[key.sessionID] && h.TID != ftd.TIDSessionVerify {
		k.w.violate("%v: %v of session %v behind its end", c, h.TID, key)
		return
	}
	switch h.TID {
	case ftd.TIDSessionVerify:
		k.verify(c, key, body)
	case ftd.TIDSessionOpen:
		k.open(c, key, s, body)
	case ftd.TIDSessionAbort:
		k.abort(c, key, s, body)
	case ftd.TIDSessionClose:
		k.close(c, key, s, body)
	case ftd.TIDSessionResume:
		k.resume(c, key, body)
	case ftd.TIDVisitOpen:
		k.visitOpen(c, key, body)
	case ftd.TIDVisitClose:
		k.visitClose(c, key, body)
	default:
		k.business(c, key, s, h, body)
	}
}

func (k *tradingCore) verify(c *cable, key coreKey, body []byte) {
	w := k.w
	context := field[ftd.SessionContext](w, body, ftd.FIDSessionContext)
	login := field[ftd.LoginRequest](w, body, ftd.FIDLoginRequest)
	from := w.wires[wireKey(key)]
	if from == nil {
		w.violate("%v: SessionVerify of a connection %v that never was", c, key)
		return
	}
	told := fmt.Sprintf("%s:%d by %s, through %q", context.PublicIP, context.PublicPort, context.AppID, context.RelayAppID)
	if !from.mayVerify(told, string(login.UserID), body) {
		w.violate("%v: SessionVerify comes from %s, and so does no login of %v", c, told, from)
	}
	if old := k.sessions[key]; old != nil && old.cable == c && old.state != corePassword && old.state != coreSuspended {
		w.violate("%v: SessionVerify of %v, which is %v", c, old, old.state)
	}
	delete(c.over, key.sessionID)
	k.tasks = slices.DeleteFunc(k.tasks, func(t *task) bool { return t.key == key })
	s := &coreSession{core: k, key: key, cable: c, state: coreAsked, account: string(login.UserID)}
	k.sessions[key] = s
	right := string(login.Password) == passwordOf+s.account && accounts[s.account] != 0
	k.tasks = append(k.tasks, &task{cable: c, key: key, what: "verifies", run: func() string { return k.answerVerify(c, s, from, right) }})
}

// mayVerify reports whether a login that arrived on this connection is what a core was told of it.
func (c *wire) mayVerify(told, account string, body []byte) bool {
	m, err := ftd.DecodeMessage(body)
	must(err)
	field, relayed := m.Field(ftd.FIDRelayedTerminal)
	for _, a := range c.attempts {
		app, relay, at := c.terminal.app, "", a.terminalAddr()
		if a.via != nil {
			app, relay = a.via.app, c.terminal.app
		}
		is := fmt.Sprintf("%s:%d by %s, through %q", regulation.AppendAddr(nil, at.Addr()), at.Port(), app, relay)
		if a.delivered && (a.code == 0 || a.code == 9) && a.account == account && is == told && relayed == (a.via != nil) && (!relayed || bytes.Equal(field, a.via.field())) {
			return true
		}
	}
	return false
}

// answerVerify lets a customer in, or not. The session may have been aborted meanwhile.
func (k *tradingCore) answerVerify(c *cable, s *coreSession, from *wire, right bool) string {
	w, code, restriction := k.w, 0, byte(ftd.RestrictionNone)
	live := k.sessions[s.key] == s
	switch {
	case k.state == ftd.CoreInitialising:
		code = 7
	case k.state != ftd.CoreActive:
		code = 8
	case !right:
		code = 3
	case w.healed || w.random.IntN(100) >= w.core.lies:
	default:
		return k.lieAboutVerify(c, s, from, live)
	}
	k.sendVerify(c, s, code, restriction)
	from.told(code)
	if live && code == 0 {
		s.state = coreReserved
	} else if live {
		delete(k.sessions, s.key)
	}
	return fmt.Sprintf("%v answered %d", s, code)
}

func (k *tradingCore) sendVerify(c *cable, s *coreSession, code int, restriction byte) {
	c.send(encode(ftd.BeginSession(nil, ftd.TIDSessionVerify, s.tag()), func(e *ftd.Encoder) {
		if code == 0 || restriction != ftd.RestrictionNone {
			e.VerifyResult(&ftd.VerifyResult{
				UserID: []byte(s.account), UserType: byte(accounts[s.account]), Restriction: restriction,
				LastLogin: []byte("2026-01-01 09:00:00"), LastIP: []byte("203.0.113.1"), Notice: []byte("simulated"),
			})
		}
		e.Error(&ftd.Error{Code: code, Text: []byte("simulated")})
	}))
}

// open takes a SessionOpen: the record that it names must be stored by now.
func (k *tradingCore) open(c *cable, key coreKey, s *coreSession, body []byte) {
	w := k.w
	record := field[ftd.SessionRecord](w, body, ftd.FIDSessionRecord)
	id, err := uuid.ParseBytes(record.RecordID)
	if err != nil {
		w.violate("%v: SessionOpen with RecordID %q", c, record.RecordID)
		return
	}
	w.checkOpened(c, key, id, record)
	k.beginVisits(key)
	if s == nil || s.state != coreReserved {
		if c.loose || k.replaced(c) {
			return // reserved before the core said that it is another, or resumed over the front's next link meanwhile
		}
		w.violate("%v: SessionOpen of session %v, which is not reserved", c, key)
		return
	}
	if a := w.byID[id]; a != nil && a.account != s.account {
		w.violate("%v: SessionOpen with the record of %v, reserved is %s", c, a, s.account)
	}
	s.state, s.record, s.number, s.wants = coreOpen, id, 0, make(map[uint16]bool)
	m, err := ftd.DecodeMessage(body)
	must(err)
	var points ftd.ResumePoints
	if data, there := m.Field(ftd.FIDResumePoints); there {
		must(points.Decode(data))
	}
	k.replay(s, &points)
}

// abort takes a SessionAbort, which may cross the answer to SessionVerify. The answer to come may be kept back or not.
func (k *tradingCore) abort(c *cable, key coreKey, s *coreSession, body []byte) {
	k.reason(c, body)
	if s != nil && (s.state == coreOpen || s.state == coreSuspended) {
		k.w.violate("%v: SessionAbort of %v, which is %v", c, s, s.state)
	}
	if k.w.healed || k.w.random.IntN(2) == 0 {
		k.tasks = slices.DeleteFunc(k.tasks, func(t *task) bool { return t.cable == c && t.key == key })
	}
	if s != nil {
		delete(k.sessions, key)
	}
	delete(k.visits, key)
	c.over[key.sessionID] = true
}

func (k *tradingCore) close(c *cable, key coreKey, s *coreSession, body []byte) {
	why := k.reason(c, body)
	if s != nil && s.kicked && why != ftd.ReasonKicked && why != ftd.ReasonGone && why != ftd.ReasonLogout &&
		why != ftd.ReasonSlowReader && why != ftd.ReasonProtocol && why != ftd.ReasonDraining {
		k.w.violate("%v: SessionClose of %v, which was kicked, with reason %c", c, s, why)
	}
	if s != nil && (s.state == coreReserved || s.state == coreAsked) {
		k.w.violate("%v: SessionClose of %v, which is %v", c, s, s.state)
	}
	k.tasks = slices.DeleteFunc(k.tasks, func(t *task) bool { return t.cable == c && t.key == key })
	delete(k.sessions, key)
	delete(k.visits, key)
	c.over[key.sessionID] = true
}

func (k *tradingCore) reason(c *cable, body []byte) ftd.ReasonCode {
	r := field[ftd.Reason](k.w, body, ftd.FIDReason)
	if r.Code < ftd.ReasonLogout || r.Code > ftd.ReasonRecordFailed {
		k.w.violate("%v: Reason %q", c, byte(r.Code))
	}
	return r.Code
}

// replaced reports whether the front has another link to this core since, though the core has not seen the end of this one.
func (k *tradingCore) replaced(c *cable) bool {
	return slices.ContainsFunc(k.cables, func(o *cable) bool { return o.process == c.process && o.number > c.number && o.seen })
}

// resume takes a SessionResume; the answer is a task.
func (k *tradingCore) resume(c *cable, key coreKey, body []byte) {
	w := k.w
	r := field[ftd.ResumeSession](w, body, ftd.FIDResumeSession)
	id, err := uuid.ParseBytes(r.RecordID)
	account, delivered := string(r.UserID), r.Delivered
	if a := w.byID[id]; err != nil || a == nil || a.account != account || a.wire != w.wires[wireKey(key)] {
		w.violate("%v: SessionResume of session %v as %s with record %s", c, key, account, r.RecordID)
		return
	}
	k.beginVisits(key)
	k.tasks = append(k.tasks, &task{cable: c, key: key, what: "resumes", run: func() string {
		return k.answerResume(c, key, account, id, &delivered)
	}})
}

func (k *tradingCore) answerResume(c *cable, key coreKey, account string, id uuid.UUID, delivered *ftd.ResumePoints) string {
	w := k.w
	tag := ftd.SessionTag{FrontID: key.frontID, SessionID: key.sessionID}
	code := 0
	switch {
	case k.state != ftd.CoreActive, w.random.IntN(100) < w.core.refusedResumes:
		code = 8
	}
	s := k.sessions[key]
	if code != 0 {
		if s != nil {
			delete(k.sessions, key)
		}
		c.send(encode(ftd.BeginSession(nil, ftd.TIDSessionResume, tag), func(e *ftd.Encoder) { e.Error(&ftd.Error{Code: code}) }))
		return fmt.Sprintf("session %v is not resumed", key)
	}
	if s == nil || s.state == coreReserved { // its SessionOpen is unread, on a link that the front has left
		s = &coreSession{core: k, key: key, wants: make(map[uint16]bool)}
		k.sessions[key] = s
	}
	s.state, s.cable, s.account, s.record = coreOpen, c, account, id
	for _, p := range delivered.All() {
		s.wants[p.Series] = true
	}
	c.send(encode(ftd.BeginSession(nil, ftd.TIDSessionResume, tag), func(e *ftd.Encoder) {
		if delivered.Count > 0 {
			e.ResumePoints(delivered)
		}
		e.Error(&ftd.Error{})
	}))
	k.replay(s, delivered)
	w.counts.resumed++
	return fmt.Sprintf("%v is resumed", s)
}

// business takes a request of a terminal's.
func (k *tradingCore) business(c *cable, key coreKey, s *coreSession, h ftd.Header, body []byte) {
	w := k.w
	if c.credit == 0 && !c.loose {
		w.violate("%v: a business message beyond the credit", c)
	} else if c.credit > 0 {
		c.credit--
	}
	o := w.arrived(c, key, h, body)
	switch {
	case o == nil:
		return
	case s == nil || s.state != coreOpen && s.state != corePassword:
		if !c.loose {
			w.violate("%v: %v of session %v, which is not open", c, o, key)
		}
		return
	case s.state == corePassword && h.TID != ftd.TIDPasswordUpdate:
		w.violate("%v: %v of session %v, which may only change its password", c, o, key)
		return
	}
	if s.state == coreOpen {
		k.judgeOrder(c, key, o)
		if begins := h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainFirst; begins && h.SequenceNumber <= s.number || h.SequenceNumber < s.number {
			w.violate("%v: %v with number %d behind %d", c, o, h.SequenceNumber, s.number)
		}
		s.number = h.SequenceNumber
	}
	if h.Chain == ftd.ChainSingle || h.Chain == ftd.ChainLast {
		k.tasks = append(k.tasks, &task{cable: c, key: key, what: "answers", run: func() string { return k.answer(c, s, o) }})
	}
	if c.credit == 0 && !c.loose {
		k.tasks = append(k.tasks, &task{cable: c, what: "grants", run: func() string { return k.grant(c) }})
	}
}

func (k *tradingCore) grant(c *cable) string {
	more := max(1, k.w.core.credit)
	c.credit += int64(more)
	c.send(encode(ftd.Begin(nil, ftd.TIDLinkCredit), func(e *ftd.Encoder) { e.LinkCredit(&ftd.LinkCredit{Frames: more}) }))
	return fmt.Sprintf("%v gets credit", c)
}

// answer sends the request back, or the outcome of a change of password.
func (k *tradingCore) answer(c *cable, s *coreSession, o *order) string {
	w := k.w
	if k.sessions[s.key] != s || s.cable != c {
		return "nothing: the session is over"
	}
	if s.state == corePassword {
		c.send(encode(withNumber(ftd.BeginSession(nil, ftd.TIDPasswordUpdate, s.tag()), 0, o.number), func(e *ftd.Encoder) { e.Error(&ftd.Error{}) }))
		delete(k.sessions, s.key)
		return fmt.Sprintf("%v has another password", s)
	}
	if !w.healed && w.random.IntN(100) < w.core.lies {
		return k.lieAboutOrder(c, s, o)
	}
	if o.sent++; o.sent > 1 {
		w.violate("the model answers %v twice", o)
	}
	c.send(ftd.AppendSessionFrame(nil, s.tag(), single(o.body)))
	return fmt.Sprintf("%v answered", o)
}

// single is a body as one message.
func single(body []byte) []byte {
	b := bytes.Clone(body)
	b[5] = ftd.ChainSingle
	return b
}

func withNumber(e ftd.Encoder, series uint16, number uint32) ftd.Encoder {
	e.Sequence(series, number)
	return e
}

// kick ends a session as the core wants it.
func (k *tradingCore) kick(s *coreSession) string {
	s.kicked = true
	k.w.counts.kicks++
	s.cable.send(encode(ftd.BeginSession(nil, ftd.TIDSessionKick, s.tag()), func(e *ftd.Encoder) {
		e.ForceExit(&ftd.ForceExit{Code: '1', Msg: []byte("simulated")})
	}))
	return fmt.Sprintf("%v is kicked", s)
}
