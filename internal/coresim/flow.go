package coresim

import (
	"encoding/binary"

	"github.com/tradefront/tradefront/internal/ftd"
)

// Series of the broadcast flows.
const (
	seriesEverybody = 0xFF00 // to Audience 'B'
	seriesWanted    = 0xFF01 // to Audience 'D'
)

// flow is a run of numbered messages that can be sent again.
type flow struct {
	series uint16
	first  int32 // the number of history[0]
	last   int32
	bodies [][]byte
}

// append gives body the next number and keeps it; body is the flow's from now on.
func (f *flow) append(body []byte) {
	f.last++
	if len(f.bodies) == 0 {
		f.first = f.last
	}
	binary.BigEndian.PutUint16(body[6:], f.series)
	binary.BigEndian.PutUint32(body[8:], uint32(f.last))
	if len(f.bodies) == MaxHistory {
		f.bodies[0] = nil
		f.bodies, f.first = f.bodies[1:], f.first+1
	}
	f.bodies = append(f.bodies, body)
}

// after are the messages behind number that are still there; missing says that some are not.
func (f *flow) after(number int32) (bodies [][]byte, missing bool) {
	if number < 0 || number >= f.last {
		return nil, false
	}
	from := number + 1 - f.first
	if len(f.bodies) == 0 || from < 0 {
		return f.bodies, true
	}
	return f.bodies[from:], false
}

// reach lets the flow go on behind a number that an earlier instance gave.
func (f *flow) reach(number int32) {
	if number > f.last {
		f.last, f.bodies = number, nil
	}
}

// reset begins another trading day.
func (f *flow) reset() { *f = flow{series: f.series} }

// resumePoints is from where the flows of a resumed session go on: where the front says they were delivered to, its
// own flow from now if the front says nothing. What an earlier instance numbered is taken over.
func (e *engine) resumePoints(s *session, delivered *ftd.ResumePoints) (points ftd.ResumePoints) {
	for _, p := range delivered.All() {
		f := e.flowOf(s, p.Series)
		if f == nil {
			e.count.ForeignSeries++
			continue
		}
		f.reach(p.Number)
		if p.Number < 0 { // nothing of it was delivered since SessionOpen
			p.Number = s.behind(f)
		}
		points.Points[points.Count] = p
		points.Count++
	}
	if points.Count == 0 {
		points.Count, points.Points[0] = 1, ftd.Point{Series: s.account.flow.series, Number: s.account.flow.last}
	}
	return points
}

// begins is behind which numbers the flows begin that SessionOpen asks for.
func (e *engine) begins(s *session, asked ftd.ResumePoints) ftd.ResumePoints {
	for i := range asked.All() {
		p := &asked.Points[i]
		if f := e.flowOf(s, p.Series); f != nil && p.Number < 0 {
			p.Number = f.last
		}
	}
	return asked
}

// behind is where a flow of which the session has got nothing goes on: where it began, or with all that this instance has if an
// earlier one opened the session.
func (s *session) behind(f *flow) int32 {
	for _, p := range s.from.All() {
		if p.Series == f.series && p.Number >= 0 && p.Number <= f.last {
			return p.Number
		}
	}
	return f.start()
}

// start is the number behind which everything is that is still there.
func (f *flow) start() int32 {
	if len(f.bodies) == 0 {
		return f.last
	}
	return f.first - 1
}

// replay sends what the points ask for. Points of series that are not the session's are counted.
func (e *engine) replay(s *session, points *ftd.ResumePoints) {
	for _, p := range points.All() {
		f := e.flowOf(s, p.Series)
		if f == nil {
			e.count.ForeignSeries++
			continue
		}
		bodies, missing := f.after(p.Number)
		if missing {
			e.count.HistoryGone++
		}
		for _, b := range bodies {
			e.count.Replayed++
			e.deliver(s, b)
		}
	}
}

// flowOf is the flow of that series that the session may have.
func (e *engine) flowOf(s *session, series uint16) *flow {
	switch series {
	case s.account.flow.series:
		return &s.account.flow
	case seriesEverybody:
		return &e.everybody
	case seriesWanted:
		return &e.wanted
	}
	return nil
}

// broadcast sends text to every front: to all sessions, or to those that asked for the series.
func (e *engine) broadcast(to ftd.Audience, text string) error {
	f := &e.everybody
	if to == ftd.AudienceSeries {
		f = &e.wanted
	}
	m := ftd.Begin(nil, TIDMarketStatus)
	status := Status{Instrument: e.o.Instrument, LastPrice: e.book.last, Text: text}
	if err := status.append(&m); err != nil {
		return err
	}
	frame, err := m.End()
	if err != nil {
		return err
	}
	f.append(frame[ftd.FrameHeaderLen:])
	e.count.Broadcasts++
	for l := range e.links {
		if l.front == nil || !l.front.business {
			continue
		}
		if dst := l.begin(); dst != nil {
			*dst = ftd.AppendBroadcast(*dst, to, frame[ftd.FrameHeaderLen:])
			l.end()
		}
	}
	return nil
}
