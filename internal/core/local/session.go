package local

import (
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// RequestCode is not known here: a local account has a password alone.
func (l *Core) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.UnknownRequest }

// Abort has nothing to do: Verify reserves nothing.
func (l *Core) Abort(int32, ftd.ReasonCode, string) {}

// Open gives no Session: this core takes no business messages.
func (l *Core) Open(*core.Opening) (core.Session, error) { return nil, nil }

// Known reports whether there is such an account. It allocates nothing.
func (l *Core) Known(account []byte) bool {
	s := l.current.Load()
	if s == nil {
		return false
	}
	_, known := s.holders.Get(regulation.Account(account))
	return known
}
