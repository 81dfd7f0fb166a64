package simulation

import (
	"fmt"

	"github.com/tradefront/tradefront/internal/ftd"
)

// The series of the model's flows, and the TID of their messages.
const (
	privateSeries = 1
	noticeSeries  = 0xFF00
	wantedSeries  = 0xFF01

	flowTID ftd.TID = 0x1001
	flowFID ftd.FID = 0x2002

	maxFlow = 20 // messages, so that no terminal is asked to read more at once than it may leave unread
)

// flow is a run of numbered messages.
type flow struct {
	series uint16
	bodies [][]byte
}

// next appends a message.
func (f *flow) next() []byte {
	e := withNumber(ftd.Begin(nil, flowTID), f.series, uint32(len(f.bodies)+1))
	body := encode(e, func(e *ftd.Encoder) { e.Raw(flowFID, fmt.Appendf(nil, "%d", len(f.bodies)+1)) })[ftd.FrameHeaderLen:]
	f.bodies = append(f.bodies, body)
	return body
}

func (w *world) privateFlow(account string) *flow {
	if w.core.flows[account] == nil {
		w.core.flows[account] = &flow{series: privateSeries}
	}
	return w.core.flows[account]
}

// replay sends what a session asks for, and remembers what it wants.
func (k *tradingCore) replay(s *coreSession, points *ftd.ResumePoints) {
	for _, p := range points.All() {
		s.wants[p.Series] = true
		if p.Series != privateSeries || p.Number < 0 {
			continue
		}
		for _, body := range k.w.privateFlow(s.account).bodies[p.Number:] {
			s.cable.send(ftd.AppendSessionFrame(nil, s.tag(), body))
		}
	}
}

// report appends to an account's private flow, and sends it to the sessions that want it.
func (k *tradingCore) report(account string) string {
	f := k.w.privateFlow(account)
	if len(f.bodies) == maxFlow {
		return "nothing: the flow is full"
	}
	body := f.next()
	n := 0
	for _, s := range k.ordered() {
		if s.state == coreOpen && s.account == account && s.wants[privateSeries] {
			s.cable.send(ftd.AppendSessionFrame(nil, s.tag(), body))
			n++
		}
	}
	k.w.counts.flows++
	return fmt.Sprintf("core %s reports to %d sessions of %s", k.name, n, account)
}

// notify sends a broadcast to each front: to all sessions, or to those that asked for the series.
func (k *tradingCore) notify() string {
	to := pick(k.w.random, ftd.AudienceFront, ftd.AudienceSeries)
	k.w.core.notice.series = noticeSeries
	if to == ftd.AudienceSeries {
		k.w.core.notice.series = wantedSeries
	}
	body := k.w.core.notice.next()
	for _, c := range k.cables {
		if c.seen {
			c.send(ftd.AppendBroadcast(nil, to, body))
		}
	}
	k.w.counts.flows++
	return fmt.Sprintf("core %s sends a broadcast", k.name)
}
