package auth

import (
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// AppType is what kind of software an AppID names: the AppType of the AuthResult field.
type AppType byte

// The closed set of types.
const (
	AppDirect        AppType = '1' // terminal software that connects by itself
	AppInvestorRelay AppType = '2' // a relay with one connection for each customer terminal (多对多)
	AppOperatorRelay AppType = '3' // a relay with one connection for all, of an operator's session (一对多)
)

// Relay reports whether the AppID is that of a relay.
func (t AppType) Relay() bool { return t == AppInvestorRelay || t == AppOperatorRelay }

// String is the word of the type, as `app add --type` takes it.
func (t AppType) String() string {
	switch t {
	case AppDirect:
		return "direct"
	case AppInvestorRelay:
		return "investor-relay"
	case AppOperatorRelay:
		return "operator-relay"
	}
	return "invalid"
}

// App is one row of the registry: a terminal software that the firm has admitted
// (5.1.1). A firm has each AppID once.
type App struct {
	AppID    regulation.AppID
	Type     AppType
	Cipher   Cipher
	Sealed   []byte      // the authcode, as MasterKey.Seal made it
	Previous Predecessor // the authcode before it, while both are valid
	Enabled  bool
	Binding  BindingText // what limits its terminals; only of AppDirect
	Created  time.Time
	Changed  time.Time // the last change of what it means; a new master key does not move it
}

// Predecessor is the authcode that an AppID had before its current one: valid until a
// fixed instant, so that a vendor can change over while its terminals are in use. The
// zero Predecessor is none.
type Predecessor struct {
	Sealed []byte // as MasterKey.SealPrevious made it; nil if there is none
	Cipher Cipher
	Until  time.Time // exclusive, to the microsecond
}

// ValidAt reports whether there is one and its time has not run out.
func (p *Predecessor) ValidAt(now time.Time) bool { return len(p.Sealed) > 0 && now.Before(p.Until) }

// Slot is which of an AppID's two authcodes is meant.
type Slot byte

// The two slots.
const (
	Current  Slot = iota // the one that was issued last
	Previous             // the one before, during an overlap
)

var slotWords = [...]string{Current: "current", Previous: "previous"}

func (s Slot) String() string {
	if int(s) >= len(slotWords) {
		return "invalid"
	}
	return slotWords[s]
}

// Slots are the words of all slots.
func Slots() []string { return slotWords[:] }
