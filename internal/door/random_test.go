package door

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

// model counts by looking at everybody, each time.
type model struct {
	source        netip.Prefix
	known, unauth bool
	victim        bool
	idle          bool // authenticated, and not logging in
}

// TestAgainstRecount: after each step of any sequence, what the door has counted is what a
// recount finds, and whoever was dropped was the right one.
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
	d := New(l, r.Float64)
	inside := make(map[*Visitor]*model)
	var order []*Visitor // its keys: Go's order of maps would not be the seed's
	now := start
	for range 1000 {
		now = now.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		a := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(3)), byte(r.IntN(6))})
		if r.IntN(20) == 0 {
			a = netip.Addr{}
		}
		var someone *Visitor
		if order = slices.DeleteFunc(order, func(v *Visitor) bool { return inside[v] == nil }); len(order) > 0 {
			someone = order[r.IntN(len(order))]
		}
		before := maxWaiting(inside)
		switch v := new(Visitor); r.IntN(8) {
		case 0, 1, 2:
			verdict := d.Admit(v, a, now)
			if verdict.Refused == reason.StayOpen {
				inside[v] = &model{source: source.Of(a), known: true, unauth: true}
				order = append(order, v)
			}
			dropped(t, inside, verdict.Victim, before, source.Of(a))
		case 3:
			verdict := d.Enter(v)
			if verdict.Refused == reason.StayOpen {
				inside[v] = new(model)
				order = append(order, v)
			}
			dropped(t, inside, verdict.Victim, before, netip.Prefix{})
		case 4:
			if someone == nil || inside[someone].known || inside[someone].victim {
				continue
			}
			verdict := d.Learn(someone, a, now)
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
				d.LoggingIn(someone)
			} else {
				d.Authenticated(someone)
			}
			m.idle = !m.idle && !m.victim
		case 6:
			if someone != nil {
				d.Penalise(someone, Offence(r.IntN(int(offenceCount))), now)
			}
		case 7:
			if someone != nil {
				d.Leave(someone)
				delete(inside, someone)
			}
		}
		compare(t, d, inside)
	}
	for v := range inside {
		d.Leave(v)
	}
	if d.open+d.closing+d.waiting+d.idle.n+len(d.sources)+len(d.networks)+len(d.ranking) != 0 {
		t.Errorf("everybody left, and %+v remains", d.Status(9, now))
	}
}

func maxWaiting(inside map[*Visitor]*model) map[netip.Prefix]int {
	count := make(map[netip.Prefix]int)
	for _, m := range inside {
		if m.unauth && !m.victim {
			count[m.source]++
		}
	}
	return count
}

// dropped checks that the victim is the oldest of a source that has most.
func dropped(t *testing.T, inside map[*Visitor]*model, victim *Visitor, before map[netip.Prefix]int, newcomer netip.Prefix) {
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

func compare(t *testing.T, d *Door, inside map[*Visitor]*model) {
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
	if d.open != open || d.closing != victims || d.waiting != waiting || len(d.sources) != len(sources) {
		t.Fatalf("the door counts %d %d %d %d, there are %d %d %d %d",
			d.open, d.closing, d.waiting, len(d.sources), open, victims, waiting, len(sources))
	}
	if d.idle.n != idle {
		t.Fatalf("the door counts %d idle, there are %d", d.idle.n, idle)
	}
	for name, n := range sources {
		s := d.sources[name]
		if s == nil || s.open != n {
			t.Fatalf("%v: %+v, there are %d", name, s, n)
		}
		if l := d.limits.PerSource; l > 0 && n > l && !s.exempt {
			t.Fatalf("%v has %d connections, at most %d are allowed", name, n, l)
		}
	}
	compareNetworks(t, d, inside)
	if open-victims > d.limits.Connections || waiting > d.limits.Unauthenticated.Full {
		t.Fatalf("%d connections, %d unauthenticated: over %+v", open-victims, waiting, d.limits)
	}
	if len(d.debts[0].of) > d.limits.Penalties.Sources {
		t.Fatalf("%d debts", len(d.debts[0].of))
	}
}

// compareNetworks counts what lies in each /24.
func compareNetworks(t *testing.T, d *Door, inside map[*Visitor]*model) {
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
		if !d.sources[m.source].exempt {
			open[name]++
		}
	}
	if len(d.networks) != len(all) {
		t.Fatalf("%d networks are counted, there are %d", len(d.networks), len(all))
	}
	for name := range all {
		n := d.networks[name]
		if n == nil || n.open != open[name] || n.waiting != waiting[name] {
			t.Fatalf("%v: %+v, there are %d, %d unauthenticated", name, n, open[name], waiting[name])
		}
		if l := d.limits.PerSource; l > 0 && n.open > l*n.share {
			t.Fatalf("%v has %d connections, at most %d are allowed", name, n.open, l*n.share)
		}
	}
}
