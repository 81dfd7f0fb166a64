package daemon

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/relay"
)

// TestReloadTakesOverRelays: what a submission is held to follows the configuration, and whether relays are taken at all does not.
func TestReloadTakesOverRelays(t *testing.T) {
	r := newReloadTest(t)
	before := r.d.path.Gateway.Relay()
	r.configure("log_level: warn", "log_level: info\nrelay:\n  max_terminal_age: 200h\n  submit_id_age: 20m\n  max_visits: 5\n  offline_orders: true\n"+
		"  audit_tags: true\n  clock_ahead: 5s\n  operator_record: audit_only\n  public_addresses: {\"10.1.2.3\": \"116.228.52.11\"}")
	r.reload()
	r.said.next("the configuration was reloaded")
	now := r.d.path.Gateway.Relay()
	if now.MaxTerminalAge != 200*time.Hour || now.SubmitIDAge != 20*time.Minute || now.MaxVisits != 5 || !now.OfflineOrders || !now.AuditTags ||
		now.ClockAhead != 5*time.Second || !now.OperatorAuditOnly || now.PublicAddresses[netip.MustParseAddr("10.1.2.3")] != netip.MustParseAddr("116.228.52.11") {
		t.Errorf("after the reload: %+v", now)
	}
	if now.Enabled != before.Enabled || before.MaxVisits == now.MaxVisits {
		t.Errorf("enabled %v, it was %v", now.Enabled, before.Enabled)
	}
}

// oneRelay is a relay.Source.
type oneRelay struct{}

func (oneRelay) Generation(context.Context) (int64, error) { return 1, nil }

func (oneRelay) Relays(context.Context) ([]relay.Permission, []relay.Grant, error) {
	return []relay.Permission{relay.NewPermission("abcdef_relay_1.6.0")}, nil, nil
}

// TestGuessingIsShown: as long as a relay's budget of wrong passwords is used up, and no longer.
func TestGuessingIsShown(t *testing.T) {
	now := time.Unix(0, 0)
	table := relay.NewTableAt(oneRelay{}, func() time.Time { return now })
	if _, err := table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &Daemon{path: LoginPath{Relays: table}, metrics: ops.NewMetrics("test", "")}
	if ready, line := d.checkGuessing(); !ready {
		t.Errorf("from the beginning: %s", line)
	}
	for range relay.GuessesPerMinute {
		table.Find([]byte("abcdef_relay_1.6.0")).Guessed()
	}
	if ready, line := d.checkGuessing(); ready || !strings.Contains(line, "abcdef_relay_1.6.0") {
		t.Errorf("guessing: %v %s", ready, line)
	}
	now = now.Add(time.Minute)
	if ready, line := d.checkGuessing(); !ready {
		t.Errorf("a minute later: %s", line)
	}

	preset := d.presetRelays()
	preset(t.Context())
	preset(t.Context())
	d.metrics.Submitted("abcdef_relay_1.6.0", "resubmitted")
	families, err := d.metrics.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	counters := 0
	for _, f := range families {
		if f.GetName() == "tradefront_relay_submissions_total" {
			counters = len(f.GetMetric())
		}
	}
	if want := len(relayReasons()); counters != want || want < 25 {
		t.Errorf("%d counters of submissions, want %d", counters, want)
	}
}
