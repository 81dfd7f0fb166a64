package door

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func penalties() Penalties {
	p := Penalties{Threshold: time.Minute, Max: 10 * time.Minute, Sources: 4}
	p.Cost[FailedAuthentication] = 5 * time.Second
	p.Cost[NoAuthentication] = time.Second
	return p
}

func TestPenalties(t *testing.T) {
	h := open(t, Limits{Connections: 100, Penalties: penalties()}, never)
	bad := h.admit("bad", "192.0.2.1", "")
	for range 12 { // one minute, which is what it may owe
		h.Penalise(bad, FailedAuthentication, start)
	}
	h.admit("2", "192.0.2.1", "")
	h.Penalise(bad, Malformed, start) // costs nothing here
	h.admit("3", "192.0.2.1", "")
	h.Penalise(bad, NoAuthentication, start)
	h.admit("4", "192.0.2.1", "source_penalized")
	h.admit("5", "192.0.2.2", "")

	// It is refused until all is paid, not until it is under the threshold.
	owed := 61 * time.Second
	if !h.debts.shut(SourceOf(addr("192.0.2.1")), start.Add(owed-1)) || h.debts.shut(SourceOf(addr("192.0.2.1")), start.Add(owed)) {
		t.Error("not shut for as long as it owes")
	}
	if s := h.Status(9, start); s.Penalised != 1 || s.Penalties[0].Left != owed || s.Refused["source_penalized"] != 1 {
		t.Errorf("%+v", s)
	}
	// Then it begins anew.
	v := &Visitor{Owner: "6"}
	h.check(v, h.Admit(v, addr("192.0.2.1"), start.Add(owed)), "")
	h.Penalise(v, FailedAuthentication, start.Add(owed))
	h.check(v, h.Admit(&Visitor{Owner: "7"}, addr("192.0.2.1"), start.Add(owed)), "")
	if s := h.Status(9, start.Add(owed)); s.InDebt != 1 || s.Penalised != 0 {
		t.Errorf("%+v", s)
	}
}

func TestNoDebtIsHigherThanMax(t *testing.T) {
	h := open(t, Limits{Connections: 100, Penalties: penalties()}, never)
	bad := h.admit("bad", "192.0.2.1", "")
	for range 10_000 {
		h.Penalise(bad, FailedAuthentication, start)
	}
	if s := h.Status(9, start); s.Penalties[0].Left != 10*time.Minute {
		t.Errorf("%+v", s)
	}
}

// A campus with customers at work is not shut for a broken terminal among them.
func TestAuthenticatedConnectionsSpeakForTheirSource(t *testing.T) {
	h := open(t, Limits{Connections: 100, Penalties: penalties()}, never)
	for i := range 9 {
		h.Authenticated(h.admit(fmt.Sprint("customer", i), "192.0.2.1", ""))
	}
	broken := h.admit("broken", "192.0.2.1", "")
	for range 10_000 {
		h.Penalise(broken, FailedAuthentication, start)
	}
	h.admit("another customer", "192.0.2.1", "") // ten minutes owed, ten times one allowed
	h.leave("customer0")
	h.Penalise(broken, FailedAuthentication, start)
	h.admit("a late one", "192.0.2.1", "source_penalized")
}

// The same before anybody is at work: yesterday's logins speak for the campus, for a day.
func TestLoginsSpeakForTheirSource(t *testing.T) {
	l := Limits{Connections: 100, Penalties: penalties()}
	shut := func(logins int, after time.Duration) bool {
		h := open(t, l, never)
		for i := range logins {
			c := fmt.Sprint("customer", i)
			h.LoggedIn(h.admit(c, "192.0.2.1", ""), start)
			h.leave(c)
		}
		h.LoggedIn(h.admit("elsewhere", "192.0.2.2", ""), start)
		later := start.Add(after)
		broken := h.admit("broken", "192.0.2.1", "")
		for range 10_000 {
			h.Penalise(broken, FailedAuthentication, later)
		}
		return h.debts.shut(SourceOf(addr("192.0.2.1")), later)
	}
	for _, c := range []struct {
		logins int
		after  time.Duration
		want   bool
	}{
		{0, 0, true},
		{8, time.Hour, true}, // ten minutes owed, nine allowed
		{9, time.Hour, false},
		{9, standingFor - 1, false},
		{9, standingFor, true},
		{10 * maxStanding, time.Hour, false},
	} {
		if got := shut(c.logins, c.after); got != c.want {
			t.Errorf("%d logins, %v later: shut %v", c.logins, c.after, got)
		}
	}
}

func TestStandingsAreBounded(t *testing.T) {
	h := open(t, Limits{Connections: 1000, Penalties: penalties()}, never)
	for i := range 100 {
		h.LoggedIn(h.admit(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i), ""), start.Add(time.Duration(i)))
		h.LoggedIn(h.inside["0"], start.Add(time.Duration(i))) // again and again
	}
	if n := len(h.known.of); n != 4 || h.known.latest.Len() != 4 {
		t.Errorf("%d sources are known, want 4", n)
	}
	for source, want := range map[string]int{"192.0.2.0": maxStanding, "192.0.2.1": 0, "192.0.2.99": 1} {
		if got := h.known.logins(SourceOf(addr(source)), start.Add(time.Second)); got != want {
			t.Errorf("%d logins speak for %s, want %d", got, source, want)
		}
	}
	h.SetLimits(Limits{Connections: 1000})
	if n := len(h.known.of) + h.known.latest.Len(); n != 0 {
		t.Errorf("%d are known without penalties", n)
	}
}

func TestExemptAndAddresslessHaveNoDebts(t *testing.T) {
	l := Limits{Connections: 100, Penalties: penalties(), Exempt: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}}
	h := open(t, l, never)
	none := &Visitor{Owner: "none"}
	h.Enter(none)
	h.Learn(none, netip.Addr{}, start)
	for _, v := range []*Visitor{none, h.admit("campus", "2001:db8::1", "")} {
		for range 100 {
			h.Penalise(v, FailedAuthentication, start)
		}
	}
	h.admit("campus2", "2001:db8::1", "")
	if s := h.Status(9, start); s.InDebt != 0 {
		t.Errorf("%+v", s)
	}
	// Debts from before a network was exempt are not asked for either.
	bad := h.admit("bad", "192.0.2.1", "")
	for range 100 {
		h.Penalise(bad, FailedAuthentication, start)
	}
	h.admit("bad2", "192.0.2.1", "source_penalized")
	l.Exempt = append(l.Exempt, netip.MustParsePrefix("192.0.2.0/24"))
	h.SetLimits(l)
	h.admit("bad2", "192.0.2.1", "")
}

// The table keeps the debts that last longest.
func TestDebtsAreBounded(t *testing.T) {
	h := open(t, Limits{Connections: 100, Penalties: penalties()}, never)
	for i := range 6 {
		v := h.admit(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i), "")
		for range 14 + (i*5)%6 {
			h.Penalise(v, FailedAuthentication, start)
		}
		if n := len(h.debts.queue); n > 4 || n != len(h.debts.of) {
			t.Fatalf("%d debts, %d in the table", n, len(h.debts.of))
		}
	}
	s := h.Status(9, start)
	got := ""
	for _, p := range s.Penalties {
		got += fmt.Sprint(p.Source.Addr(), " ")
	}
	// 1 owes most, then 2, 3, 4; 5 came last, and for its first offence 4 had to go.
	if want := "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.5 "; got != want {
		t.Errorf("kept %s, want %s", got, want)
	}
	l := Limits{Connections: 100, Penalties: penalties()}
	l.Penalties.Sources = 1
	h.SetLimits(l)
	if s := h.Status(9, start); s.InDebt != 1 || s.Penalties[0].Source.Addr() != addr("192.0.2.1") {
		t.Errorf("%+v", s)
	}
	// What is paid is forgotten by itself.
	v := h.admit("new", "192.0.2.77", "")
	h.Penalise(v, FailedAuthentication, start.Add(time.Hour))
	if len(h.debts.of) != 1 || !h.debts.queue[0].paid.Equal(start.Add(time.Hour+5*time.Second)) {
		t.Errorf("%+v", h.debts.of)
	}
}
