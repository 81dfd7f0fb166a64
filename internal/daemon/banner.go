package daemon

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tradefront/tradefront/internal/assemble"
)

// Banner is the one line that says that terminals are accepted.
func (d *Daemon) Banner() string {
	addresses := make([]string, 0, 1)
	for i, a := range d.front.Addrs() {
		address := a.String()
		if d.cfg.Front.Listeners[i].AdmitsRelays() {
			address += " (relays)"
		}
		addresses = append(addresses, address)
	}
	admin := cmp.Or(d.AdminURL(), "none")
	banner := fmt.Sprintf("tradefront %s: front %d accepts connections on %s; admin %s; store %s",
		d.build.Version, d.cfg.Front.ID, strings.Join(addresses, ", "), admin, d.cfg.Store.Driver)
	if l := &d.cfg.Core.Link; d.path.Link != nil {
		banner += fmt.Sprintf("; core %v", l.Endpoints)
		if l.InsecureLoopback {
			banner += " WITHOUT ENCRYPTION (insecure_loopback)"
		}
	}
	return banner
}

// AdminURL is where the admin listener answers; empty if there is none.
func (d *Daemon) AdminURL() string {
	if d.admin == nil {
		return ""
	}
	return d.admin.URL()
}

// Addrs are the addresses on which terminals and relays are accepted, in the order of front.listeners.
func (d *Daemon) Addrs() []netip.AddrPort { return d.front.Addrs() }

// CoreReady reports whether a trading core is in use; true with the local one.
func (d *Daemon) CoreReady() bool {
	if d.path.Link == nil {
		return true
	}
	s := d.path.Link.Status()
	return s.Ready()
}

// Settled is the store that the report reads, once it has every record of this front, or why it has not.
func (d *Daemon) Settled(ctx context.Context) (assemble.Records, error) {
	if d.path.Forwarder == nil {
		return d.path.Journal, nil
	}
	return d.postgres, d.path.Forwarder.Drain(ctx)
}
