package coresim

import (
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

const (
	firstVisit  = "019b7c1e-5c00-7d4e-8a3b-0123456789ab"
	secondVisit = "019b7c1e-5c01-7d4e-8a3b-0123456789ab"
)

func (f *scripted) visitOpen(session int32, id, account string) {
	f.t.Helper()
	m := ftd.BeginSession(nil, ftd.TIDVisitOpen, f.tag(session))
	m.SubmitResponse(&ftd.SubmitResponse{
		BrokerID: []byte(broker), UserID: []byte(account), UserType: '2', TradingDay: []byte(day), SubmitID: []byte(id),
		RecordID: []byte("019b7c1e-5c00-82a5-9c12-7c7d9a77feaf"), AbnormalFlag: '0',
	})
	m.RelayedTerminal(&ftd.RelayedTerminal{
		AppID: []byte("client_demo_1.0"), PublicIP: []byte("203.0.113.7"), PublicPort: 50001, LoginTime: []byte("2026-01-05 08:44:58"), TerminalType: '2',
	})
	f.end(m)
}

func (f *scripted) visitClose(session int32, id string) {
	f.t.Helper()
	m := ftd.BeginSession(nil, ftd.TIDVisitClose, f.tag(session))
	m.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)})
	f.end(m)
}

// TestVisits: an operator orders for customers whose terminals are reported, as long as one of them is there; a customer
// orders for himself alone.
func TestVisits(t *testing.T) {
	t.Parallel()
	o := options()
	o.ReportedOnly = true
	o.Accounts = append(o.Accounts, Account{User: "op", Password: "Secret-o", Type: "operator"})
	s, address := started(t, o)
	f := linked(t, address)
	if g := f.verify(1, "op", "Secret-o"); f.code(g) != 0 {
		t.Fatal(f.code(g))
	}
	f.open(1)
	f.opened(2, "alice")
	number := uint32(0)
	order := func(session int32, account string) int {
		number++
		return f.ordered(session, number, Order{Ref: string(rune('a' + number)), Direction: Buy, Price: 1, Volume: 1, Account: account})
	}
	want := func(what string, got, code int) {
		t.Helper()
		if got != code {
			t.Errorf("%s: %d, want %d", what, got, code)
		}
	}
	want("before a report", order(1, "8888"), codeNoRight)
	f.visitOpen(1, firstVisit, "8888")
	f.visitOpen(1, firstVisit, "8888") // as after SessionResume
	f.visitOpen(1, secondVisit, "8888")
	want("reported", order(1, "8888"), codeOK)
	want("another customer", order(1, "9999"), codeNoRight)
	want("his own", order(1, ""), codeOK)
	f.visitClose(1, firstVisit)
	f.visitClose(1, firstVisit)
	want("one terminal is left", order(1, "8888"), codeOK)
	f.visitClose(1, secondVisit)
	want("no terminal is left", order(1, "8888"), codeNoRight)
	number = 0
	want("a customer for another", order(2, "8888"), codeNoRight)
	f.visitOpen(9, firstVisit, "8888")
	f.settled(10)
	n := s.Report().Now()
	if n.Visits != 3 || n.VisitsClosed != 2 || n.VisitsOfNothing != 2 || n.OrdersUnreported != 4 || n.Violations() != 0 {
		t.Errorf("%+v", n)
	}
}

// TestVisitWithoutItsFields ends the link, as every malformed message of it does.
func TestVisitWithoutItsFields(t *testing.T) {
	t.Parallel()
	_, address := started(t, options())
	f := linked(t, address)
	f.opened(1, "alice")
	f.end(ftd.BeginSession(nil, ftd.TIDVisitOpen, f.tag(1)))
	f.gone()
}

// TestVisitsOfOneSubmitID: two records under one SubmitID are two visits, which end together; the same record twice is one.
func TestVisitsOfOneSubmitID(t *testing.T) {
	t.Parallel()
	var v visits
	for _, one := range []told{{"a", "8888"}, {"a", "8888"}, {"b", "6666"}} {
		v.open(firstVisit, one)
	}
	if v.live != 2 || v.reported["8888"] != 1 || v.reported["6666"] != 1 {
		t.Errorf("%+v", v)
	}
	if !v.close(firstVisit) || v.close(firstVisit) || v.live != 0 || len(v.reported) != 0 {
		t.Errorf("after the end %+v", v)
	}
}
