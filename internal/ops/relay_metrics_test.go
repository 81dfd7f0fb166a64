package ops

import (
	"encoding/json"
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

// TestRelayFieldsOfAnEntry: the keys that reconcile and explain read.
func TestRelayFieldsOfAnEntry(t *testing.T) {
	e := Entry{
		Event: EventSubmit, Reason: "resubmitted", RelayAppID: "abcdef_relay_1.6.0", RelayMode: "3", SubmitID: "s", Attempt: "1", Operator: "8000admin",
		TerminalAddress: "203.0.113.7", TerminalPort: 50001, TerminalLoginTime: "2026-01-05 08:44:58", ReReported: true,
		RelayAddress: netip.MustParseAddr("198.51.100.4"), TerminalApp: "terminal_app_unknown", TerminalMAC: "m", TerminalTag: "t",
	}
	line := encode(&e)
	defer line.Free()
	var got map[string]any
	if err := json.Unmarshal(line.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"relay_app_id": e.RelayAppID, "relay_mode": "3", "submit_id": "s", "attempt": "1", "operator": e.Operator, "terminal_address": e.TerminalAddress,
		"terminal_port": 50001.0, "terminal_login_time": e.TerminalLoginTime, "re_reported": true, "relay_address": "198.51.100.4",
		"terminal_app": e.TerminalApp, "terminal_mac": "m", "terminal_tag": "t",
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	for _, key := range []string{"visits", "closing"} {
		if _, has := got[key]; has {
			t.Errorf("a submission has %s", key)
		}
	}
	wrong := encode(&Entry{Event: EventAuthenticate, RightBlocks: 3})
	defer wrong.Free()
	if _, has := got["right_blocks"]; has || json.Unmarshal(wrong.Bytes(), &got) != nil || got["right_blocks"] != 3.0 {
		t.Errorf("of a submission %t, of a wrong answer %v", has, got["right_blocks"])
	}
	ended := encode(&Entry{Event: EventRelayEnded, Closing: "relay_refusals"})
	defer ended.Free()
	if err := json.Unmarshal(ended.Bytes(), &got); err != nil || got["visits"] != 0.0 || got["closing"] != "relay_refusals" {
		t.Errorf("%v, %v, %v", got["visits"], got["closing"], err)
	}
}
