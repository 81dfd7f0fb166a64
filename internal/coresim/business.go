package coresim

import (
	"math"

	"github.com/tradefront/tradefront/internal/ftd"
)

// dialog follows the numbers of a session's requests.
type dialog struct {
	last    uint32
	recent  uint64  // which of the 64 up to last have been, last in bit 0
	chain   ftd.TID // of the chain that is under way
	chained bool
}

type verdict uint8

const (
	inOrder verdict = iota
	repeated
	outOfOrder
	cutChain
)

// judge says whether a request's number may come now; it must rise, and the parts of a chain share one.
func (d *dialog) judge(h ftd.Header) verdict {
	if d.chained && (h.Chain == ftd.ChainMiddle || h.Chain == ftd.ChainLast) && h.TID == d.chain && h.SequenceNumber == d.last {
		d.chained = h.Chain != ftd.ChainLast
		return inOrder
	}
	if h.Chain == ftd.ChainMiddle || h.Chain == ftd.ChainLast {
		return cutChain
	}
	if h.SequenceNumber <= d.last {
		if back := d.last - h.SequenceNumber; h.SequenceNumber > 0 && back < 64 && d.recent&(1<<back) != 0 {
			return repeated
		}
		return outOfOrder
	}
	d.recent = d.recent<<(h.SequenceNumber-d.last) | 1
	d.last, d.chain, d.chained = h.SequenceNumber, h.TID, h.Chain == ftd.ChainFirst // one that was unfinished ends
	return inOrder
}

// business takes a business message.
func (l *link) business(tag ftd.SessionTag, h ftd.Header, body []byte) {
	e := l.e
	if !h.TID.Business() {
		e.count.UnknownTID++
		return
	}
	l.spend()
	s := l.own(tag)
	switch {
	case e.state != ftd.CoreActive:
		e.count.NotActive++
		return
	case s == nil || s.state == stateReserved:
		e.count.UnknownSession++
		return
	}
	e.count.Business++
	if e.mute() {
		e.count.Muted++
		return
	}
	// Before the login there is no order of requests: the terminal picks the number of a PasswordUpdate.
	if h.SequenceSeries == 0 && s.state != statePasswordOnly && !l.inOrder(s, h) {
		return
	}
	whole, fits := l.gather(s, h, body)
	switch {
	case !fits:
		l.answer(tag, h, func(m *ftd.Encoder) { m.Error(e.failure(codeField)) })
	case whole == nil: // its last part has not come, and may never
	case h.TID == ftd.TIDPasswordUpdate:
		l.passwordUpdate(s, h, whole)
	case s.state == statePasswordOnly:
		e.count.BeyondPassword++
	case h.TID == TIDOrderInsert:
		l.order(s, h, whole)
	default:
		l.echo(tag, whole)
	}
}

// inOrder counts and answers a request whose number may not come now.
func (l *link) inOrder(s *session, h ftd.Header) bool {
	switch s.dialog.judge(h) {
	case inOrder:
		return true
	case repeated:
		l.e.count.Duplicates++
	case outOfOrder:
		l.e.count.OutOfOrder++
	case cutChain:
		l.e.count.CutChains++
	}
	l.answer(s.tag(), ftd.Header{TID: ftd.TIDError, SequenceNumber: h.SequenceNumber}, func(m *ftd.Encoder) {
		m.Error(l.e.failure(codeField))
		m.ErrorTargetSequence(&ftd.ErrorTargetSequence{Number: int32(min(h.SequenceNumber, math.MaxInt32))})
	})
	return false
}

// echo sends a business message back as it came, in its parts.
func (l *link) echo(tag ftd.SessionTag, whole [][]byte) {
	for _, body := range whole {
		dst := l.begin()
		if dst == nil {
			return
		}
		l.e.count.Echoes++
		*dst = ftd.AppendSessionFrame(*dst, tag, body)
		l.e.spoil(l.into, l.start)
		l.end()
	}
}

// answer sends a business answer with the number of its request h.
func (l *link) answer(tag ftd.SessionTag, h ftd.Header, fields func(m *ftd.Encoder)) {
	dst := l.begin()
	if dst == nil {
		return
	}
	m := ftd.BeginSession(*dst, h.TID, tag)
	m.Sequence(h.SequenceSeries, h.SequenceNumber)
	fields(&m)
	out, err := m.End()
	if err != nil {
		return
	}
	*dst = out
	l.e.spoil(l.into, l.start)
	l.end()
}

// deliver sends a message of a flow to a session, if it has a link now.
func (e *engine) deliver(s *session, body []byte) {
	if s.state != stateOpen {
		return
	}
	if dst := s.link.begin(); dst != nil {
		*dst = ftd.AppendSessionFrame(*dst, s.tag(), body)
		s.link.end()
	}
}
