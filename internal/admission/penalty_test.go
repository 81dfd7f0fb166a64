package admission

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
	h := newFixture(t, Limits{Connections: 100, Penalties: penalties()}, never)
	bad := h.admit("bad", "192.0.2.1", "")
	for range 12 { // one minute, which is what it may owe
		h.Penalize(bad, FailedAuthentication, start)
	}
	h.admit("2", "192.0.2.1", "")
	h.Penalize(bad, Malformed, start) // costs nothing here
	h.admit("3", "192.0.2.1", "")
	h.Penalize(bad, NoAuthentication, start)
	h.admit("4", "192.0.2.1", "source_penalized")
	h.admit("5", "192.0.2.2", "")

	// It is refused until all is paid, not until it is under the threshold.
	owed := 61 * time.Second
	if !h.debts[0].penalized(source.Of(addr("192.0.2.1")), start.Add(owed-1)) || h.debts[0].penalized(source.Of(addr("192.0.2.1")), start.Add(owed)) {
		t.Error("not penalized for as long as it owes")
	}
	if s := h.Status(9, start); s.Penalized != 1 || s.Penalties[0].Left != owed || s.Refused["source_penalized"] != 1 {
		t.Errorf("%+v", s)
	}
	// Then it begins anew.
	conn := &Conn{Owner: "6"}
	h.check(conn, h.Admit(conn, addr("192.0.2.1"), start.Add(owed)), "")
	h.Penalize(conn, FailedAuthentication, start.Add(owed))
	h.check(conn, h.Admit(&Conn{Owner: "7"}, addr("192.0.2.1"), start.Add(owed)), "")
	if s := h.Status(9, start.Add(owed)); s.InDebt != 1 || s.Penalized != 0 {
		t.Errorf("%+v", s)
	}
}

func TestNoDebtIsHigherThanMax(t *testing.T) {
	h := newFixture(t, Limits{Connections: 100, Penalties: penalties()}, never)
	bad := h.admit("bad", "192.0.2.1", "")
	for range 10_000 {
		h.Penalize(bad, FailedAuthentication, start)
	}
	if s := h.Status(9, start); s.Penalties[0].Left != 10*time.Minute {
		t.Errorf("%+v", s)
	}
}

// A campus with customers at work is not penalized for a broken terminal among them; but if the
// offences continue it is refused in the end, however many customers there are.
func TestAuthenticatedConnectionsRaiseTheThreshold(t *testing.T) {
	for _, customers := range []int{8, 9, 100} {
		h := newFixture(t, Limits{Connections: 1000, Penalties: penalties()}, never)
		for i := range customers {
			h.Authenticated(h.admit(fmt.Sprint("customer", i), "192.0.2.1", ""))
		}
		broken := h.admit("broken", "192.0.2.1", "")
		for range 9 * 12 { // nine minutes
			h.Penalize(broken, FailedAuthentication, start)
		}
		h.admit("another customer", "192.0.2.1", "")
		h.Penalize(broken, FailedAuthentication, start)
		h.admit("a late one", "192.0.2.1", "source_penalized")
	}
}

// The same before customers are at work: good logins count for a day.
func TestGoodLoginsRaiseTheThreshold(t *testing.T) {
	penalized := func(logins int, after time.Duration, offences int) bool {
		h := newFixture(t, Limits{Connections: 100, Penalties: penalties()}, never)
		for i := range logins {
			c := fmt.Sprint("customer", i)
			h.LoggedIn(h.admit(c, "192.0.2.1", ""), start)
			h.release(c)
		}
		h.LoggedIn(h.admit("elsewhere", "192.0.2.2", ""), start)
		later := start.Add(after)
		broken := h.admit("broken", "192.0.2.1", "")
		for range offences {
			h.Penalize(broken, FailedAuthentication, later)
		}
		return h.debts[0].penalized(source.Of(addr("192.0.2.1")), later)
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
		{9, goodLoginTTL - 1, 9*12 + 1},
		{9, goodLoginTTL, 13},
		{10 * maxGoodLogins, time.Hour, 9*12 + 1},
	} {
		if penalized(c.logins, c.after, c.offences-1) || !penalized(c.logins, c.after, c.offences) {
			t.Errorf("%d logins, %v later: not penalized by offence %d", c.logins, c.after, c.offences)
		}
	}
}

// The address behind which ten customers have logged in, flooded by an attacker among them: it
// is penalized, and the reserve admits some, whichever they are.
func TestSharedAddressIsPenalizedAndServed(t *testing.T) {
	h := newFixture(t, Limits{Connections: 1000, Penalties: penalties()}, never)
	for i := range 10 {
		c := fmt.Sprint("customer", i)
		h.LoggedIn(h.admit(c, "192.0.2.1", ""), start)
		h.release(c)
	}
	admitted, now := 0, start
	for range 69_000 { // in ten seconds
		conn := &Conn{Owner: "attacker"}
		if now = now.Add(10 * time.Second / 69_000); h.Admit(conn, addr("192.0.2.1"), now).Refused != reason.StayOpen {
			continue
		}
		admitted++
		h.Penalize(conn, FailedAuthentication, now)
		h.Release(conn)
	}
	before := 9*12 + 1 // until it is penalized
	if most := before + reserve.Burst + 10*reserve.PerSecond + 2; admitted < most-20 || admitted > most {
		t.Errorf("%d of 69,000 connections were admitted, want about %d", admitted, most)
	}
	neighbour := &Conn{Owner: "neighbour"} // one source alone never gets its network penalized
	h.check(neighbour, h.Admit(neighbour, addr("192.0.2.3"), now), "")
	elsewhere := &Conn{Owner: "elsewhere"}
	h.check(elsewhere, h.Admit(elsewhere, addr("192.0.2.2"), now), "")
	customer := &Conn{Owner: "customer"}
	h.check(customer, h.Admit(customer, addr("192.0.2.1"), now.Add(time.Second)), "")
	// A source without good logins has no reserve.
	bad := h.admit("bad", "198.51.100.1", "")
	for range 13 {
		h.Penalize(bad, FailedAuthentication, start)
	}
	h.admit("bad too", "198.51.100.1", "source_penalized")
}

// Offences worth sixteen sources' penalize a /24 or a /48, those worth four a /56; but not the
// sources in it that have good logins.
func TestNetworksArePenalized(t *testing.T) {
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
			h := newFixture(t, l, never)
			h.LoggedIn(h.admit("customer", c.customer, ""), start)
			h.release("customer")
			in := 0 // a good login counts for its network too: it may owe twice as much
			for i := range 100 * c.sources {
				conn := &Conn{Owner: "offender"}
				if h.Admit(conn, addr(c.offender(i)), start).Refused != reason.StayOpen {
					break
				}
				in++
				h.Penalize(conn, FailedAuthentication, start)
				h.Release(conn)
			}
			if want := 2*12*c.sources + 1; in != want {
				t.Errorf("penalized after %d offences, want %d", in, want)
			}
			h.admit("newcomer", c.newcomer, "source_penalized")
			h.admit("customer", c.customer, "")
			h.admit("elsewhere", "203.0.113.1", "")
			if s := h.Status(9, start); s.Penalized != 1 || fmt.Sprint("/", s.Penalties[0].Source.Bits()) != name {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestGoodLoginsAreBounded(t *testing.T) {
	h := newFixture(t, Limits{Connections: 1000, Penalties: penalties()}, never)
	for i := range 100 {
		h.LoggedIn(h.admit(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i), ""), start.Add(time.Duration(i)))
		h.LoggedIn(h.admitted["0"], start.Add(time.Duration(i))) // again and again
	}
	if n := h.good[0].of.Len(); n != 4 {
		t.Errorf("%d sources have good logins, want 4", n)
	}
	for from, want := range map[string]int{"192.0.2.0": maxGoodLogins, "192.0.2.1": 0, "192.0.2.99": 1} {
		if got := h.good[0].logins(source.Of(addr(from)), start.Add(time.Second)); got != want {
			t.Errorf("%d logins count for %s, want %d", got, from, want)
		}
	}
	h.SetLimits(Limits{Connections: 1000})
	if n := h.good[0].of.Len(); n != 0 {
		t.Errorf("%d have good logins without penalties", n)
	}
}

func TestExemptAndAddresslessHaveNoDebts(t *testing.T) {
	l := Limits{Connections: 100, Penalties: penalties(), Exempt: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}}
	h := newFixture(t, l, never)
	none := &Conn{Owner: "none"}
	h.AdmitProxied(none)
	h.Identify(none, netip.Addr{}, start)
	for _, conn := range []*Conn{none, h.admit("campus", "2001:db8::1", "")} {
		for range 100 {
			h.Penalize(conn, FailedAuthentication, start)
		}
	}
	h.admit("campus2", "2001:db8::1", "")
	if s := h.Status(9, start); s.InDebt != 0 {
		t.Errorf("%+v", s)
	}
	// Debts from before a network was exempt count no more.
	bad := h.admit("bad", "192.0.2.1", "")
	for range 100 {
		h.Penalize(bad, FailedAuthentication, start)
	}
	h.admit("bad2", "192.0.2.1", "source_penalized")
	l.Exempt = append(l.Exempt, netip.MustParsePrefix("192.0.2.0/24"))
	h.SetLimits(l)
	h.admit("bad2", "192.0.2.1", "")
}

// The table keeps the debts that last longest.
func TestDebtsAreBounded(t *testing.T) {
	h := newFixture(t, Limits{Connections: 100, Penalties: penalties()}, never)
	for i := range 6 {
		conn := h.admit(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i), "")
		for range 14 + (i*5)%6 {
			h.Penalize(conn, FailedAuthentication, start)
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
	// A debt that is paid is forgotten at the next offence.
	conn := h.admit("new", "192.0.2.77", "")
	h.Penalize(conn, FailedAuthentication, start.Add(time.Hour))
	if len(h.debts[0].of) != 1 || !h.debts[0].queue[0].paid.Equal(start.Add(time.Hour+5*time.Second)) {
		t.Errorf("%+v", h.debts[0].of)
	}
}
