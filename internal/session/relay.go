package session

import (
	"bytes"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	windowFactor   = 4    // windows of submissions that a relay may have sent without an answer that it can have read
	surplusEnds    = 1000 // TerminalEnds that ended nothing and may have gathered; RelayTerms.Burst where that is more
	surplusPerSec  = 50   // of which so many are forgotten each second; RelayTerms.Rate where that is more
	submitRefusals = 1000 // refused submissions that a relay may have saved up
	refusalsPerSec = 50   // of which so many are forgotten each second
)

// relaySession is what a session knows of an operator relay that is logged in.
type relaySession struct {
	loginTime  time.Time // of the operator's login, as recorded: the relay login time of its submissions
	window     int       // submissions that may be unanswered
	unanswered int       // submissions that are on their way
	leaving    bool      // UserLogout came while some were: their answers come before its own
	over       float64   // refused for the window while others were on their way, of which a window is forgotten each second; see leaveWindow
	overAt     time.Time
	endsOne    bool // the relay expects a ForceExit that ends one terminal

	surplus     float64 // TerminalEnds that ended nothing, of which surplusRate are forgotten each second
	surplusAt   time.Time
	mostSurplus int
	surplusRate int

	refusals  float64 // refused submissions, of which refusalsPerSec are forgotten each second
	refusedAt time.Time
}

// relaying is what the session keeps for an operator relay. It is made when it is needed first: most sessions are those of terminals,
// and none of these needs it.
func (s *Session) relaying() *relaySession {
	if s.relay == nil {
		s.relay = new(relaySession)
	}
	return s.relay
}

// Reports is true while an operator relay is logged in, which reports terminals on this session. Its submissions must not wait
// behind a business message: what cannot be passed on now is refused instead of being left unread.
func (s *Session) Reports() bool { return s.appType == ftd.OperatorRelay && s.state == LoggedIn }

// begin takes the terms of an operator's login that was answered.
func (r *relaySession) begin(receipt *Receipt) {
	*r = relaySession{loginTime: receipt.LoginTime, window: 1, mostSurplus: surplusEnds, surplusRate: surplusPerSec}
	if t := receipt.Terms; t != nil {
		r.window, r.endsOne = max(1, t.Window), t.Features == ftd.TermsTerminalExit
		r.mostSurplus, r.surplusRate = max(r.mostSurplus, t.Burst), max(r.surplusRate, t.Rate)
	}
}

// flooded counts a submission that came while the window was full, and reports whether the relay has sent more than
// windowFactor windows of them without waiting: it does not read what it is told, and nothing but the end of the
// connection stops it. A relay that sends one, reads the refusal and sends the next is none: within a second it has read
// a window of them.
func (r *relaySession) flooded(now time.Time) bool {
	r.over = max(0, r.over-float64(r.window)*now.Sub(r.overAt).Seconds()) + 1
	r.overAt = now
	return float64(r.unanswered)+r.over > float64(windowFactor*r.window)
}

// leaveWindow takes an answered submission out. Each answer makes up for one that was sent too early, and a relay that
// has waited for all of them begins anew.
func (r *relaySession) leaveWindow() {
	r.unanswered--
	r.over = max(0, r.over-1)
	if r.unanswered == 0 {
		r.over = 0
	}
}

// surplusFlood counts a TerminalEnd that ended nothing, and reports whether they come faster than the relay may submit terminals:
// each is answered and has a line in the audit log, and none is of use. A TerminalEnd for a live terminal is not counted, however
// many there are, and time forgets the others: a relay that says it twice keeps its connection.
func (r *relaySession) surplusFlood(now time.Time) bool {
	r.surplus = max(0, r.surplus-float64(r.surplusRate)*now.Sub(r.surplusAt).Seconds()) + 1
	r.surplusAt = now
	return r.surplus > float64(r.mostSurplus)
}

// overspent counts a refused submission and reports whether there were too many.
func (r *relaySession) overspent(now time.Time) bool {
	r.refusals = max(0, r.refusals-refusalsPerSec*now.Sub(r.refusedAt).Seconds()) + 1
	r.refusedAt = now
	return r.refusals > submitRefusals
}

// decodeRelayed reads what a relay tells of a terminal; tag is nil if it sent none. An illegal item is noted for the
// gateway, which judges it in its place in the order of checks; the error is a Fault.
func (t *RelayedTerminal) decodeRelayed(field, tag []byte) error {
	err := t.Told.Decode(field)
	if fault, is := err.(ftd.Fault); is {
		return fault
	}
	t.Field = field[:relayedTerminalLen]
	switch {
	case err != nil:
		t.Illegal = itemOf(err)
	case bytes.IndexByte(t.Told.AppID, regulation.Separator) >= 0:
		t.Illegal = "RelayedTerminal.AppID"
	case t.Told.TerminalType < '0' || t.Told.TerminalType > '7':
		t.Illegal = "RelayedTerminal.TerminalType"
	}
	if tag == nil {
		return nil
	}
	err = t.Tag.Decode(tag)
	if fault, is := err.(ftd.Fault); is {
		return fault
	}
	if t.Tagged = true; t.Illegal == "" && err != nil {
		t.Illegal = itemOf(err)
	}
	return nil
}

// itemOf is the item that a decoder's error is about, as RelayedTerminal.PublicIP; "" without one.
func itemOf(err error) string {
	if e, is := err.(*ftd.FieldError); is {
		return e.Name()
	}
	return ""
}

// putVia adds the RelayRecorded field.
func putVia(e *ftd.Encoder, v *Via) {
	var (
		appID   [30]byte
		addr    [regulation.MaxAddrLen]byte
		instant [regulation.TimeLen]byte
	)
	recorded := ftd.RelayRecorded{
		RelayAppID: append(appID[:0], v.AppID...),
		RelayIP:    regulation.AppendAddr(addr[:0], v.Addr.Addr()),
		RelayPort:  int(v.Addr.Port()),
	}
	if !v.LoginTime.IsZero() {
		recorded.RelayLoginTime = v.LoginTime.In(regulation.Zone).AppendFormat(instant[:0], regulation.TimeLayout)
	}
	e.RelayRecorded(&recorded)
}
