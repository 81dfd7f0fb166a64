package statuspage

import (
	"slices"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/tally"
)

// The states of a front.
const (
	Starting = "starting"
	Serving  = "serving"
	Stopping = "stopping"
)

const notReady = "not_ready" // serving, with a required check that fails

// Snapshot is what one page shows. Parts that are nil are not shown.
type Snapshot struct {
	At     time.Time
	System string // system_name
	Front  Front
	Checks []Check // of /readyz, in its order

	Day    *Day
	Load   *Load
	Tally  *tally.Day
	Minute []tally.Minute // the oldest first
	Local  *Local
	Core   *Core
	Relays []Relay // nil if this front admits none
	Keys   []Key
	Shared *Shared

	Pages []string // other pages of the listener
}

// Front is this front.
type Front struct {
	ID      int32
	Version string
	State   string
	Ready   bool
	Started time.Time
	Config  string // the hash of its configuration; "" if it is not known
}

// Check is one line of /readyz.
type Check struct {
	Name     string
	Ready    bool
	Required bool
	Reason   string
}

// Day is the trading day that belongs to now, and what the calendar knows.
type Day struct {
	Day         string
	Start, End  time.Time // its window
	Provisional bool
	Horizon     string // the last day that the calendar knows
	HorizonDays float64
}

// Load is who is there now.
type Load struct {
	Sessions, Connections, Limit, Unauthenticated, InFlight int
	Penalized                                               int // sources
	Refused                                                 uint64
}

// Local is the local store, and what waits in it.
type Local struct {
	Driver      string // embedded or postgres
	Rows        int64
	Bytes, Free int64
	Fullest     float64 // how near the nearest bound is, 1 at it
	// Of driver postgres.
	Pending     int64
	Oldest      time.Time // login time of the oldest record that waits; zero without one
	Quarantined float64   // not a number if it could not be counted
	Trouble     string    // why records are not forwarded; "" if they are
}

// Core is what verifies logins: the local core's numbers, or the endpoints of a trading core.
type Core struct {
	Accounts, HashQueue, Locked int
	Endpoints                   []Endpoint // nil with the local core
	Waiting                     int        // open sessions that wait for a core
}

// Down reports whether no endpoint of a trading core is in use.
func (c *Core) Down() bool {
	return len(c.Endpoints) > 0 && !slices.ContainsFunc(c.Endpoints, func(e Endpoint) bool { return e.InUse })
}

// Endpoint is one of a trading core.
type Endpoint struct {
	Name, State, CoreID string
	InUse               bool
	Term                int32
	Since               time.Time
	Fault               string // of the last link; "" without one
}

// Relay is one that this front may admit.
type Relay struct {
	AppID       string
	Admitted    bool
	Guessing    bool // wrong passwords come through it
	Connections int
	Today       tally.Counts // by reason
}

// Key is an encryption key.
type Key struct {
	Version, Algorithm string
	Valid              bool
	InUse              bool      // the newest that is valid
	NotAfter           time.Time // zero without an end
	DaysLeft           float64
}

// Shared is what a store knows of all fronts and of reports.
type Shared struct {
	Asked     time.Time // when the answers below came; zero if none came yet
	Err       string    // of the last question; the answers are older then
	Fronts    []FrontLine
	Reports   []Report // the latest day first
	Obstacles []store.Obstacle
	// ObstaclesKnown says that they were looked for at least once since the start.
	ObstaclesKnown bool
}

// FrontLine is one of the firm's fronts, by its last report.
type FrontLine struct {
	ID                           int32
	State, Host, Version, Config string
	Started, Seen                time.Time
	Holds                        int64 // records that PostgreSQL does not have
	ClockOffset                  time.Duration
	This                         bool
	OtherVersion, OtherConfig    bool // than most of the fronts that run
}

// Report is that of one closed trading day.
type Report struct {
	Day      string
	State    string // not_due, not_exported, exported, handed_in
	File     string
	Rows     int64
	At       time.Time // of the last export
	HandedIn time.Time
	Receipt  string
}
