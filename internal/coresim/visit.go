package coresim

import (
	"slices"

	"github.com/tradefront/tradefront/internal/ftd"
)

// maxVisits bounds the reported terminals of one session.
const maxVisits = 100_000

// visits are the terminals that an operator relay has reported.
type visits struct {
	told     map[string][]told // by SubmitID, which names one as a rule
	reported map[string]int    // how many terminals each account has
	live     int
}

// told is one visit: the front tells of it by VisitOpen.
type told struct{ record, account string }

func (v *visits) open(id string, one told) bool {
	if v.told == nil {
		v.told, v.reported = make(map[string][]told), make(map[string]int)
	}
	if slices.Contains(v.told[id], one) { // a front tells all of them again after SessionResume
		return true
	}
	if v.live >= maxVisits {
		return false
	}
	v.told[id] = append(v.told[id], one)
	v.reported[one.account]++
	v.live++
	return true
}

// close ends the visits of a SubmitID.
func (v *visits) close(id string) bool {
	ended, there := v.told[id]
	delete(v.told, id)
	for _, one := range ended {
		if v.reported[one.account]--; v.reported[one.account] == 0 {
			delete(v.reported, one.account)
		}
	}
	v.live -= len(ended)
	return there
}

// visitOpen notes a terminal whose record is durable. Nothing is answered.
func (l *link) visitOpen(tag ftd.SessionTag, body []byte) {
	var response ftd.SubmitResponse
	var terminal ftd.RelayedTerminal
	m, err := ftd.DecodeMessage(body)
	if err != nil || !fieldOf(m, ftd.FIDSubmitResponse, &response) || !fieldOf(m, ftd.FIDRelayedTerminal, &terminal) {
		l.violation("malformed")
		return
	}
	s := l.own(tag)
	if s == nil || s.state != stateOpen {
		l.e.count.VisitsOfNothing++
		return
	}
	if !s.visits.open(string(response.SubmitID), told{string(response.RecordID), string(response.UserID)}) {
		l.e.count.VisitsOverBound++
		return
	}
	l.e.count.Visits++
}

// visitClose notes that a terminal has gone. Nothing is answered.
func (l *link) visitClose(tag ftd.SessionTag, body []byte) {
	var ref ftd.SubmitRef
	if !field(body, ftd.FIDSubmitRef, &ref) {
		l.violation("malformed")
		return
	}
	s := l.own(tag)
	if s == nil || !s.visits.close(string(ref.SubmitID)) {
		l.e.count.VisitsOfNothing++
		return
	}
	l.e.count.VisitsClosed++
}

// mayOrder reports whether the session may order for the account that the order names. An order that names none is the
// session's own.
func (s *session) mayOrder(account string, reportedOnly bool) bool {
	switch {
	case account == "" || account == s.account.User:
		return true
	case s.account.userType() != '2':
		return false
	}
	return !reportedOnly || s.visits.reported[account] > 0
}
