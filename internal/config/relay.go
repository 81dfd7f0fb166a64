package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// AdmitsRelays reports whether the listener is for relays, and for nothing else.
func (l *Listener) AdmitsRelays() bool { return l.Admits == "relays" }

// checkRelays holds relay.enabled and the listeners to one another: relays without a listener could not come, and a
// listener without relays would refuse each connection.
func (c *Config) checkRelays(settled Faults) (faults Faults) {
	listens, unclear := false, settled.on("relay.enabled")
	for i := range c.Front.Listeners {
		path := entryKey("front.listeners", i) + ".admits"
		unclear = unclear || settled.on(path)
		if !c.Front.Listeners[i].AdmitsRelays() {
			continue
		}
		listens = true
		if !c.Relay.Enabled && !settled.on("relay.enabled") {
			faults.add(path, "is relays, and relay.enabled is false: every connection would be refused",
				"write relay.enabled: true, or remove the listener")
		}
	}
	if c.Relay.Enabled && !listens && !unclear {
		faults.add("relay.enabled", "is true, and no listener has admits: relays: no relay could connect",
			"add an entry to front.listeners with admits: relays")
	}
	return faults
}

// PublicAddresses are public addresses of relays by the address that a front sees, in the order of the file.
type PublicAddresses []PublicAddress

// PublicAddress is the address to report for a relay that a front sees at another.
type PublicAddress struct{ Seen, Public netip.Addr }

// maxPublicAddresses bounds how many relays can have one.
const maxPublicAddresses = 256

// Map is the public address by the one that is seen; nil if there is none.
func (all PublicAddresses) Map() map[netip.Addr]netip.Addr {
	if len(all) == 0 {
		return nil
	}
	m := make(map[netip.Addr]netip.Addr, len(all))
	for _, p := range all {
		m[p.Seen] = p.Public
	}
	return m
}

func readPublicAddresses(written any, _ place) (any, Faults) {
	var (
		all    PublicAddresses
		faults Faults
	)
	entries := written.([]any)
	if len(entries) > maxPublicAddresses {
		faults.add("", fmt.Sprintf("has %d entries, at most %d are allowed", len(entries), maxPublicAddresses), "")
		return all, faults
	}
	for _, entry := range entries {
		seen, public, _ := strings.Cut(entry.(string), "=")
		p, problem := parsePublicAddress(seen, public)
		if problem == "" && slices.ContainsFunc(all, func(o PublicAddress) bool { return o.Seen == p.Seen }) {
			problem = fmt.Sprintf("names %v twice", p.Seen)
		}
		if problem != "" {
			faults.add("", problem, `write {"10.1.2.3": "116.228.52.11"}`)
			continue
		}
		all = append(all, p)
	}
	return all, faults
}

func parsePublicAddress(seen, public string) (p PublicAddress, problem string) {
	for _, a := range []struct {
		text string
		into *netip.Addr
	}{{seen, &p.Seen}, {public, &p.Public}} {
		addr, err := netip.ParseAddr(strings.TrimSpace(a.text))
		if err != nil || addr.Zone() != "" || addr.IsUnspecified() {
			return p, fmt.Sprintf("has %q, which is no address", a.text)
		}
		*a.into = addr.Unmap()
	}
	return p, ""
}

// AppIDs are AppIDs in the order of the file.
type AppIDs []regulation.AppID

// maxAppIDs bounds such a list.
const maxAppIDs = 256

func readAppIDs(written any, _ place) (any, Faults) {
	var (
		all    AppIDs
		faults Faults
	)
	entries := written.([]any)
	if len(entries) > maxAppIDs {
		faults.add("", fmt.Sprintf("has %d entries, at most %d are allowed", len(entries), maxAppIDs), "")
		return all, faults
	}
	for i, entry := range entries {
		id, err := regulation.ParseAppID(strings.TrimSpace(entry.(string)))
		if err != nil {
			faults.add(entryKey("", i), err.Error(), "tradefront relay list shows the AppIDs of relays")
			continue
		}
		all = append(all, id)
	}
	return all, faults
}
