package simulation

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/test/terminaltest"
)

const (
	orderTID ftd.TID = 0x0003
	orderFID ftd.FID = 0x2001
)

// order is a business request as a terminal sent it, or one part of a long one.
type order struct {
	id        int
	wire      *wire
	number    uint32
	tid       ftd.TID
	body      []byte
	delivered *cable // where a core got it
	lied      bool   // the core answers it as no core should
	sent      int    // answers of the core
	answers   int    // that the terminal got
	refusals  int    // that the front made
	visit     string // SubmitID of the terminal that an operator places it for
	reported  bool   // the relay was told that it is recorded
	unpassed  bool   // one of them says that the core will not get it; 90 may say that its fate is not known
}

func (o *order) String() string { return fmt.Sprintf("order %d of %v", o.id, o.wire) }

// newOrder is one with the next number of the terminal's dialog, or with a number that is wrong.
func (t *terminal) newOrder(chain byte, number uint32, size int) *order {
	w := t.w
	o := &order{id: len(w.core.orders), wire: t.wire, number: number, tid: orderTID}
	frame := encode(withNumber(ftd.Begin(nil, orderTID), 0, number), func(e *ftd.Encoder) {
		e.Raw(orderFID, append(binary.BigEndian.AppendUint32(nil, uint32(o.id)), bytes.Repeat([]byte{'x'}, size)...))
	})
	o.body = frame[ftd.FrameHeaderLen:]
	o.body[5] = chain
	o.forVisit(t)
	w.core.orders = append(w.core.orders, o)
	return o
}

// trade sends a request: one message, or one in parts.
func (t *terminal) trade() string {
	w := t.w
	t.dialog++
	chains := []byte{ftd.ChainSingle}
	if w.random.IntN(6) == 0 {
		chains = []byte{ftd.ChainFirst, ftd.ChainMiddle, ftd.ChainLast}[:2+w.random.IntN(2)]
		chains[len(chains)-1] = ftd.ChainLast
	}
	var last *order
	for _, chain := range chains {
		last = t.newOrder(chain, t.dialog, w.random.IntN(60))
		t.sayOrder(last)
	}
	t.awaited = last
	return fmt.Sprintf("sends %v, number %d, %d parts", last, t.dialog, len(chains))
}

func (t *terminal) sayOrder(o *order) {
	frame, err := ftd.AppendFrame(nil, ftd.FrameFTDC, nil, o.body)
	must(err)
	t.say("", t.raw(frame))
}

// tradeWrongly breaks the dialog's numbers: the front closes, and the core never sees it.
func (t *terminal) tradeWrongly() string {
	number := pick(t.w.random, t.dialog, t.dialog+2, 0)
	o := t.newOrder(ftd.ChainSingle, number, 4)
	o.wrongNumber(t)
	t.sayOrder(o)
	return fmt.Sprintf("sends %v with number %d behind %d", o, number, t.dialog)
}

// wrongNumber marks an order that no core may get.
func (o *order) wrongNumber(t *terminal) {
	if o.number != t.dialog+1 {
		o.delivered = forbidden
	}
}

// forbidden is the place of an order that must not be delivered.
var forbidden = &cable{core: &tradingCore{name: "no core"}}

// arrived notes a request that a core got, and holds it against what the terminal sent.
func (w *world) arrived(c *cable, key coreKey, h ftd.Header, body []byte) *order {
	if h.TID == ftd.TIDPasswordUpdate {
		return &order{wire: w.wires[wireKey(key)], number: h.SequenceNumber, tid: h.TID, id: -1}
	}
	if len(body) < ftd.MessageHeaderLen+ftd.FieldHeaderLen+4 {
		w.violate("%v: session %v sent a message that no terminal sent", c, key)
		return nil
	}
	id := int(binary.BigEndian.Uint32(body[ftd.MessageHeaderLen+ftd.FieldHeaderLen:]))
	if id >= len(w.core.orders) || !bytes.Equal(w.core.orders[id].body, body) {
		w.violate("%v: session %v sent a message that no terminal sent, or another body", c, key)
		return nil
	}
	o := w.core.orders[id]
	switch from := o.wire; {
	case o.delivered != nil:
		w.violate("%v reached %v, and had reached %v", o, c, o.delivered)
	case from != w.wires[wireKey(key)]:
		w.violate("%v reached %v as one of session %v", o, c, key)
	case o.unpassed:
		w.violate("%v was refused to its terminal, and reached %v", o, c)
	}
	o.delivered = c
	w.counts.orders++
	return o
}

// business takes a message of the core's at the terminal, or the front's refusal of a request. It reports false
// for any other.
func (t *terminal) business(h ftd.Header, m ftd.Message) bool {
	switch h.TID {
	case orderTID:
		data, _ := m.Field(orderFID)
		if len(data) < 4 || int(binary.BigEndian.Uint32(data)) >= len(t.w.core.orders) {
			t.w.violate("%v got an answer that no core gave", t.wire)
			return true
		}
		o := t.w.core.orders[binary.BigEndian.Uint32(data)]
		o.answers++
		t.answeredOrder(o, h)
	case ftd.TIDError:
		raw, targeted := m.Field(ftd.FIDErrorTargetSequence)
		if !targeted {
			return false
		}
		var target ftd.ErrorTargetSequence
		must(target.Decode(raw))
		t.refusedOrder(h, target, codeOf(m))
	case flowTID:
		t.flowMessage(h)
	default:
		return false
	}
	return true
}

func (t *terminal) answeredOrder(o *order, h ftd.Header) {
	w := t.w
	switch {
	case o.wire != t.wire:
		w.violate("%v got the answer of %v", t.wire, o)
	case t.wire.response == 0:
		w.violate("%v got the answer of %v before that of its login", t.wire, o)
	case h.SequenceSeries != 0 || h.SequenceNumber != o.number:
		w.violate("%v: the answer of %v has series %d and number %d", t.wire, o, h.SequenceSeries, h.SequenceNumber)
	case o.answers+o.refusals > 1 && !o.lied:
		w.violate("%v: %v is answered twice: %d answers, %d refusals", t.wire, o, o.answers, o.refusals)
	case h.SequenceNumber < t.wire.echoed:
		w.violate("%v: %v is answered behind number %d", t.wire, o, t.wire.echoed)
	}
	t.wire.echoed = h.SequenceNumber
	t.settled(o)
	w.counts.answers++
	if w.healed {
		t.traded++
	}
}

// refusedOrder takes the front's own answer to a request.
func (t *terminal) refusedOrder(h ftd.Header, target ftd.ErrorTargetSequence, code int) {
	w := t.w
	if t.phase == changed { // the new password has not reached the core
		t.phase = leaving
		return
	}
	if none := (ftd.ErrorTargetSequence{}); t.wire.strange > 0 && target == none && h.SequenceNumber == 0 && code == 77 {
		t.wire.strange-- // noise, at a front without a core, where no number ends a session
		return
	}
	var o *order
	for _, other := range w.core.orders { // the last part with that number
		if other.wire == t.wire && other.number == uint32(target.Number) && other.delivered != forbidden {
			o = other
		}
	}
	if o == nil || h.SequenceSeries != 0 || h.SequenceNumber != uint32(target.Number) || target.Series != 0 {
		w.violate("%v: a refusal of request %+v with number %d, which is none of its own", t.wire, target, h.SequenceNumber)
		return
	}
	switch code {
	case 7, 8, 90, 6:
	case 77:
		if !w.core.verifyOnly {
			w.violate("%v: %v is refused with 77", t.wire, o)
		}
	default:
		w.violate("%v: %v is refused with %d", t.wire, o, code)
	}
	if o.refusals++; o.answers+o.refusals > 1 && !o.lied {
		w.violate("%v: %v is answered twice: %d answers, %d refusals", t.wire, o, o.answers, o.refusals)
	}
	o.unpassed = o.unpassed || code != 90
	w.counts.unanswered++
	t.settled(o)
}

func (t *terminal) settled(o *order) {
	if t.awaited == o {
		t.awaited = nil
	}
}

// flowMessage holds the messages of a flow to their numbers.
func (t *terminal) flowMessage(h ftd.Header) {
	c, n := t.wire, int32(h.SequenceNumber)
	last, begun := c.flows[h.SequenceSeries]
	switch {
	case c.response == 0:
		t.w.violate("%v got a message of flow %#x before the answer to its login", c, h.SequenceSeries)
	case h.SequenceSeries == privateSeries && begun && n != last+1, begun && n <= last:
		t.w.violate("%v got number %d of flow %#x behind %d", c, n, h.SequenceSeries, last)
	}
	c.flows[h.SequenceSeries] = n
	if h.SequenceSeries == privateSeries {
		t.private = n
	}
}

// resumeOf is which flows a login asks for.
func (t *terminal) resumeOf() (p ftd.ResumePoints) {
	random := t.w.random
	if random.IntN(3) == 0 {
		return p
	}
	p.Count, p.Points[0] = 1, ftd.Point{Series: privateSeries, Number: pick(random, t.private, t.private, 0, -1)}
	if random.IntN(2) == 0 {
		p.Count, p.Points[1] = 2, ftd.Point{Series: wantedSeries, Number: -1}
	}
	return p
}

// withResume adds the field to a login's frame.
func withResume(frame []byte, p *ftd.ResumePoints) []byte {
	if p.Count == 0 {
		return frame
	}
	const field = ftd.FrameHeaderLen + ftd.MessageHeaderLen
	return withField(frame, encode(ftd.Begin(nil, ftd.TIDUserLogin), func(e *ftd.Encoder) { e.ResumePoints(p) })[field:])
}

// withField adds a whole field to a frame of one message.
func withField(frame, extra []byte) []byte {
	frame = append(bytes.Clone(frame), extra...)
	add := func(at, n int) {
		binary.BigEndian.PutUint16(frame[at:], binary.BigEndian.Uint16(frame[at:])+uint16(n))
	}
	add(2, len(extra))                     // the body
	add(ftd.FrameHeaderLen+12, 1)          // fields
	add(ftd.FrameHeaderLen+14, len(extra)) // their length
	return frame
}

// takesBusiness reports whether there is a trading core that takes more than logins.
func (w *world) takesBusiness() bool { return w.linked() && !w.core.verifyOnly }

// isServed reports whether the terminal got, since the healing, all that it may expect; before that, always.
func (t *terminal) isServed() bool {
	return !t.w.healed || t.welcome > 0 && (t.traded > 0 || !t.w.takesBusiness()) &&
		(!t.isOperator() || t.relay.reported > 0 && len(t.relay.pending) == 0)
}

// refused is what an honest terminal does about a refused login: it tries again here or elsewhere, and changes its password if it must.
func (t *terminal) refused(code int) {
	if !t.w.linked() {
		return
	}
	switch code {
	case 8, 90:
		if t.w.random.IntN(2) == 0 {
			t.phase = leaving // and comes again from elsewhere
		}
	case 131, 140, 141:
		t.phase = changing
	}
}

func (t *terminal) changePassword() string {
	t.phase = changed
	b := encode(withNumber(ftd.Begin(nil, ftd.TIDPasswordUpdate), 0, 1), func(e *ftd.Encoder) {
		e.PasswordUpdate(&ftd.PasswordUpdate{
			BrokerID: []byte(broker), UserID: []byte(t.account), OldPassword: []byte(passwordOf + t.account), NewPassword: []byte("simulated-2"),
		})
	})
	return t.say("changes its password", t.raw(b))
}

// hear takes what a trading core, or the front for it, says to the terminal.
func (t *terminal) hear(reply terminaltest.Reply) {
	c := t.wire
	if !t.w.linked() {
		return
	}
	body := reply.Frame[ftd.FrameHeaderLen:]
	h, err := ftd.DecodeHeader(body)
	must(err)
	m, err := ftd.DecodeMessage(body)
	must(err)
	switch {
	case h.TID == ftd.TIDUserLogin && reply.Code == 0:
		c.response++
		if a := c.winner(); a != nil {
			for _, p := range a.resume.All() {
				if p.Number >= 0 {
					c.flows[p.Series] = p.Number
				}
			}
		}
	case h.TID == ftd.TIDForceExit:
		t.phase = leaving
	case h.TID == ftd.TIDPasswordUpdate && reply.Code == 0 && t.phase == changed:
		t.phase = admitted
	default:
		t.business(h, m)
	}
}

// winner is the login of this connection that was recorded last.
func (c *wire) winner() (found *attempt) {
	for _, a := range c.attempts {
		if a.made != uuid.Nil {
			found = a
		}
	}
	return found
}
