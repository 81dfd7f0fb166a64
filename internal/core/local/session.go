package local

import (
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
)

// RequestCode is not known here: a local account has a password alone.
func (l *Core) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.UnknownRequest }

// Alive is true: this core goes with the front.
func (l *Core) Alive(int32) bool { return true }

// Abort has nothing to do: Verify reserves nothing.
func (l *Core) Abort(int32, ftd.ReasonCode, string) {}

// Open gives no Session: this core takes no business messages.
func (l *Core) Open(*core.Opening) (core.Session, error) { return nil, nil }

// Known reports whether there is such an account, and whether an operator disabled it. It allocates nothing.
func (l *Core) Known(account []byte) (known, disabled bool) {
	s := l.current.Load()
	if s == nil {
		return false, false
	}
	h, known := s.holders.Get(regulation.Account(account))
	return known, h.disabled
}

// Barred reports whether accounts were disabled or removed since it was last asked: their sessions are to be ended. Which they are, Known
// says; Barred may be true where there is none.
func (l *Core) Barred() bool { return l.barred.Swap(false) }
