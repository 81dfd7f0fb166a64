package gateway

import (
	"bytes"
	"testing"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/session"
)

// TestRenumberedRelay: a relay's connection is found by the SessionID that it has, and by no other.
func TestRenumberedRelay(t *testing.T) {
	g, link := new(Gateway), new(relayLink)
	g.links.add(1, link)
	g.Renumbered(1, session.Peer{SessionID: 2, Relays: true})
	g.Renumbered(7, session.Peer{SessionID: 8, Relays: true})
	if g.links.find(1) != nil || g.links.find(2) != link || g.links.find(8) != nil {
		t.Errorf("found %p, %p, %p; want %p by 2 alone", g.links.find(1), g.links.find(2), g.links.find(8), link)
	}
}

// TestOneSubmitIDForOtherContent: two records are two visits, each counted and each under the bound; the word that the
// terminal has gone ends both.
func TestOneSubmitIDForOtherContent(t *testing.T) {
	r := newSubmitHouse(t)
	first := r.submission(nil)
	other := *first
	other.Request.UserID = []byte("66666666")
	other.Content = append(bytes.Clone(first.Content), '!')
	one, _ := r.submit(first)
	two, _ := r.submit(&other)
	if again, _ := r.submit(&other); again.Submitted.RecordID != two.Submitted.RecordID || one.Submitted.RecordID == two.Submitted.RecordID {
		t.Errorf("RecordIDs %v, %v, %v", one.Submitted.RecordID, two.Submitted.RecordID, again.Submitted.RecordID)
	}
	if n := r.Terminals(relayPeer.SessionID); n != 2 {
		t.Errorf("%d visits of two records", n)
	}
	for _, account := range []regulation.Account{regulation.Account(first.Request.UserID), "66666666"} {
		if some := r.Visits(func(a regulation.Account) bool { return a == account }); len(some) != 1 || some[0].SubmitID.String() != string(first.Request.SubmitID) {
			t.Errorf("the visits of %s are %v", account, some)
		}
	}
	r.EndTerminal(relayPeer, []byte(operator), first.Request.SubmitID)
	if n := r.Terminals(relayPeer.SessionID); n != 0 {
		t.Errorf("%d visits after the end", n)
	}
	r.options(func(o *RelayOptions) { o.MaxVisits = 1 })
	r.submit(first)
	if outcome := r.Submit(t.Context(), relayPeer, &other); outcome.Reason != reason.RelayVisits {
		t.Errorf("beyond the bound: %v", outcome.Reason)
	}
	r.submit(first)
	r.options(func(o *RelayOptions) { o.MaxVisits = 2 })
	r.submit(&other)
	if n := r.endVisits(r.links.find(relayPeer.SessionID), relayPeer.SessionID); n != 2 {
		t.Errorf("%d ended with the connection", n)
	}
}

// TestDisabledWhileItIsRecorded: an account is disabled while a submission of its terminal is on its way to the store, and who ends the
// account's terminals finds none yet. The submission is answered, since its record counts, and the gateway says that there is one to end.
func TestDisabledWhileItIsRecorded(t *testing.T) {
	r := newSubmitHouse(t)
	knows := r.Gateway.core.(*knowing)
	r.submit(r.submission(nil))
	if r.Barred() {
		t.Error("a terminal is to be ended whose account was not disabled")
	}
	a := r.submission(nil)
	r.log.seen = func() { knows.off = string(a.Request.UserID) }
	if outcome, _ := r.submit(a); outcome.Reason != reason.OK {
		t.Fatalf("refused: %v", outcome.Reason)
	}
	if !r.Barred() || r.Barred() {
		t.Error("the terminal of a disabled account is to be ended once, and the gateway does not say so, or again")
	}
	if some := r.Visits(func(of regulation.Account) bool { return string(of) == knows.off }); len(some) == 0 {
		t.Error("nothing says which terminal it is")
	}
}
