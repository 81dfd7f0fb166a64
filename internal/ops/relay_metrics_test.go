package ops

import (
	"net/netip"
	"testing"
	"time"
)

func TestRelayMetrics(t *testing.T) {
	m := NewMetrics("v", "c")
	const relay = "abcdef_relay_1.6.0"
	m.Submitted(relay, "ok")
	m.Submitted(relay, "ok")
	m.SubmissionsInFlight(relay, 1)
	m.VisitsLive(relay, 3)
	m.VisitsLive(relay, -1)
	m.TerminalLoginAge(-time.Second)
	m.ReReported(relay)
	m.UnlistedApp(relay, "terminal_app_unknown")
	m.RelayGuessed(relay, false)
	m.RelayGuessed(relay, true)
	m.TerminalAt(relay, netip.MustParseAddr("203.0.113.7"))
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	names, values := map[string]bool{}, map[string]float64{}
	for _, f := range families {
		names[f.GetName()] = true
		if sample := f.GetMetric()[0]; len(f.GetMetric()) == 1 {
			values[f.GetName()] = sample.GetCounter().GetValue() + sample.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"submissions_total": 2, "submissions_in_flight": 1, "visits": 2, "re_reported_total": 1, "unlisted_apps_total": 1,
		"wrong_passwords_total": 1, "guessing_total": 1, "distinct_addresses": 1,
	} {
		if got := values["tradefront_relay_"+name]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, want := range []string{
		"submissions_total", "submissions_in_flight", "visits", "login_age_seconds", "re_reported_total", "unlisted_apps_total",
		"wrong_passwords_total", "guessing_total", "distinct_addresses",
	} {
		if !names["tradefront_relay_"+want] {
			t.Errorf("tradefront_relay_%s is missing", want)
		}
	}
}

// TestDistinctAddresses: each once, in any of its forms; of this hour or the one before, and no longer.
func TestDistinctAddresses(t *testing.T) {
	a := newRelayAddresses()
	now := time.Unix(3600*1000, 0)
	for _, addr := range []string{"203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8"} {
		a.note("r", netip.MustParseAddr(addr), now)
	}
	if got := a.countsAt(now)["r"]; got != 2 {
		t.Errorf("%v", got)
	}
	a.note("r", netip.MustParseAddr("203.0.113.9"), now.Add(time.Hour))
	if got := a.countsAt(now.Add(time.Hour))["r"]; got != 2 {
		t.Errorf("an hour later %v", got)
	}
	if got := a.countsAt(now.Add(3 * time.Hour))["r"]; got != 0 {
		t.Errorf("three hours later %v", got)
	}
}
