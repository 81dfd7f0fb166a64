package gateway

import (
	"testing"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/session"
)

// TestRefusedBeforeTheGateway: the line of a submission, or of an end, that the session refused names submission, operator
// and relay; one that panicked names the record that may be there.
func TestRefusedBeforeTheGateway(t *testing.T) {
	for _, c := range []struct {
		op  session.Op
		why reason.Reason
	}{
		{session.OpSubmit, reason.WrongMode},
		{session.OpSubmit, reason.NotLoggedIn},
		{session.OpSubmit, reason.PasswordFirst},
		{session.OpSubmit, reason.Draining},
		{session.OpSubmit, reason.RelayWindow},
		{session.OpSubmit, reason.SubmitFault},
		{session.OpSubmitEnd, reason.NotLoggedIn},
		{session.OpSubmitEnd, reason.IllegalField},
	} {
		r := newSubmitHouse(t)
		a := r.submission(nil)
		before := len(r.audit.entries)
		outcome := r.RefuseSubmit(relayPeer, c.op, a, c.why, "an item")
		if len(r.audit.entries) != before+1 || outcome.Reason != c.why || outcome.Ref == (reason.Ref{}) {
			t.Fatalf("%v %v: %+v", c.op, c.why, outcome)
		}
		id, _ := relay.ParseSubmitID(a.Request.SubmitID)
		want := map[bool]uuid.UUID{true: relay.RecordID(a.AppID, id, a.Content)}[c.why == reason.SubmitFault]
		if e := r.audit.entries[before]; e.Event != c.op.String() || e.Reason != c.why.String() || e.Code != c.why.Code() ||
			e.SubmitID != string(a.Request.SubmitID) || e.Operator != operator || e.RelayAppID != operatorApp || e.RelayMode != "3" ||
			e.Account != string(a.Request.UserID) || e.AppID != "" || e.Item != "an item" || e.RecordID != want || e.Ref != string(outcome.Ref[:]) {
			t.Errorf("%v %v: %+v", c.op, c.why, e)
		}
	}
}

// TestOverloadedIsLast: a submission for which the front has no room is held to all that is looked at before the record,
// and leaves nothing reserved.
func TestOverloadedIsLast(t *testing.T) {
	all := faults()
	for _, f := range all {
		r := newSubmitHouse(t)
		a := r.submission(nil)
		f.spoil(r, a)
		want := f.why
		if f.number == submitDurable {
			want = reason.Overloaded
		}
		records := len(r.log.records)
		outcome := r.RefuseSubmit(relayPeer, session.OpSubmit, a, reason.Overloaded, "")
		e := r.audit.entries[len(r.audit.entries)-1]
		if outcome.Reason != want || e.Event != logs.EventSubmit || e.Reason != want.String() || e.SubmitID != string(a.Request.SubmitID) || len(r.log.records) != records {
			t.Errorf("%d %v: answered %v, line %+v", f.number, f.why, outcome.Reason, e)
		}
	}
	r := newSubmitHouse(t)
	r.options(func(o *RelayOptions) { o.MaxVisits = 1 })
	a := r.submission(nil)
	for range 3 {
		if outcome := r.RefuseSubmit(relayPeer, session.OpSubmit, a, reason.Overloaded, ""); outcome.Reason != reason.Overloaded {
			t.Fatal(outcome.Reason)
		}
	}
	if outcome, line := r.submit(a); outcome.Reason != reason.OK || line.ReReported {
		t.Errorf("afterwards %v, %+v", outcome.Reason, line)
	}
}
