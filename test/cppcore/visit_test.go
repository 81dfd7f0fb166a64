package cppcore

import (
	"testing"

	"github.com/tradefront/tradefront/internal/ftd"
)

const (
	firstVisit  = "019b7c1e-5c00-7d4e-8a3b-000000000001"
	secondVisit = "019b7c1e-5c00-7d4e-8a3b-000000000002"
)

func visitOpen(t *testing.T, tag ftd.SessionTag, id string) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, ftd.TIDVisitOpen, tag)
	e.RelayedTerminal(&ftd.RelayedTerminal{
		AppID: []byte("client_demo_1.0"), PublicIP: []byte("203.0.113.7"), PublicPort: 50001, LoginTime: []byte("2026-01-05 08:44:58"), TerminalType: '2',
	})
	e.SubmitResponse(&ftd.SubmitResponse{
		BrokerID: []byte("9999"), UserID: []byte("88888888"), UserType: '2', TradingDay: []byte("20260105"), SubmitID: []byte(id),
		RecordID: []byte(recordID), AbnormalFlag: '0',
	})
	return end(t, &e)
}

func visitClose(t *testing.T, tag ftd.SessionTag, id string) []byte {
	t.Helper()
	e := ftd.BeginSession(nil, ftd.TIDVisitClose, tag)
	e.SubmitRef(&ftd.SubmitRef{SubmitID: []byte(id)})
	return end(t, &e)
}

// TestVisits: the core knows whose terminals an operator relay reported, also behind SessionResume, and answers nothing.
func TestVisits(t *testing.T) {
	t.Parallel()
	c := start(t, "--listen", "127.0.0.1:0")
	f := c.link(t, "process-1")
	f.open(1, "10000001", "Example-1")
	f.send(visitOpen(t, f.tag(1), firstVisit))
	c.wait("front 7 session 1: 1 visits")
	f.send(visitOpen(t, f.tag(1), firstVisit), visitOpen(t, f.tag(1), secondVisit))
	c.wait("front 7 session 1: 2 visits")
	f.send(visitClose(t, f.tag(1), firstVisit), visitClose(t, f.tag(1), "unknown"))
	f.send(visitOpen(t, f.tag(9), firstVisit))
	c.wait("front 7 session 9: discarded unknown_session")
	f.ask(1, query, 'S', 1, "nothing was answered before")
	c.wantTimes("front 7 session 1: 1 visits", 4) // of the first, of the same again, and of two ends
	c.do("cut")
	f.ended()

	f = c.link(t, "process-1")
	f.send(sessionResume(t, f.tag(1), "10000001", ftd.ResumePoints{}), visitOpen(t, f.tag(1), secondVisit))
	f.expectCode(ftd.TIDSessionResume, 1, 0)
	f.ask(1, query, 'S', 2, "it goes on")
	c.wantTimes("front 7 session 1: 1 visits", 5)

	short := ftd.BeginSession(nil, ftd.TIDVisitClose, f.tag(1))
	short.Raw(ftd.FIDSubmitRef, []byte("short"))
	f.send(end(t, &short))
	f.ended()
	c.wait("front 7: broken field_short")
}
