package session

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// tick looks at the clocks of docs/protocol.md, "Heartbeats and deadlines". While a login is on its way only the
// heartbeats count: the gateway bounds how long a login may take (timers.login_work). A terminal that asks its
// customer for a new password need not send any: passwordTimeout bounds that.
func (s *Session) tick(now time.Time, fx *Effects) {
	switch {
	case s.state < Authenticated && now.Sub(s.since) >= s.settings.AuthTimeout:
		fx.Close = reason.AuthTimeout
	case s.state == Authenticated && now.Sub(s.since) >= s.settings.LoginTimeout:
		fx.Close = reason.LoginTimeout
	case s.state == PasswordOnly && now.Sub(s.since) >= passwordTimeout:
		fx.Close = reason.PasswordTimeout
	case s.state != PasswordOnly && now.Sub(s.heard) >= SilenceFactor*s.silentFor():
		fx.Close = reason.HeartbeatTimeout
	case now.Sub(s.sent) >= s.heartbeat:
		fx.Wire = ftd.AppendHeartbeat(fx.Wire)
	}
}

// silentFor is the period of the terminal's heartbeats. It begins to send them after the login: while it
// waits for the answer, which may take longer than three of the shortest periods, the default counts.
func (s *Session) silentFor() time.Duration {
	if s.state == LoggingIn {
		return max(s.heartbeat, defaultHeartbeat)
	}
	return s.heartbeat
}
