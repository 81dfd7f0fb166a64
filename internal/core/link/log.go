package link

import (
	"time"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/ftd"
)

// logPeriod is the least time between two lines of one subject that are about the same.
const logPeriod = time.Minute

// stateLog logs how an endpoint is: a line when a trouble begins, one a minute while it lasts, one when it ends. A trouble
// that comes and goes has two lines a minute at most. Link.mu guards it.
type stateLog struct {
	since  time.Time           // of the trouble; zero without one
	logged time.Time           // the last line of a trouble
	told   bool                // this trouble has a line
	good   State               // the last state that had a line
	alarm  time.Time           // the last line about a trading day
	day    calendar.TradingDay // of the calendar, of the last line about a core in use that has another
}

// trouble takes the end of a connection.
func (s *stateLog) trouble(log *zap.Logger, now time.Time, e *endpoint, p *problem) {
	if s.since.IsZero() {
		s.since = now
	}
	if now.Sub(s.logged) < logPeriod {
		return
	}
	s.logged, s.told = now, true
	log.Warn("The link to a trading core is down; the front dials it again. "+adviceOf(p.fault),
		zap.Stringer("endpoint", e.Endpoint), zap.Stringer("fault", p.fault), zap.Duration("lasts", now.Sub(s.since).Round(time.Second)), zap.Error(p.err))
}

// adviceOf is the operator's next step.
func adviceOf(f Fault) string {
	switch f {
	case DialFailed:
		return "Look whether the core runs and listens there."
	case Certificate:
		return "The core's certificate is not valid for this endpoint: compare its names and authority with core.link.server_name and ca_file."
	case CertificateRefused:
		return "The core refused the front's certificate: compare core.link.cert_file with the authority that the core trusts."
	case OwnFiles:
		return "The front cannot use a file of its own, which the error names: put a whole one in its place, with the owner and mode of the one before."
	case WrongALPN, TLSFailed:
		return "Look whether a trading core listens there, with TLS 1.3 and ALPN " + ALPN + "."
	case LoginRefused:
		return "The core's log says why it refused this front."
	case LowerTerm:
		return "Another core is active under a higher term: end one of them."
	}
	return "Look at the core's log."
}

// state takes a new state.
func (s *stateLog) state(log *zap.Logger, now time.Time, e *endpoint) {
	m := &e.machine
	switch m.state {
	case Initialising, Standby, Active:
	default:
		return
	}
	if m.alarmed() && now.Sub(s.alarm) >= logPeriod {
		s.alarm = now
		log.Error("A trading core is active on another trading day than the front's calendar: the front does not use it. "+
			"Compare calendar_file with the core's calendar.",
			zap.Stringer("endpoint", e.Endpoint), zap.String("core", m.core.coreID), zap.Stringer("trading_day_of_core", m.core.day))
	}
	if s.told || s.since.IsZero() && s.good != m.state {
		log.Info("The link to a trading core is open.", zap.Stringer("endpoint", e.Endpoint), zap.Stringer("state", m.state),
			zap.String("core", m.core.coreID), zap.String("instance", m.core.instance), zap.Int32("term", m.core.term))
	}
	s.since, s.told, s.good = time.Time{}, false, m.state
}

// outdated takes a core in use whose trading day is not the calendar's any more: one line for each day of the calendar.
func (s *stateLog) outdated(log *zap.Logger, e *endpoint, today calendar.TradingDay) {
	if s.day == today {
		return
	}
	s.day = today
	log.Warn("The trading core in use is on another trading day than the front's calendar: logins are recorded under the calendar's, orders go "+
		"under the core's. Look whether the core has changed its day; if it has, compare calendar_file with its calendar.",
		zap.Stringer("endpoint", e.Endpoint), zap.String("core", e.machine.core.coreID),
		zap.Stringer("trading_day_of_core", e.machine.core.day), zap.Stringer("trading_day", today))
}

// discard counts a frame that has no place, and logs one a minute of each kind.
func (l *Link) discard(why Discard, c *conn, sessionID int32, tid ftd.TID, err error) {
	l.observer.Discarded(why)
	now, last := int64(time.Since(l.began)), l.discards[why].Load()
	if last != 0 && now-last < int64(logPeriod) || !l.discards[why].CompareAndSwap(last, now) {
		return
	}
	l.logger.Warn("A trading core sent what the front discards; its maker should look. Further ones in this minute are only counted.",
		zap.Stringer("why", why), zap.Stringer("endpoint", c.endpoint.Endpoint), zap.Int32("session", sessionID),
		zap.Stringer("message", tid), zap.Error(err))
}
