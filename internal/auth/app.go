package auth

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// AppType is what kind of software an AppID names: the AppType of the AuthResult field.
type AppType byte

// AppDirect is terminal software that connects by itself. '2' and '3' are kept for relays.
const AppDirect AppType = '1'

// App is one row of the registry: a terminal software that the firm has admitted
// (5.1.1). An AppID stands once in a firm.
type App struct {
	AppID   regulation.AppID
	Type    AppType
	Cipher  Cipher
	Sealed  []byte // the authcode, encrypted under the master key with the AppID as associated data
	Enabled bool
	Created time.Time
	Changed time.Time
}
