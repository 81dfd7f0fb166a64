package daemon

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/tradefront/tradefront/internal/config"
)

// A process that takes over uses the sockets of the admin and the health listener that the old one had bound. What is compared with the
// configuration is where they listen and not what the old process had configured: an image of any program will do.

// sameAddresses refuses a socket that listens elsewhere than the configuration says.
func (t *taken) sameAddresses(ctx context.Context, c *config.Admin) error {
	for _, l := range []struct {
		name, key string
		want      config.Address
	}{{takenAdmin, "admin.address", c.Address}, {takenHealth, "admin.health_address", c.HealthAddress}} {
		bound := t.listener(l.name)
		if bound == nil {
			continue
		}
		if at := bound.Addr().(*net.TCPAddr).AddrPort(); !listensAt(ctx, at, l.want) {
			return fmt.Errorf("%s was changed from %v to %v: stop and start the front instead", l.key, at, l.want)
		}
	}
	return nil
}

// listensAt reports whether a socket that is bound to at is what an address asks for. Port 0 asks for any.
func listensAt(ctx context.Context, at netip.AddrPort, want config.Address) bool {
	if want.Port != 0 && want.Port != at.Port() {
		return false
	}
	bound := at.Addr().Unmap().WithZone("")
	if want.Host == "" {
		return bound.IsUnspecified()
	}
	if ip, err := netip.ParseAddr(want.Host); err == nil {
		ip = ip.Unmap().WithZone("")
		return ip == bound || ip.IsUnspecified() && bound.IsUnspecified() // Go binds 0.0.0.0 as [::]
	}
	named, err := net.DefaultResolver.LookupNetIP(ctx, "ip", want.Host)
	return err == nil && slices.ContainsFunc(named, func(ip netip.Addr) bool { return ip.Unmap().WithZone("") == bound })
}
