package e2e

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/loadtest"
	"github.com/tradefront/tradefront/internal/loadtest/population"
	"github.com/tradefront/tradefront/internal/supplement"
)

// TestLoadProgressReachesItsEnd: in each scenario the steps are told never to be fewer, never more than there are, and at the end as many, those
// included that are not measured, and those that get another answer than a login.
func TestLoadProgressReachesItsEnd(t *testing.T) {
	t.Parallel()
	s, d := loadSite(t, "60")
	for _, p := range []loadtest.Plan{
		{Scenario: loadtest.Storm, Visits: 30, Hold: 1200 * time.Millisecond},
		{Scenario: loadtest.Churn, Visits: 30},
		{Scenario: loadtest.Cold, Visits: 30},
		{Scenario: loadtest.Reconnect, Visits: 30},
		{Scenario: loadtest.Steady, Visits: 10, Rate: 40, Hold: 1500 * time.Millisecond},
		{Scenario: loadtest.Orders, Visits: 3, OrdersRate: 100, Hold: time.Second}, // answered that there is no core
	} {
		s.wantSteps(d, p, p.Scenario == loadtest.Orders)
	}
	d.stop()
	s.replaceConfig("connections_per_source: 0}", "connections_per_source: 0}\ntimers: {authenticate: 1s}")
	s.wantSteps(s.serve(), loadtest.Plan{Scenario: loadtest.Hostile, Visits: 60, Attackers: 0.7}, false)

	relays, _, atRelays := relayedLoadSite(t)
	relays.wantSteps(atRelays, loadtest.Plan{Scenario: loadtest.Relay, RelayMode: loadtest.OperatorRelay, Visits: 2, Customers: 50}, false)
	relays.wantSteps(atRelays, loadtest.Plan{Scenario: loadtest.Relay, RelayMode: loadtest.InvestorRelay, Visits: 20, Customers: 20}, false)
}

// wantSteps runs a plan in this process. Of a run that ends early the steps are fewer than planned.
func (s *site) wantSteps(d *daemon, p loadtest.Plan, early bool) {
	s.t.Helper()
	people, err := population.Read(filepath.Join(s.dir, "people.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(s.dir, "public.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := supplement.ParsePublicKey(public)
	if err != nil {
		s.t.Fatal(err)
	}
	p.People, p.Targets = people, []netip.AddrPort{netip.MustParseAddrPort(d.address)}
	p.Concurrency, p.Patience, p.KeyVersion, p.Heartbeat = 8, time.Minute, "1.0", 30
	texts, err := p.Prepare(s.t.Context(), key, func(int) {})
	if err != nil {
		s.t.Fatal(err)
	}
	last := 0
	r, err := loadtest.Run(s.t.Context(), &p, texts, loadtest.Hooks{Watch: func(status loadtest.Status) {
		if status.Steps < last || status.Steps > p.Steps() {
			s.t.Errorf("%s: %d steps after %d, of %d", p.Scenario, status.Steps, last, p.Steps())
		}
		last = status.Steps
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	if early != (r.EndedEarly != "") || !early && last != p.Steps() || early && last < p.Visits {
		s.t.Errorf("%s: %d steps at the end, of %d; ended early %q, %+v, hostile %v, failed %v", p.Scenario, last, p.Steps(), r.EndedEarly, r.Counts, r.Hostile, r.Failed)
	}
}
