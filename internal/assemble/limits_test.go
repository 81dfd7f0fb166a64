package assemble

import (
	"testing"

	"github.com/tradefront/tradefront/internal/config"
)

// TestRelayShare: relays may take their part of the logins in flight, and one at least.
func TestRelayShare(t *testing.T) {
	for _, c := range []struct {
		share float64
		all   int
		want  int
	}{{0.5, 4096, 2048}, {0.1, 100, 10}, {0.9, 10, 9}, {0.1, 1, 1}} {
		cfg := &config.Config{Limits: config.Limits{RelayShare: c.share, LoginsInFlight: c.all}}
		if got := FrontLimits(cfg, 10); got.RelayLogins != c.want || got.Logins != c.all {
			t.Errorf("%v of %d: relays have %d of %d, want %d", c.share, c.all, got.RelayLogins, got.Logins, c.want)
		}
	}
}
