package link

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// Times of the link that no option sets.
const (
	greetTimeout     = 5 * time.Second // for the answer to LinkLogin
	defaultHeartbeat = 5 * time.Second // if LinkAccept has 0
	silentHeartbeats = 3               // after so many the core is dead
	dayPeriod        = time.Second     // after which the trading day of a core that waits for the calendar's is compared again
)

// machine is the dialogue of the link itself at one endpoint: who is there, and how. It is pure: time and frames
// come in, frames and verdicts go out.
type machine struct {
	state     State
	core      acceptance
	sameDay   bool          // the core's trading day is the calendar's
	heartbeat time.Duration // in force since LinkAccept
	greeted   time.Time     // LinkLogin was sent
}

// acceptance is what a core said last of itself.
type acceptance struct {
	coreID, instance string
	term             int32
	state            ftd.CoreState
	day              calendar.TradingDay
}

// problem is a fault and what an operator should read of it.
type problem struct {
	fault Fault
	err   error
}

func (p *problem) Error() string { return p.fault.String() + ": " + p.err.Error() }

func problemf(f Fault, format string, args ...any) *problem {
	return &problem{f, fmt.Errorf(format, args...)}
}

// dial begins a connection.
func (m *machine) dial() { *m = machine{state: Dialling} }

// connected appends LinkLogin to dst: the connection is up.
func (m *machine) connected(now time.Time, dst []byte, id *ftd.LinkIdentity) ([]byte, error) {
	e := ftd.Begin(dst, ftd.TIDLinkLogin)
	e.LinkIdentity(id)
	frame, err := e.End()
	if err != nil {
		return dst, err
	}
	m.state, m.greeted = Greeting, now
	return frame, nil
}

// lost ends the connection.
func (m *machine) lost() { *m = machine{state: Down} }

// fence makes an active core's frames void; the connection is to be closed.
func (m *machine) fence() { m.state = Fenced }

// loginAnswer takes the answer to LinkLogin. credit is what the core lets the front send.
func (m *machine) loginAnswer(msg *ftd.Message, today calendar.TradingDay) (credit int32, p *problem) {
	if m.state != Greeting {
		return 0, problemf(Unexpected, "an answer to LinkLogin that was not asked for")
	}
	if p := loginError(msg); p != nil {
		return 0, p
	}
	return m.accept(msg, today)
}

func loginError(msg *ftd.Message) *problem {
	data, there := msg.Field(ftd.FIDError)
	if !there {
		return problemf(Malformed, "the answer to LinkLogin has no Error")
	}
	var e ftd.Error
	if err := e.Decode(data); err != nil {
		return &problem{Malformed, err}
	}
	if e.Code != 0 {
		return problemf(LoginRefused, "the core answered LinkLogin with %d %q", e.Code, e.Text)
	}
	return nil
}

// stateChange takes a StateChange.
func (m *machine) stateChange(msg *ftd.Message, today calendar.TradingDay) (credit int32, p *problem) {
	switch m.state {
	case Initialising, Standby, Active:
		return m.accept(msg, today)
	}
	return 0, problemf(Unexpected, "StateChange before the answer to LinkLogin")
}

// accept takes a LinkAccept. The state is as the core says; choose decides about terms.
func (m *machine) accept(msg *ftd.Message, today calendar.TradingDay) (credit int32, p *problem) {
	data, there := msg.Field(ftd.FIDLinkAccept)
	if !there {
		return 0, problemf(Malformed, "%v without LinkAccept", msg.TID)
	}
	var a ftd.LinkAccept
	if err := a.Decode(data); err != nil {
		return 0, &problem{BadAccept, err}
	}
	got, p := readAcceptance(&a)
	if p != nil {
		return 0, p
	}
	m.core, m.heartbeat = got, time.Duration(a.HeartbeatSeconds)*time.Second
	if m.heartbeat == 0 {
		m.heartbeat = defaultHeartbeat
	}
	m.compareDay(today)
	return a.Credit, nil
}

func readAcceptance(a *ftd.LinkAccept) (acceptance, *problem) {
	got := acceptance{coreID: string(a.CoreID), instance: string(a.Instance), term: a.Term, state: a.State}
	if got.coreID == "" {
		return got, problemf(BadAccept, "LinkAccept has no CoreID")
	}
	if _, err := uuid.Parse(got.instance); err != nil || len(got.instance) != 36 {
		return got, problemf(BadAccept, "LinkAccept's Instance is no UUID: %q", got.instance)
	}
	if got.term < 0 {
		return got, problemf(BadAccept, "LinkAccept's Term is %d", got.term)
	}
	switch got.state {
	case ftd.CoreInitialising, ftd.CoreActive, ftd.CoreStandby:
	default:
		return got, problemf(BadAccept, "LinkAccept's State is %q", byte(got.state))
	}
	if a.Credit < ftd.UnlimitedCredit {
		return got, problemf(BadCredit, "LinkAccept's Credit is %d", a.Credit)
	}
	day, err := calendar.ParseTradingDay(string(a.TradingDay))
	if err != nil && got.state == ftd.CoreActive { // one that starts, or is standby, may not know its day yet
		return got, &problem{BadAccept, fmt.Errorf("LinkAccept's TradingDay: %w", err)}
	}
	got.day = day
	return got, nil
}

// compareDay sets the state by what the core said and by what the calendar says. A today of 0 compares nothing.
func (m *machine) compareDay(today calendar.TradingDay) {
	m.sameDay = today == 0 || m.core.day == today
	switch {
	case m.core.state == ftd.CoreInitialising:
		m.state = Initialising
	case m.core.state == ftd.CoreActive && m.sameDay:
		m.state = Active
	default:
		m.state = Standby
	}
}

// alarmed reports a core that is active and may not be used, for its trading day.
func (m *machine) alarmed() bool {
	return m.state == Standby && m.core.state == ftd.CoreActive && !m.sameDay
}

// outdated reports a core in use whose trading day is not the calendar's any more. A today of 0 compares nothing.
func (m *machine) outdated(today calendar.TradingDay) bool {
	return m.state == Active && today != 0 && m.core.day != today
}

// tick says whether a heartbeat is due, when to look again, and whether the core is dead. heard and sent are
// when something was last received and written.
func (m *machine) tick(now, heard, sent time.Time) (send bool, again time.Duration, p *problem) {
	switch m.state {
	case Greeting:
		left := greetTimeout - now.Sub(m.greeted)
		if left <= 0 {
			return false, 0, problemf(GreetingTimeout, "no answer to LinkLogin within %v", greetTimeout)
		}
		return false, left, nil
	case Initialising, Standby, Active:
	default:
		return false, 0, nil
	}
	left := silentHeartbeats*m.heartbeat - now.Sub(heard)
	if left <= 0 {
		return false, 0, problemf(Silent, "nothing was received for %v", silentHeartbeats*m.heartbeat)
	}
	quiet := m.heartbeat - now.Sub(sent)
	if m.alarmed() {
		left = min(left, dayPeriod)
	}
	if quiet <= 0 {
		return true, min(left, m.heartbeat), nil
	}
	return false, min(left, quiet), nil
}
