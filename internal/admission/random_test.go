package admission

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/reason"
	"github.com/tradefront/tradefront/internal/source"
)

// model is what is known of one connection; the tests count by looking at all of them.
type model struct {
	source        netip.Prefix
	known, unauth bool
	victim        bool
	idle          bool // authenticated, and not logging in
}

// TestAgainstRecount: after each step of any sequence, what Control has counted is what a
// recount finds, and the victim was the right one.
func TestAgainstRecount(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { recount(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func recount(t *testing.T, r *rand.Rand) {
	l := Limits{
		Connections: 5 + r.IntN(30), PerSource: r.IntN(8), Penalties: penalties(),
		Unauthenticated: EarlyDrop{Start: r.IntN(10), Rate: r.IntN(101), Full: 10 + r.IntN(10)},
		Exempt:          []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31")},
	}
	ctl := New(l, r.Float64)
	inside := make(map[*Conn]*model)
	var order []*Conn // its keys: the seed does not determine Go's order of maps
	now := start
	for range 1000 {
		now = now.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		a := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(3)), byte(r.IntN(6))})
		if r.IntN(20) == 0 {
			a = netip.Addr{}
		}
		var someone *Conn
		if order = slices.DeleteFunc(order, func(conn *Conn) bool { return inside[conn] == nil }); len(order) > 0 {
			someone = order[r.IntN(len(order))]
		}
		before := maxWaiting(inside)
		switch conn := new(Conn); r.IntN(8) {
		case 0, 1, 2:
			verdict := ctl.Admit(conn, a, now)
			if verdict.Refused == reason.StayOpen {
				inside[conn] = &model{source: source.Of(a), known: true, unauth: true}
				order = append(order, conn)
			}
			dropped(t, inside, verdict.Victim, before, source.Of(a))
		case 3:
			verdict := ctl.AdmitProxied(conn)
			if verdict.Refused == reason.StayOpen {
				inside[conn] = new(model)
				order = append(order, conn)
			}
			dropped(t, inside, verdict.Victim, before, netip.Prefix{})
		case 4:
			if someone == nil || inside[someone].known || inside[someone].victim {
				continue
			}
			verdict := ctl.Identify(someone, a, now)
			if verdict.Refused == reason.StayOpen {
				m := inside[someone]
				m.source, m.known, m.unauth = source.Of(a), true, true
			}
			dropped(t, inside, verdict.Victim, before, source.Of(a))
		case 5:
			if someone == nil || !inside[someone].known {
				continue
			}
			m := inside[someone]
			if m.unauth = false; m.idle {
				ctl.LoggingIn(someone)
			} else {
				ctl.Authenticated(someone)
			}
			m.idle = !m.idle && !m.victim
		case 6:
			if someone != nil {
				ctl.Penalize(someone, Offence(r.IntN(int(offenceCount))), now)
			}
		case 7:
			if someone != nil {
				ctl.Release(someone)
				delete(inside, someone)
			}
		}
		compare(t, ctl, inside)
	}
	for conn := range inside {
		ctl.Release(conn)
	}
	if ctl.total+ctl.closing+ctl.waiting+ctl.idle.n+len(ctl.sources)+len(ctl.networks)+len(ctl.ranking) != 0 {
		t.Errorf("all are released, and %+v remains", ctl.Status(9, now))
	}
}

func maxWaiting(inside map[*Conn]*model) map[netip.Prefix]int {
	count := make(map[netip.Prefix]int)
	for _, m := range inside {
		if m.unauth && !m.victim {
			count[m.source]++
		}
	}
	return count
}

// dropped checks that the victim is the oldest of a source that has most.
func dropped(t *testing.T, inside map[*Conn]*model, victim *Conn, before map[netip.Prefix]int, newcomer netip.Prefix) {
	t.Helper()
	if victim == nil {
		return
	}
	m := inside[victim]
	if m == nil || m.victim || !m.unauth && (!m.idle || len(before) > 0) {
		t.Fatalf("dropped %+v", m)
	}
	for source, n := range before {
		if n > before[m.source] {
			t.Fatalf("dropped one of %v with %d, but %v has %d", m.source, before[m.source], source, n)
		}
	}
	if m.unauth && newcomer.IsValid() && m.source == newcomer {
		t.Fatalf("dropped one of the newcomer's own source")
	}
	m.victim, m.idle = true, false
}

func compare(t *testing.T, ctl *Control, inside map[*Conn]*model) {
	t.Helper()
	open, victims, waiting, idle, sources := 0, 0, 0, 0, make(map[netip.Prefix]int)
	for _, m := range inside {
		open++
		if m.idle {
			idle++
		}
		switch {
		case m.victim:
			victims++
			continue
		case m.unauth:
			waiting++
		}
		if m.known {
			sources[m.source]++
		}
	}
	if ctl.total != open || ctl.closing != victims || ctl.waiting != waiting || len(ctl.sources) != len(sources) {
		t.Fatalf("Control counts %d %d %d %d, there are %d %d %d %d",
			ctl.total, ctl.closing, ctl.waiting, len(ctl.sources), open, victims, waiting, len(sources))
	}
	if ctl.idle.n != idle {
		t.Fatalf("Control counts %d idle, there are %d", ctl.idle.n, idle)
	}
	for name, n := range sources {
		s := ctl.sources[name]
		if s == nil || s.open != n {
			t.Fatalf("%v: %+v, there are %d", name, s, n)
		}
		if l := ctl.limits.PerSource; l > 0 && n > l && !s.exempt {
			t.Fatalf("%v has %d connections, at most %d are allowed", name, n, l)
		}
	}
	compareNetworks(t, ctl, inside)
	if open-victims > ctl.limits.Connections || waiting > ctl.limits.Unauthenticated.Full {
		t.Fatalf("%d connections, %d unauthenticated: over %+v", open-victims, waiting, ctl.limits)
	}
	if len(ctl.debts[0].of) > ctl.limits.Penalties.Sources {
		t.Fatalf("%d debts", len(ctl.debts[0].of))
	}
}

// compareNetworks counts what lies in each /24.
func compareNetworks(t *testing.T, ctl *Control, inside map[*Conn]*model) {
	t.Helper()
	all, waiting, open := make(map[netip.Prefix]bool), make(map[netip.Prefix]int), make(map[netip.Prefix]int)
	for _, m := range inside {
		if !m.known || m.victim || !m.source.IsValid() {
			continue
		}
		name, _ := m.source.Addr().Prefix(24)
		if all[name] = true; m.unauth {
			waiting[name]++
		}
		if !ctl.sources[m.source].exempt {
			open[name]++
		}
	}
	if len(ctl.networks) != len(all) {
		t.Fatalf("%d networks are counted, there are %d", len(ctl.networks), len(all))
	}
	for name := range all {
		n := ctl.networks[name]
		if n == nil || n.open != open[name] || n.waiting != waiting[name] {
			t.Fatalf("%v: %+v, there are %d, %d unauthenticated", name, n, open[name], waiting[name])
		}
		if l := ctl.limits.PerSource; l > 0 && n.open > l*n.share {
			t.Fatalf("%v has %d connections, at most %d are allowed", name, n.open, l*n.share)
		}
	}
}
