package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

const relayed = "front: {listeners: [{address: \":1\"}, {address: \":2\", admits: relays}]}\n"

// TestRelayKeys: what joins the keys of relays, and what an operator reads about it.
func TestRelayKeys(t *testing.T) {
	tests := []struct{ file, key, says string }{
		{"relay: {enabled: true}\n" + relayed, "", ""},
		{"relay: {enabled: true}\n", "relay.enabled", "no listener has admits: relays"},
		{relayed, "front.listeners[1].admits", "relay.enabled is false"},
		{"relay: {enabled: yes}\n" + relayed, "relay.enabled", "neither true nor false"},
		{"relay: {enabled: true}\nfront: {listeners: [{address: \":1\", admits: relay}]}\n", "front.listeners[0].admits", "did you mean relays"},
		{"relay: {max_terminal_age: 401h}\n", "relay.max_terminal_age", "1h to 400h"},
		{"relay: {clock_ahead: 11m}\n", "relay.clock_ahead", "0s to 10m"},
		{"relay: {submit_id_age: 59s}\n", "relay.submit_id_age", "1m to 24h"},
		{"relay: {operator_record: none}\n", "relay.operator_record", "want report or audit_only"},
		{"relay: {public_addresses: {}}\n", "", ""},
		{"relay: {public_addresses: [10.1.2.3]}\n", "relay.public_addresses", "want a mapping"},
		{"relay: {public_addresses: {10.1.2.3: 116.228.52}}\n", "relay.public_addresses", `"116.228.52", which is no address`},
		{"relay: {public_addresses: {10.1.2.3: 1.2.3.4, \"::ffff:10.1.2.3\": 1.2.3.5}}\n", "relay.public_addresses", "names 10.1.2.3 twice"},
		{"relay: {terminal_exits: []}\n", "", ""},
		{"relay: {terminal_exits: [a_relay_1.0, relay]}\n", "relay.terminal_exits[1]", "relay"},
		{"limits: {relay_share: 0.1}\n", "", ""},
		{"limits: {relay_share: 0.09}\n", "limits.relay_share", "is 0.09, want 0.1 to 0.9"},
		{"limits: {relay_share: 0.900001}\n", "limits.relay_share", "want 0.1 to 0.9"},
		{"limits: {relay_share: \"0.5\"}\n", "limits.relay_share", "remove the quotes"},
		{"limits: {relay_share: 5e-1}\n", "limits.relay_share", "plain decimal"},
		{"limits: {relay_share: .5}\n", "limits.relay_share", "plain decimal"},
	}
	for _, test := range tests {
		_, err := loadWith(t, linked+test.file)
		if test.key == "" {
			if err != nil {
				t.Errorf("%s: %v", test.file, err)
			}
			continue
		}
		faults, _ := errors.AsType[Faults](err)
		if !slices.ContainsFunc(faults, func(f Fault) bool { return f.Key == test.key && strings.Contains(f.Problem+f.Fix, test.says) }) {
			t.Errorf("%s: %v; want %s, %s", test.file, err, test.key, test.says)
		}
	}
}

// TestRelayValues: what the file says arrives as it was written.
func TestRelayValues(t *testing.T) {
	c, err := loadWith(t, linked+relayed+`relay:
  enabled: true
  max_terminal_age: 200h
  public_addresses: {"10.1.2.3": "116.228.52.11", "fd00::1": 116.228.52.12}
limits: {relay_share: 0.25}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[netip.Addr]netip.Addr{
		netip.MustParseAddr("10.1.2.3"): netip.MustParseAddr("116.228.52.11"), netip.MustParseAddr("fd00::1"): netip.MustParseAddr("116.228.52.12"),
	}
	if got := c.Relay.PublicAddresses.Map(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("public addresses %v, want %v", got, want)
	}
	if c.Relay.MaxTerminalAge != 200*time.Hour || c.Relay.ClockAhead != time.Minute || c.Relay.MaxVisits != 100000 || c.Limits.RelayShare != 0.25 {
		t.Errorf("%+v, share %v", c.Relay, c.Limits.RelayShare)
	}
	if c.Front.Listeners[0].AdmitsRelays() || !c.Front.Listeners[1].AdmitsRelays() {
		t.Error("the second listener is the relays'")
	}
}
