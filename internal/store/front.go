package store

import (
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// AliveFor is how long after its last report a front counts as running: three reports may be lost.
const AliveFor = 20 * time.Second

// Held is what a front holds of one trading day.
type Held struct {
	Pending     int64 `json:"pending"`     // records that PostgreSQL does not have yet
	Quarantined int64 `json:"quarantined"` // records that PostgreSQL refused for their data
}

// FrontReport is one heartbeat of a front: who it is, and what it holds.
type FrontReport struct {
	FrontID       int32
	StoreID       uuid.UUID // of its local store
	Life          uuid.UUID // of its local store: drawn at each start, see Life
	Number        int64     // of this report within the life
	Process       uuid.UUID // drawn at each start
	Host          string
	Version       string
	AdminAddress  string // host:port of its admin listener as it was bound; "" without one, or of an older program
	Config        string // config.Hash of what is in force there; "" of an older program
	Started       time.Time
	Counted       time.Time // by the front's clock, taken before it counted
	Stopped       bool      // it takes no logins until it starts again
	Held          map[calendar.TradingDay]Held
	Oldest        time.Time // login time of the oldest record that waits; zero without one
	CorruptStores int       // damaged local stores that were moved away and are not recovered
	Forwarded     int64     // records brought to PostgreSQL since it started
	// ForwardedOf is how many different records of a day its local store brought, as far as it is known.
	ForwardedOf map[calendar.TradingDay]int64

	// ClockOffset is how far the front's clock is ahead of PostgreSQL's, give or take ClockError.
	// ReportFront measures it.
	ClockOffset, ClockError time.Duration

	Continues map[uuid.UUID]int64 // of its Life; not kept by PostgreSQL
}

// Front is a front as PostgreSQL knows it: its last report, and when it came.
type Front struct {
	FrontReport
	Seen    time.Time     // when its last report came, by PostgreSQL's clock
	Ago     time.Duration // since then, by the same clock
	Retired time.Time     // when an operator retired it for good; zero if not
	// OtherLife says that the store has reported since in a life that does not continue this one: a
	// backup or a snapshot was put back, or a copy runs. What this life held is elsewhere, or gone.
	OtherLife bool
	// Unreadable says that what the front holds and brought is not known: its row cannot be read, since another program wrote it.
	// Held and ForwardedOf are empty then. The front's next report writes the row anew.
	Unreadable bool
}

// Alive reports whether the front runs, by its last report.
func (f *Front) Alive() bool { return !f.Stopped && f.Retired.IsZero() && f.Ago < AliveFor }

// ClockDiffers is by how much the front's clock and PostgreSQL's differ at least, however long the
// question and the answer were on their way.
func (r *FrontReport) ClockDiffers() time.Duration { return max(0, r.ClockOffset.Abs()-r.ClockError) }

// MayHold reports whether the front holds records, or may.
func (f *Front) MayHold() bool { return f.Unreadable || f.Records() > 0 }

// Records is how many records the front holds, of all days.
func (r *FrontReport) Records() (n int64) {
	for _, h := range r.Held {
		n += h.Pending + h.Quarantined
	}
	return n
}
