package daemon

import (
	"net/netip"
	"testing"

	"github.com/tradefront/tradefront/internal/config"
)

// TestListensAt: a socket that was taken over fits the configured address, or does not.
func TestListensAt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bound, host string
		port        uint16
		fits        bool
	}{
		{"127.0.0.1:9100", "127.0.0.1", 9100, true},
		{"127.0.0.1:9100", "127.0.0.1", 0, true},
		{"127.0.0.1:9100", "127.0.0.1", 9101, false},
		{"127.0.0.1:9100", "127.0.0.2", 9100, false},
		{"127.0.0.1:9100", "0.0.0.0", 9100, false},
		{"127.0.0.1:9100", "", 9100, false},
		{"127.0.0.1:9100", "localhost", 9100, true},
		{"192.0.2.7:9100", "localhost", 9100, false},
		{"[::]:9100", "0.0.0.0", 9100, true},
		{"[::]:9100", "", 9100, true},
		{"[::]:9100", "127.0.0.1", 9100, false},
		{"[2001:db8::7]:9100", "2001:db8::7", 9100, true},
	} {
		if listensAt(t.Context(), netip.MustParseAddrPort(test.bound), config.Address{Host: test.host, Port: test.port}) != test.fits {
			t.Errorf("a socket at %s, configured %q port %d: fits should be %v", test.bound, test.host, test.port, test.fits)
		}
	}
}
