package door

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
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
	if !h.debts[0].shut(source.Of(addr("192.0.2.1")), start.Add(owed-1)) || h.debts[0].shut(source.Of(addr("192.0.2.1")), start.Add(owed)) {
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

// A campus with customers at work is not shut for a broken terminal among them; but whoever
// goes on is refused in the end, however many customers there are.
func TestAuthenticatedConnectionsSpeakForTheirSource(t *testing.T) {
	for _, customers := range []int{8, 9, 100} {
		h := open(t, Limits{Connections: 1000, Penalties: penalties()}, never)
		for i := range customers {
			h.Authenticated(h.admit(fmt.Sprint("customer", i), "192.0.2.1", ""))
		}
		broken := h.admit("broken", "192.0.2.1", "")
		for range 9 * 12 { // nine minutes
			h.Penalise(broken, FailedAuthentication, start)
		}
		h.admit("another customer", "192.0.2.1", "")
		h.Penalise(broken, FailedAuthentication, start)
		h.admit("a late one", "192.0.2.1", "source_penalized")
	}
}

// The same before anybody is at work: yesterday's logins speak for the campus, for a day.
func TestLoginsSpeakForTheirSource(t *testing.T) {
	shut := func(logins int, after time.Duration, offences int) bool {
		h := open(t, Limits{Connections: 100, Penalties: penalties()}, never)
		for i := range logins {
			c := fmt.Sprint("customer", i)
			h.LoggedIn(h.admit(c, "192.0.2.1", ""), start)
			h.leave(c)
		}
		h.LoggedIn(h.admit("elsewhere", "192.0.2.2", ""), start)
		later := start.Add(after)
		broken := h.admit("broken", "192.0.2.1", "")
		for range offences {
			h.Penalise(broken, FailedAuthentication, later)
		}
		return h.debts[0].shut(source.Of(addr("192.0.2.1")), later)
	}
	for _, c := range []struct {
		logins   int
		after    time.Duration
		offences int // the first that is too many
	}{
		{0, 0, 13},
		{3, time.Hour, 4*12 + 1},
		{8, time.Hour, 9*12 + 1},
		{9, time.Hour, 9*12 + 1},
		{9, standingFor - 1, 9*12 + 1},
		{9, standingFor, 13},
		{10 * maxStanding, time.Hour, 9*12 + 1},
	} {
		if shut(c.logins, c.after, c.offences-1) || !shut(c.logins, c.after, c.offences) {
			t.Errorf("%d logins, %v later: not shut by offence %d", c.logins, c.after, c.offences)
		}
	}
}

// The address behind which ten customers have logged in, flooded by a stranger among them: it is
// shut, and as many come in as the reserve has, whoever they are.
func TestSharedAddressIsShutAndServed(t *testing.T) {
	h := open(t, Limits{Connections: 1000, Penalties: penalties()}, never)
	for i := range 10 {
		c := fmt.Sprint("customer", i)
		h.LoggedIn(h.admit(c, "192.0.2.1", ""), start)
		h.leave(c)
	}
	in, now := 0, start
	for range 69_000 { // in ten seconds
		v := &Visitor{Owner: "stranger"}
		if now = now.Add(10 * time.Second / 69_000); h.Admit(v, addr("192.0.2.1"), now).Refused != reason.StayOpen {
			continue
		}
		in++
		h.Penalise(v, FailedAuthentication, now)
		h.Leave(v)
	}
	before := 9*12 + 1 // until it is shut
	if most := before + reserve.Burst + 10*reserve.PerSecond + 2; in < most-20 || in > most {
		t.Errorf("%d of 69,000 connections came in, want about %d", in, most)
	}
	neighbour := &Visitor{Owner: "neighbour"} // what one source owes does not shut its network
	h.check(neighbour, h.Admit(neighbour, addr("192.0.2.3"), now), "")
	elsewhere := &Visitor{Owner: "elsewhere"}
	h.check(elsewhere, h.Admit(elsewhere, addr("192.0.2.2"), now), "")
	customer := &Visitor{Owner: "customer"}
	h.check(customer, h.Admit(customer, addr("192.0.2.1"), now.Add(time.Second)), "")
	// Nothing is kept for a source that no login speaks for.
	bad := h.admit("bad", "198.51.100.1", "")
	for range 13 {
		h.Penalise(bad, FailedAuthentication, start)
	}
	h.admit("bad too", "198.51.100.1", "source_penalized")
}

// Sixteen sources' worth of offences shut a /24 or a /48, four sources' a /56; not the sources in
// it that logins speak for.
func TestNetworksOweToo(t *testing.T) {
	for name, c := range map[string]struct {
		offender           func(i int) string
		sources            int // whose worth it is
		customer, newcomer string
	}{
		"/24": {func(i int) string { return fmt.Sprint("192.0.2.", i%200) }, 16, "192.0.2.250", "192.0.2.251"},
		"/56": {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%200) }, 4, "2001:db8:1:f0::1", "2001:db8:1:f1::1"},
		"/48": {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%200<<8) }, 16, "2001:db8:1:fffe::1", "2001:db8:1:ffff::1"},
	} {
		t.Run(name, func(t *testing.T) {
			l := Limits{Connections: 10_000, Penalties: penalties()}
			l.Penalties.Sources = 1000
			h := open(t, l, never)
			h.LoggedIn(h.admit("customer", c.customer, ""), start)
			h.leave("customer")
			in := 0 // a login speaks for its network too: it may owe twice as much
			for i := range 100 * c.sources {
				v := &Visitor{Owner: "offender"}
				if h.Admit(v, addr(c.offender(i)), start).Refused != reason.StayOpen {
					break
				}
				in++
				h.Penalise(v, FailedAuthentication, start)
				h.Leave(v)
			}
			if want := 2*12*c.sources + 1; in != want {
				t.Errorf("shut after %d offences, want %d", in, want)
			}
			h.admit("newcomer", c.newcomer, "source_penalized")
			h.admit("customer", c.customer, "")
			h.admit("elsewhere", "203.0.113.1", "")
			if s := h.Status(9, start); s.Penalised != 1 || fmt.Sprint("/", s.Penalties[0].Source.Bits()) != name {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestStandingsAreBounded(t *testing.T) {
	h := open(t, Limits{Connections: 1000, Penalties: penalties()}, never)
	for i := range 100 {
		h.LoggedIn(h.admit(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i), ""), start.Add(time.Duration(i)))
		h.LoggedIn(h.inside["0"], start.Add(time.Duration(i))) // again and again
	}
	if n := len(h.known[0].of); n != 4 || h.known[0].latest.Len() != 4 {
		t.Errorf("%d sources are known, want 4", n)
	}
	for from, want := range map[string]int{"192.0.2.0": maxStanding, "192.0.2.1": 0, "192.0.2.99": 1} {
		if got := h.known[0].logins(source.Of(addr(from)), start.Add(time.Second)); got != want {
			t.Errorf("%d logins speak for %s, want %d", got, from, want)
		}
	}
	h.SetLimits(Limits{Connections: 1000})
	if n := len(h.known[0].of) + h.known[0].latest.Len(); n != 0 {
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
		if n := len(h.debts[0].queue); n > 4 || n != len(h.debts[0].of) {
			t.Fatalf("%d debts, %d in the table", n, len(h.debts[0].of))
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
	if len(h.debts[0].of) != 1 || !h.debts[0].queue[0].paid.Equal(start.Add(time.Hour+5*time.Second)) {
		t.Errorf("%+v", h.debts[0].of)
	}
}
