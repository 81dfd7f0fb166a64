package front

import (
	"cmp"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/admission"
	"github.com/tradefront/tradefront/internal/dialogue"
	"github.com/tradefront/tradefront/internal/session"
)

// Limits are what a reload may change in a running front.
type Limits struct {
	Admission admission.Limits
	Logins    int // in flight over all connections, and submissions of relays; more are answered 90
	// RelayLogins are those of relays among them, 0 for no bound of their own.
	RelayLogins int
	Outbound    int // bytes a terminal may leave unread
	Refusals    int // session.Settings.Refusals, of connections that come from now on

	RequestsPerSecond int  // business requests of a session; 0 for no bound
	RefuseRequests    bool // more are answered 90; else they are left unread until their turn has come
	Inbound           int  // bytes that a session may send while its requests are left unread; 0 for 256 KiB
	Mail              int  // bytes that cores have for the terminals of one loop; an eighth for one of them; 0 for 64 MiB
}

// SetLimits takes effect at once. It closes no open connection.
func (s *Server) SetLimits(l Limits) {
	cfg := s.cfg
	cfg.Limits = l
	s.driver.SetSettings(cfg.settings())
	s.driver.SetLimits(l.dialogue())
	s.setOwnLimits(&l)
	s.admission.SetLimits(l.Admission)
}

func (l *Limits) dialogue() dialogue.Limits {
	return dialogue.Limits{
		Logins: l.Logins, RelayLogins: l.RelayLogins, Unsent: l.Outbound, RequestsPerSecond: l.RequestsPerSecond, RefuseRequests: l.RefuseRequests,
	}
}

func (s *Server) setOwnLimits(l *Limits) {
	s.inboundLimit.Store(int64(cmp.Or(l.Inbound, defaultInbound)))
	s.mailLimit.Store(int64(cmp.Or(l.Mail, defaultMail)))
}

func (c *Config) settings() *session.Settings {
	settings := c.Session
	settings.Refusals = c.Limits.Refusals
	return &settings
}

// ConnectionBudget is how many connections the process can take: its limit of open
// files less a reserve for everything else (stores, logs, listeners, and connections
// that were accepted but not yet counted). wanted 0 asks for all of it; more than all of
// it is an error with the next step. Without the reserve a flood would leave the stores
// and logs without descriptors.
func ConnectionBudget(wanted int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	return budget(wanted, int(min(limit.Cur, 1<<30)))
}

const (
	maxReserve = 512
	minReserve = 64
)

func budget(wanted, limit int) (int, error) {
	reserve := min(max(limit/4, minReserve), maxReserve)
	room := limit - reserve
	switch {
	case room < 1:
		return 0, fmt.Errorf("the limit of open files is %d, at least %d are needed: raise it (ulimit -n, LimitNOFILE=)",
			limit, minReserve+1)
	case wanted == 0:
		return room, nil
	case wanted > room:
		return 0, fmt.Errorf("%d connections do not fit the limit of %d open files (%d are kept in reserve): "+
			"raise it (ulimit -n, LimitNOFILE=) or set at most %d", wanted, limit, reserve, room)
	}
	return wanted, nil
}
