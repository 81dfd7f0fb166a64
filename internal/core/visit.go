package core

import (
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

// Visits is what the Session of an operator relay may be besides: a core that is told whose terminals are reported can
// refuse an order for a customer who is not. Its methods do not wait.
type Visits interface {
	// OpenVisit tells of a terminal whose record is durable, before the relay is answered. It copies what v's slices
	// point to.
	OpenVisit(v *Visit)
	// Crowded reports that the core reads so slowly that no more visits are to begin now: what OpenVisit tells may not be
	// omitted. Those whose records are on their way are told all the same.
	Crowded() bool
	// CloseVisit tells that the terminal has gone. The end of the Session closes all its visits without it.
	CloseVisit(submitID uuid.UUID)
}

// Visit is one terminal that an operator relay reported.
type Visit struct {
	SubmitID   uuid.UUID
	BrokerID   []byte
	Account    regulation.Account // the customer's
	UserType   regulation.UserType
	TradingDay calendar.TradingDay
	RecordID   uuid.UUID
	Flag       regulation.AbnormalFlag
	Terminal   []byte // the RelayedTerminal field as the relay sent it, 94 bytes
}

// RelayTerminal is what the Terminal of an operator relay may be besides.
type RelayTerminal interface {
	// ExitVisit tells the relay to end one terminal, by ForceExit with the data of that field and the SubmitID, ends it here,
	// and leaves the connection open; data is copied. A relay whose terms do not say that it may be told is told nothing.
	ExitVisit(submitID uuid.UUID, forceExit []byte)
}
