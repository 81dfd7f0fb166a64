package session

import (
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// tick looks at the clocks of docs/protocol.md, "Heartbeats and deadlines". While a login is on its way only the
// heartbeats count: the gateway bounds how long a login may take (timers.login_work).
func (s *Session) tick(now time.Time, fx *Effects) {
	switch {
	case s.state < Authenticated && now.Sub(s.since) >= s.settings.AuthTimeout:
		fx.Close = reason.AuthTimeout
	case s.state == Authenticated && now.Sub(s.since) >= s.settings.LoginTimeout:
		fx.Close = reason.LoginTimeout
	case now.Sub(s.heard) >= silenceFactor*s.heartbeat:
		fx.Close = reason.HeartbeatTimeout
	case now.Sub(s.sent) >= s.heartbeat:
		fx.Wire = ftd.AppendHeartbeat(fx.Wire)
	}
}
