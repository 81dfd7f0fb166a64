package link

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// Status is how a Link is at one moment.
type Status struct {
	Endpoints []EndpointStatus
	InUse     int   // the index of the endpoint whose core is in use; -1 for none
	Term      int32 // the highest of an active core that was seen

	Sessions  int // all, in any state
	Verifying int // of them: the core is to answer
	Waiting   int // of them: open, without a core
}

// Ready reports that a core is in use.
func (s *Status) Ready() bool { return s.InUse >= 0 }

// Alarm is about the trading day of a core.
type Alarm string

// The alarms.
const (
	AlarmNotUsed  Alarm = "trading_day"          // the core has another day than the calendar: it is not used
	AlarmOutdated Alarm = "outdated_trading_day" // the calendar's day changed, and the core in use still has the one before
)

// EndpointStatus is how one endpoint is.
type EndpointStatus struct {
	Endpoint Endpoint
	State    State
	Since    time.Time // of State

	// What the core said; empty while it did not.
	CoreID, Instance string
	Term             int32
	TradingDay       string
	// Alarm is what is wrong with the trading day of a core that says active; "" if nothing is.
	Alarm Alarm

	LastFault     Fault
	LastFaultAt   time.Time
	LastFaultText string

	Credit int32 // business frames that may be sent; ftd.UnlimitedCredit
	Queued int   // bytes that the socket did not take yet
}

// Status is how the link is now.
func (l *Link) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{InUse: -1, Term: l.chooser.term}
	if t := l.tenure.Load(); t != nil {
		s.InUse = t.conn.endpoint.index
	}
	today := l.today()
	for _, e := range l.endpoints {
		s.Endpoints = append(s.Endpoints, e.status(today))
	}
	s.Sessions, s.Verifying, s.Waiting = l.table.counts()
	return s
}

// status is the endpoint's. Link.mu is held.
func (e *endpoint) status(today calendar.TradingDay) EndpointStatus {
	s := EndpointStatus{
		Endpoint: e.Endpoint, State: e.machine.state, Since: e.since,
		CoreID: e.machine.core.coreID, Instance: e.machine.core.instance, Term: e.machine.core.term,
	}
	if e.machine.core.day != 0 {
		s.TradingDay = e.machine.core.day.String()
	}
	switch {
	case e.machine.alarmed():
		s.Alarm = AlarmNotUsed
	case e.machine.outdated(today):
		s.Alarm = AlarmOutdated
	}
	if e.last != nil {
		s.LastFault, s.LastFaultAt, s.LastFaultText = e.last.fault, e.lastAt, e.last.err.Error()
	}
	if e.conn != nil {
		s.Credit, s.Queued = e.conn.out.state()
	}
	return s
}
