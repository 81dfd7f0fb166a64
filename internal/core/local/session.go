package local

import (
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
)

// Abort has nothing to do: Verify reserves nothing.
func (l *Core) Abort(int32, ftd.ReasonCode, string) {}

// Open gives no Session: this core takes no business messages.
func (l *Core) Open(*core.Opening) (core.Session, error) { return nil, nil }
