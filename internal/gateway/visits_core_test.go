package gateway

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/ftd"
	"github.com/tradefront/tradefront/internal/reason"
)

// visitedSession is an operator's session at a core that is told of visits.
type visitedSession struct {
	told []string
}

func (*visitedSession) Wait() bool                            { return false }
func (*visitedSession) Pass(ftd.Header, []byte) reason.Reason { return reason.OK }
func (*visitedSession) Flush()                                {}
func (*visitedSession) Close(ftd.ReasonCode, string)          {}

func (s *visitedSession) OpenVisit(v *core.Visit) {
	s.told = append(s.told, "open "+v.SubmitID.String()+" "+string(v.Account)+" "+v.RecordID.String())
}

func (s *visitedSession) CloseVisit(id uuid.UUID) { s.told = append(s.told, "close "+id.String()) }

// TestCoreIsToldOfVisits: of each whose record is durable and of its end, of none that was refused, and of none after the
// operator's session is over.
func TestCoreIsToldOfVisits(t *testing.T) {
	r := newSubmitHouse(t)
	s := &visitedSession{}
	r.core.open = func() (core.Session, error) { return s, nil }
	r.loginAt(operatorAttempt(operator))
	a := r.submission(nil)
	outcome, _ := r.submit(a)
	refused := r.submission(nil)
	refused.Visit.Told.PublicPort = 0
	r.submit(refused)
	id := string(a.Request.SubmitID)
	r.EndTerminal(relayPeer, []byte(operator), a.Request.SubmitID)
	r.Ended(relayPeer, []byte(operator))
	r.submit(r.submission(nil))
	want := []string{"open " + id + " " + account + " " + outcome.Submitted.RecordID.String(), "close " + id}
	if !slices.Equal(s.told, want) {
		t.Errorf("%q, want %q", s.told, want)
	}
}
