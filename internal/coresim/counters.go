package coresim

import (
	"maps"
	"strconv"
)

// Counters are what one instance of the core saw. Those of violations are the front's faults, unless a command caused
// them or they were under way when the core changed.
type Counters struct {
	Instance string `json:"instance"`
	Term     int32  `json:"term"` // at its start

	Links     uint64            `json:"links"`
	FramesIn  uint64            `json:"frames_in"`
	FramesOut uint64            `json:"frames_out"`
	Faults    map[string]uint64 `json:"link_faults"` // why links ended

	Verifies         uint64            `json:"verifies"`
	VerifyCodes      map[string]uint64 `json:"verify_codes"`
	Opens            uint64            `json:"opens"`
	Aborts           uint64            `json:"aborts"`
	AbortsOfNothing  uint64            `json:"aborts_of_nothing"` // of a login that the core had refused
	ClosesOfNothing  uint64            `json:"closes_of_nothing"` // of a session that waited for a core, and that this one has not
	Closes           map[string]uint64 `json:"closes"`            // by Reason.Code
	Kicks            uint64            `json:"kicks"`
	Expired          uint64            `json:"expired"`    // sessions of a front that did not come back
	Superseded       uint64            `json:"superseded"` // sessions of a front's earlier process
	Resumes          uint64            `json:"resumes"`
	ResumesRefused   uint64            `json:"resumes_refused"`
	PasswordsChanged uint64            `json:"passwords_changed"`
	CodeRequests     uint64            `json:"code_requests"`
	Visits           uint64            `json:"visits"`            // terminals that operator relays reported
	VisitsClosed     uint64            `json:"visits_closed"`     // of which the front said that they have gone
	VisitsOfNothing  uint64            `json:"visits_of_nothing"` // of a session or a visit that is over
	VisitsOverBound  uint64            `json:"visits_over_bound"`
	OrdersUnreported uint64            `json:"orders_unreported"` // for a customer whose terminal is not reported

	Business        uint64 `json:"business"` // of open sessions
	Echoes          uint64 `json:"echoes"`
	Orders          uint64 `json:"orders"`
	OrdersRefused   uint64 `json:"orders_refused"`
	Trades          uint64 `json:"trades"`
	Fills           uint64 `json:"fills"` // two for each trade
	Broadcasts      uint64 `json:"broadcasts"`
	Replayed        uint64 `json:"replayed"`
	HistoryGone     uint64 `json:"history_gone"`   // a flow was asked for from before what is kept
	ForeignSeries   uint64 `json:"foreign_series"` // points of a series that the session has not
	Muted           uint64 `json:"muted"`          // left without an answer on command
	NotActive       uint64 `json:"not_active"`     // business while the core was not active
	DuplicateOrders uint64 `json:"duplicate_orders"`

	// Violations.
	UnknownSession uint64 `json:"unknown_session"` // frames of sessions that the core does not know on that link
	VerifiedTwice  uint64 `json:"verified_twice"`
	Duplicates     uint64 `json:"duplicates"`      // dialog numbers that came twice
	OutOfOrder     uint64 `json:"out_of_order"`    // dialog numbers that fell
	CutChains      uint64 `json:"cut_chains"`      // parts of a chain without its first
	OverCredit     uint64 `json:"over_credit"`     // business beyond the credit
	BeyondPassword uint64 `json:"beyond_password"` // business while only the password could be changed
	UnknownTID     uint64 `json:"unknown_tid"`
}

func newCounters(instance string, term int32) *Counters {
	return &Counters{
		Instance: instance, Term: term,
		Faults: map[string]uint64{}, VerifyCodes: map[string]uint64{}, Closes: map[string]uint64{},
	}
}

func (c *Counters) fault(word string) { c.Faults[word]++ }

func (c *Counters) code(code int) { c.VerifyCodes[strconv.Itoa(code)]++ }

func (c *Counters) clone() Counters {
	d := *c
	d.Faults, d.VerifyCodes, d.Closes = maps.Clone(c.Faults), maps.Clone(c.VerifyCodes), maps.Clone(c.Closes)
	return d
}

// Violations is how often a front broke the contract.
func (c *Counters) Violations() uint64 {
	return c.UnknownSession + c.VerifiedTwice + c.Duplicates + c.OutOfOrder + c.CutChains + c.OverCredit + c.BeyondPassword + c.UnknownTID
}

// Report is what core-sim saw.
type Report struct {
	CoreID     string         `json:"core_id"` // that of no trading core
	Term       int32          `json:"term"`
	State      string         `json:"state"`
	TradingDay string         `json:"trading_day"`
	Fronts     int            `json:"fronts"`   // that have a link
	Sessions   map[string]int `json:"sessions"` // now, by state
	Resting    int            `json:"resting"`  // orders in the book
	Instances  []Counters     `json:"instances"`
}

// Now are the counters of the instance that runs.
func (r *Report) Now() *Counters { return &r.Instances[len(r.Instances)-1] }

// Session is one of the engine's, for the command sessions.
type Session struct {
	FrontID   int32  `json:"front_id"`
	SessionID int32  `json:"session_id"`
	Process   string `json:"process"`
	User      string `json:"user"`
	State     string `json:"state"`
	Visits    int    `json:"visits,omitempty"` // terminals that an operator relay has reported
	RecordID  string `json:"record_id,omitempty"`
}

func (e *engine) sessions() []Session {
	all := []Session{}
	for _, f := range e.fronts {
		for _, s := range f.sessions {
			all = append(all, Session{f.key.id, s.id, f.key.process, s.account.User, s.state.String(), s.visits.live, s.record})
		}
	}
	return all
}

// reportNow is the report without the instances before this one.
func (e *engine) reportNow() Report {
	r := Report{
		CoreID: e.o.CoreID, Term: e.term, State: string(e.state), TradingDay: e.day, Sessions: map[string]int{},
		Resting: e.book.buys.Len() + e.book.sells.Len(), Instances: []Counters{e.count.clone()},
	}
	for _, f := range e.fronts {
		if f.links > 0 {
			r.Fronts++
		}
		for _, s := range f.sessions {
			r.Sessions[s.state.String()]++
		}
	}
	return r
}
