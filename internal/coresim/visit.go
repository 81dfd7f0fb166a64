package coresim

import "github.com/tradefront/tradefront/internal/ftd"

// maxVisits bounds the reported terminals of one session.
const maxVisits = 100_000

// visits are the terminals that an operator relay has reported.
type visits struct {
	accounts map[string]string // by SubmitID
	reported map[string]int    // how many terminals each account has
}

func (v *visits) open(id, account string) bool {
	if v.accounts == nil {
		v.accounts, v.reported = make(map[string]string), make(map[string]int)
	}
	if _, again := v.accounts[id]; again { // a front tells all of them again after SessionResume
		return true
	}
	if len(v.accounts) >= maxVisits {
		return false
	}
	v.accounts[id] = account
	v.reported[account]++
	return true
}

func (v *visits) close(id string) bool {
	account, there := v.accounts[id]
	if !there {
		return false
	}
	delete(v.accounts, id)
	if v.reported[account]--; v.reported[account] == 0 {
		delete(v.reported, account)
	}
	return true
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
	if !s.visits.open(string(response.SubmitID), string(response.UserID)) {
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
