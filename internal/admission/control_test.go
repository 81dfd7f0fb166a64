package admission

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func always() float64 { return 0 }
func never() float64  { return 0.999999 }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// fixture is a Control and the connections that it admitted, by name.
type fixture struct {
	*Control
	t        *testing.T
	admitted map[string]*Conn
}

func newFixture(t *testing.T, l Limits, chance func() float64) *fixture {
	return &fixture{New(l, chance), t, make(map[string]*Conn)}
}

// admit wants "", a reason, or the name of the victim.
func (h *fixture) admit(name, source, want string) *Conn {
	h.t.Helper()
	conn := &Conn{Owner: name}
	h.check(conn, h.Admit(conn, addr(source), start), want)
	return conn
}

func (h *fixture) check(conn *Conn, got Verdict, want string) {
	h.t.Helper()
	outcome := ""
	switch {
	case got.Refused != reason.StayOpen && got.Victim != nil:
		h.t.Fatalf("%v: refused and a victim: %+v", conn.Owner, got)
	case got.Refused != reason.StayOpen:
		outcome = got.Refused.String()
	case got.Victim != nil:
		outcome = got.Victim.Owner.(string)
	}
	if outcome != want {
		h.t.Fatalf("%v: %q, want %q", conn.Owner, outcome, want)
	}
	if got.Refused == reason.StayOpen {
		h.admitted[conn.Owner.(string)] = conn
	}
}

func (h *fixture) release(name string) {
	h.Release(h.admitted[name])
	delete(h.admitted, name)
}

func TestTotal(t *testing.T) {
	h := newFixture(t, Limits{Connections: 3}, never)
	for i, n := range []string{"a", "b", "c"} {
		conn := h.admit(n, fmt.Sprintf("192.0.2.%d", i), "")
		h.Authenticated(conn)
		h.LoggingIn(conn)
	}
	h.admit("d", "192.0.2.9", "front_full")
	h.release("b")
	h.admit("e", "192.0.2.9", "")
	// e has not authenticated: it must not cost a newcomer its place, but its own
	// source's newcomers have no better right.
	h.admit("f", "192.0.2.9", "front_full")
	h.admit("g", "192.0.2.8", "e")
	if s := h.Status(9, start); s.Open != 4 || s.Closing != 1 || s.Evicted != 1 || s.Refused["front_full"] != 2 {
		t.Errorf("%+v", s)
	}
	h.release("e")
	h.release("g")
	h.admit("h", "192.0.2.8", "")
	if s := h.Status(9, start); s.Open != 3 || s.Closing != 0 {
		t.Errorf("%+v", s)
	}
}

// A connection that authenticated and does not log in keeps no customer out. One that is logging
// in, or logged in, is never evicted.
func TestTotalHeldByAuthenticated(t *testing.T) {
	h := newFixture(t, Limits{Connections: 3}, never)
	for i, n := range []string{"a", "b", "c"} {
		h.Authenticated(h.admit(n, fmt.Sprintf("192.0.2.%d", i), ""))
	}
	h.LoggingIn(h.admitted["a"])
	d := h.admit("d", "192.0.2.9", "b") // the oldest that is idle
	h.admit("e", "192.0.2.9", "front_full")
	h.Authenticated(d)
	h.LoggingIn(d)
	h.Authenticated(h.admitted["a"]) // its login was refused: idle again, the youngest
	f := h.admit("f", "192.0.2.8", "c")
	h.Authenticated(f)
	h.LoggingIn(f)
	h.Authenticated(h.admitted["c"]) // a victim is in no queue any more
	h.release("c")
	h.release("b")
	if s := h.Status(9, start); s.Open != 3 || s.Closing != 0 || s.Evicted != 2 {
		t.Errorf("%+v", s)
	}
	h.LoggingIn(h.admitted["a"])
	h.admit("g", "192.0.2.7", "front_full")
}

// A victim frees its place at once, before its loop has closed it.
func TestVictimsDoNotCount(t *testing.T) {
	h := newFixture(t, Limits{Connections: 2}, never)
	h.admit("a", "192.0.2.1", "")
	h.admit("b", "192.0.2.2", "")
	h.admit("c", "192.0.2.3", "a")
	h.release("b")
	h.admit("d", "192.0.2.4", "")
	h.admit("e", "192.0.2.5", "c")
}

// Victims that their loops have not closed yet hold descriptors, so their number is bounded.
func TestVictimsThatAreNotClosedAreBounded(t *testing.T) {
	h := newFixture(t, Limits{Connections: 1}, never)
	h.admit("0", "10.0.0.0", "")
	for i := range maxClosing {
		h.admit(fmt.Sprint(i+1), fmt.Sprintf("10.0.%d.%d", (i+1)/256, (i+1)%256), fmt.Sprint(i))
	}
	h.admit("more", "10.1.0.0", "front_full")
	h.release("0")
	h.admit("more", "10.1.0.0", fmt.Sprint(maxClosing))
}

func TestPerSource(t *testing.T) {
	h := newFixture(t, Limits{Connections: 100, PerSource: 2, Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, never)
	h.Authenticated(h.admit("a", "2001:db8::1", ""))
	h.admit("b", "2001:db8::2", "")
	h.admit("c", "2001:db8::3", "source_full")
	h.admit("d", "2001:db8:0:1::3", "")
	h.release("a")
	h.admit("c", "2001:db8::3", "")
	for i := range 5 {
		h.admit(fmt.Sprint(i), "10.1.1.1", "")
	}
	h.SetLimits(Limits{Connections: 100, PerSource: 2})
	h.admit("5", "10.1.1.1", "source_full")
	h.SetLimits(Limits{Connections: 100})
	h.admit("5", "10.1.1.1", "")
}

func TestVictimOrder(t *testing.T) {
	l := Limits{Connections: 100, Unauthenticated: EarlyDrop{Start: 4, Rate: 30, Full: 4}}
	h := newFixture(t, l, never)
	h.admit("a1", "192.0.2.1", "")
	h.admit("b1", "192.0.2.2", "")
	h.admit("b2", "192.0.2.2", "")
	h.admit("b3", "192.0.2.2", "")
	h.admit("b4", "192.0.2.2", "unauthenticated_full") // from the heaviest source itself
	h.admit("c1", "192.0.2.3", "b1")                   // its oldest
	h.admit("c2", "192.0.2.3", "b2")                   // a1, b3 and c1 would be as many; b has 2
	h.admit("c3", "192.0.2.3", "unauthenticated_full")
	h.admit("d1", "192.0.2.4", "c1")
	// All have one: the one that waits longest.
	h.admit("e1", "192.0.2.5", "a1")
	h.Authenticated(h.admitted["b3"])
	h.admit("f1", "192.0.2.6", "") // an authenticated one makes room
	h.admit("g1", "192.0.2.7", "c2")
}

// A source that holds all unauthenticated connections locks no customer out, and an honest
// terminal that authenticates at once is never evicted for the flood.
func TestFloodFromOneSourceEvictsNoCustomer(t *testing.T) {
	l := Limits{Connections: 1000, Unauthenticated: EarlyDrop{Start: 10, Rate: 30, Full: 100}}
	ctl := New(l, rand.New(rand.NewPCG(1, 2)).Float64)
	attacker, honest := addr("203.0.113.1"), addr("192.0.2.1")
	for range 10_000 {
		for range 10 {
			ctl.Admit(new(Conn), attacker, start)
		}
		conn := new(Conn)
		if got := ctl.Admit(conn, honest, start); got.Refused != reason.StayOpen {
			t.Fatalf("the honest one is refused: %v", got.Refused)
		} else if got.Victim != nil {
			ctl.Release(got.Victim)
		}
		for range 3 { // connections of the flood in the time of a handshake
			ctl.Admit(new(Conn), attacker, start)
		}
		if conn.victim {
			t.Fatal("the honest one was dropped")
		}
		ctl.Authenticated(conn)
		ctl.Release(conn)
	}
	if s := ctl.Status(1, start); s.Unauthenticated > 100 || s.Heaviest[0].Source != source.Of(attacker) {
		t.Errorf("%+v", s)
	}
}

// A subscriber with a /48 has thousands of sources with one half-open connection each. They
// are evicted before an honest terminal, whose source has as many as each of them.
func TestManySourcesOfOneNetworkAreEvictedFirst(t *testing.T) {
	l := Limits{Connections: 100_000, Unauthenticated: EarlyDrop{Start: 2000, Rate: 100, Full: 2000}}
	h := newFixture(t, l, always)
	office := make([]*Conn, 0, 150) // of one /24, each source as heavy as one of the attacker's
	for i := range cap(office) {
		office = append(office, h.admit(fmt.Sprint("office", i), fmt.Sprintf("198.51.100.%d", i), ""))
	}
	honest := h.admit("honest", "203.0.113.1", "")
	for i := range 10_000 {
		conn := &Conn{Owner: "attacker"}
		got := h.Admit(conn, addr(fmt.Sprintf("2001:db8:%x:%x::1", i%3, i/3)), start)
		if got.Victim != nil {
			h.Release(got.Victim)
		}
	}
	if honest.victim {
		t.Error("the honest terminal was dropped for the flood")
	}
	for i, conn := range office {
		if conn.victim {
			t.Fatalf("terminal %d of the office was dropped", i)
		}
	}
}

// The connections of an office with many customers are not evicted for one attacker's source.
func TestOfficeIsNotEvictedForOneSource(t *testing.T) {
	l := Limits{Connections: 1000, Unauthenticated: EarlyDrop{Start: 130, Rate: 100, Full: 130}}
	h := newFixture(t, l, always)
	for i := range 100 {
		h.admit(fmt.Sprint("office", i), fmt.Sprintf("198.51.100.%d", i), "")
	}
	for i := range 30 {
		h.admit(fmt.Sprint("attacker", i), "203.0.113.1", "")
	}
	h.admit("newcomer", "192.0.2.1", "attacker0")
}

func TestNetworksAreCapped(t *testing.T) {
	h := newFixture(t, Limits{Connections: 1000, PerSource: 2}, never)
	for i := range 8 { // four sources' worth in a /56
		h.admit(fmt.Sprint(i), fmt.Sprintf("2001:db8:0:%x::1", i), "")
	}
	h.admit("one more of the /56", "2001:db8:0:ff::1", "source_full")
	for i := range 24 { // sixteen in the /48
		h.admit(fmt.Sprint("b", i), fmt.Sprintf("2001:db8:0:%x::1", 0x100*(i+1)), "")
	}
	h.admit("one more of the /48", "2001:db8:0:ff00::1", "source_full")
	h.admit("another /48", "2001:db8:1::1", "")
	h.release("0")
	h.admit("in its place", "2001:db8:0:ff00::1", "")
}

func TestEarlyDropRises(t *testing.T) {
	for _, c := range []struct {
		waiting int
		want    float64
	}{{9, 0}, {10, 0.3}, {15, 0.65}, {19, 0.93}, {20, 1}} {
		dropped := 0
		for i := range 1000 {
			ctl := New(Limits{Connections: 1000, Unauthenticated: EarlyDrop{10, 30, 20}}, never)
			for range c.waiting {
				ctl.Admit(new(Conn), addr("192.0.2.1"), start)
			}
			ctl.chance = func() float64 { return float64(i) / 1000 }
			if ctl.Admit(new(Conn), addr("192.0.2.1"), start).Refused != reason.StayOpen {
				dropped++
			}
		}
		if got := float64(dropped) / 1000; got < c.want-0.002 || got > c.want+0.002 {
			t.Errorf("with %d waiting %.3f are dropped, want %.3f", c.waiting, got, c.want)
		}
	}
}

func TestBehindAProxy(t *testing.T) {
	l := Limits{Connections: 3, PerSource: 1, Unauthenticated: EarlyDrop{Start: 2, Rate: 100, Full: 2}}
	h := newFixture(t, l, always)
	admit := func(name, want string) *Conn {
		conn := &Conn{Owner: name}
		h.check(conn, h.AdmitProxied(conn), want)
		return conn
	}
	identify := func(conn *Conn, source, want string) {
		t.Helper()
		a, _ := netip.ParseAddr(source)
		h.check(conn, h.Identify(conn, a, start), want)
	}
	a, b, c := admit("a", ""), admit("b", ""), admit("c", "")
	admit("d", "front_full") // no connection with a known source could be evicted
	identify(a, "192.0.2.1", "")
	identify(b, "192.0.2.1", "source_full")
	h.release("b")
	identify(c, "192.0.2.2", "")
	e := admit("e", "")
	identify(e, "192.0.2.3", "a")
	identify(e, "192.0.2.9", "") // its source is known: nothing changes
	h.Authenticated(c)
	h.release("a")
	check := admit("check", "")
	identify(check, "", "") // no address: counted, but held to no bound of a source
	s := h.Status(9, start)
	if s.Open != 3 || s.Unauthenticated != 2 || s.Sources != 3 {
		t.Errorf("%+v", s)
	}
	// A victim cannot be identified any more.
	f := admit("f", "e")
	identify(e, "192.0.2.3", "")
	h.release("e")
	h.release("f")
	h.Release(c)
	h.Release(check)
	_ = f
	if s := h.Status(9, start); s.Open != 0 || s.Sources != 0 || s.Unauthenticated != 0 || s.Closing != 0 {
		t.Errorf("all are released: %+v", s)
	}
}
