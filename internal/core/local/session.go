package local

import (
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// RequestCode is not known here: a local account has a password alone.
func (l *Core) RequestCode(int32, core.Terminal, []byte) reason.Reason { return reason.UnknownRequest }

// Abort has nothing to do: Verify reserves nothing.
func (l *Core) Abort(int32, ftd.ReasonCode, string) {}

// Open gives no Session: this core takes no business messages.
func (l *Core) Open(*core.Opening) (core.Session, error) { return nil, nil }
