package loadtest

import (
	"math"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/keypair"
)

func TestOnlyLoopbackUnlessOwned(t *testing.T) {
	for _, test := range []struct{ target, own, want string }{
		{"127.0.0.1:41205", "", ""},
		{"127.1.2.3:41205", "", ""},
		{"[::1]:41205", "", ""},
		{"[::ffff:127.0.0.1]:41205", "", ""},
		{"192.0.2.1:41205", "", "192.0.2.1 is not this machine: a load test of a front that is not yours is an attack. If it is yours: --i-own 192.0.2.1"},
		{"192.0.2.1:41205", "192.0.2.2", "192.0.2.1 is not this machine"},
		{"192.0.2.1:41205", "192.0.2.1", ""},
		{"[::ffff:192.0.2.1]:41205", "", "is not this machine"},
		{"0.0.0.0:41205", "", "is not this machine"},
		{"127.0.0.1", "", "want host:port"},
		{"127.0.0.1:nothing", "", "nothing"},
	} {
		_, err := Resolve(t.Context(), test.target, strings.Fields(test.own))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, owner of %q: %v, want %q", test.target, test.own, err, test.want)
		}
	}
}

func TestPlansThatCannotBeDone(t *testing.T) {
	good := Plan{Scenario: Storm, People: &population.Population{Accounts: 10}, Visits: 100, Concurrency: 8, Patience: time.Second}
	if err := good.Check(1000); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(*Plan)
		want   string
	}{
		{func(p *Plan) { p.Scenario = "rush" }, `scenario "rush": want one of storm, churn, cold, reconnect, steady, hostile`},
		{func(p *Plan) { p.Visits = 0 }, "0 visits"},
		{func(p *Plan) { p.Concurrency = 0 }, "at least one terminal at a time"},
		{func(p *Plan) { p.Rate = -1 }, "numbers that are not negative"},
		{func(p *Plan) { p.Visits = 1000 }, "1001 connections at a time need 1065 open files, and this process may have 1000"},
		{func(p *Plan) { p.Scenario, p.Visits = Churn, 1000 }, ""},
		{func(p *Plan) { p.Scenario, p.Visits, p.Concurrency = Churn, 1e6, 2000 }, "open files"},
		{func(p *Plan) { p.Scenario, p.Visits = Cold, 11 }, "there are 10 for 11 visits"},
		{func(p *Plan) { p.Scenario = Steady }, "--rate"},
		{func(p *Plan) { p.Rate = math.NaN() }, "not negative"},
		{func(p *Plan) { p.First = -1 }, "not negative"},
		{func(p *Plan) { p.Patience = 0 }, "not negative"},
		{func(p *Plan) { p.Scenario, p.Rate, p.Hold = Steady, 1e9, 24*time.Hour }, "at most"},
		{func(p *Plan) { p.Targets, p.Sources = []netip.AddrPort{netip.MustParseAddrPort("[::1]:1")}, 2 }, "--sources are addresses of 127.0.0.0/8"},
		{func(p *Plan) { p.Targets, p.Sources = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")}, 2 }, "--proxy-protocol to a listener"},
		{func(p *Plan) { p.Targets, p.Sources = []netip.AddrPort{netip.MustParseAddrPort("127.1.2.3:1")}, 2 }, ""},
		{func(p *Plan) {
			p.Targets, p.Sources, p.Proxy = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")}, 2, true
		}, ""},
		{func(p *Plan) {
			p.Scenario, p.Attackers, p.Targets = Hostile, 0.2, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")}
		}, "attackers need addresses of their own"},
		{func(p *Plan) {
			p.Scenario, p.Attackers, p.Targets = Hostile, 0.2, []netip.AddrPort{netip.MustParseAddrPort("[::1]:1")}
		}, "--proxy-protocol to a listener"},
		{func(p *Plan) {
			p.Scenario, p.Attackers, p.Proxy, p.Targets = Hostile, 0.2, true, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")}
		}, ""},
		{func(p *Plan) {
			p.Scenario, p.Attackers, p.Targets = Hostile, 0.2, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}
		}, ""},
		{func(p *Plan) { p.Scenario, p.Rate = Steady, 10 }, "--hold"},
		{func(p *Plan) { p.Attackers = 1.5 }, "attackers"},
		{func(p *Plan) { p.Sources = 1 << 20 }, "sources"},
		{func(p *Plan) { p.Visits, p.Generators = 2000, 3 }, ""},
		{func(p *Plan) { p.Visits, p.Generators = 3000, 3 }, "1001 connections at a time"},
		{func(p *Plan) { p.Generators, p.Generator = 3, 3 }, "generator 4 of 3"},
		{func(p *Plan) { p.Generators = MaxGenerators + 1 }, "at most 256"},
		{func(p *Plan) { p.Visits, p.Generators = 2, 3 }, "2 visits for 3 generators"},
		{func(p *Plan) { p.Scenario = Orders }, "--orders-rate"},
		{func(p *Plan) { p.Scenario, p.RelayMode = Relay, "both" }, `relay mode "both": want operator or investor`},
		{func(p *Plan) { p.Scenario, p.RelayMode, p.Customers = Relay, OperatorRelay, 10 }, "no operator relay"},
		{func(p *Plan) { p.Scenario, p.RelayMode = Relay, InvestorRelay }, "no investor relay"},
		// During the ramp 50 are due.
		{func(p *Plan) { p.Rate, p.Ramp, p.Visits = 10, 10*time.Second, 50 }, "--ramp 10s: all 50 visits are due before the rate of 10 a second is reached"},
		{func(p *Plan) { p.Rate, p.Ramp, p.Visits = 10, 10*time.Second, 51 }, ""},
		{func(p *Plan) { p.Rate, p.Ramp, p.Visits, p.Generators = 10, 10*time.Second, 52, 3 }, "--ramp"},
		{func(p *Plan) { p.Rate, p.Ramp, p.Visits, p.Generators = 10, 10*time.Second, 53, 3 }, ""},
		{func(p *Plan) { p.Scenario, p.Rate, p.Ramp, p.Hold = Steady, 10, 10*time.Second, 5*time.Second }, "--ramp 10s: all 50 visits"},
		{func(p *Plan) { p.Scenario, p.Rate, p.Ramp, p.Hold = Steady, 10, 10*time.Second, 6*time.Second }, ""},
		{func(p *Plan) { p.Scenario, p.Rate, p.Ramp, p.Visits = Reconnect, 10, 10*time.Second, 5 }, ""}, // all return at once
		{func(p *Plan) { p.Scenario, p.OrdersRate, p.Hold = Orders, 1e6, time.Hour }, "orders: at most"},
	} {
		p := good
		test.change(&p)
		err := p.Check(1000)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", p, err, test.want)
		}
	}
}

// TestPreparedStrings: each opens to the string of a terminal, none is there twice, and a seed makes the same strings again.
func TestPreparedStrings(t *testing.T) {
	pair := keypair.RSA(0)
	key, err := supplement.ParsePublicKey(pair.Public)
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Scenario: Churn, Visits: 600, Seed: 7}
	var done atomic.Int64
	c, err := p.Prepare(t.Context(), key, func(int) { done.Add(1) })
	if err != nil || done.Load() != 3 {
		t.Fatalf("%v, told %d times", err, done.Load())
	}
	seen, types := map[string]bool{}, map[string]bool{}
	for i := range p.Logins() {
		text, err := pair.RSA.Decrypt(nil, c.at(i), nil)
		if err != nil {
			t.Fatalf("string %d: %v", i, err)
		}
		items, err := terminalinfo.Parse(string(text))
		if err != nil {
			t.Fatalf("string %d: %v", i, err)
		}
		if seen[string(text)] {
			t.Fatalf("string %d was there before: %q", i, text)
		}
		seen[string(text)], types[items[0].Value] = true, true
	}
	if len(types) < 7 {
		t.Errorf("only %d types of terminal", len(types))
	}
}
