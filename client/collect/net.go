package collect

import (
	"cmp"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// link is a network interface as the system tells of it.
type link struct {
	index     int
	name      string
	rank      rank
	up        bool
	hardware  []byte // the MAC address in use
	permanent []byte // the one that the maker gave; nil if the system does not tell
	addrs     []netip.Addr
	raw       rawLink // of Linux
}

// rawLink is what Linux tells of a link and rankOf decides by.
type rawLink struct {
	kind     string // the driver's word, "" of devices
	loopback bool
}

// rank says how much an interface is the machine's own. The lower, the more.
type rank byte

const (
	physical rank = iota // a device
	upper                // a bond, a bridge or a VLAN over a device
	virtual              // what a container has for a device
	ignored              // loopback, tunnels, what containers and virtual machines are attached to
)

// macLen is that of Ethernet and Wi-Fi. InfiniBand has 20 bytes, of which none is a MAC address.
const macLen = 6

// network finds the two addresses and the two MAC addresses of the machine among its interfaces, and puts them into r.
func (r *reading) network(links []link, source string) {
	links = slices.DeleteFunc(slices.Clone(links), func(l link) bool { return l.rank >= ignored })
	slices.SortStableFunc(links, func(a, b link) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(down(&a), down(&b)), cmp.Compare(a.index, b.index))
	})
	first := slices.IndexFunc(links, func(l link) bool { return l.rank == virtual })
	if first < 0 {
		first = len(links)
	}
	own, container := links[:first], links[first:]
	r.two(terminalinfo.IP1, terminalinfo.IP2, firstThat(addresses, own, container), source)
	r.two(terminalinfo.MAC1, terminalinfo.MAC2, firstThat(macs, own, container), source)
}

func down(l *link) int {
	if l.up {
		return 0
	}
	return 1
}

// place is a value and the interface that has it.
type place struct{ value, link string }

// firstThat takes virtual interfaces only where the machine's own have nothing.
func firstThat(of func([]link) []place, own, container []link) []place {
	if found := of(own); len(found) > 0 {
		return found
	}
	return of(container)
}

// addresses are the IPv4 ones first, then the global IPv6 ones.
func addresses(links []link) []place {
	var v4, v6 []place
	for _, l := range links {
		if !l.up {
			continue
		}
		for _, a := range l.addrs {
			a = a.Unmap().WithZone("")
			p := place{string(regulation.AppendAddr(nil, a)), l.name}
			switch {
			case !usable(a):
			case a.Is4():
				v4 = append(v4, p)
			default:
				v6 = append(v6, p)
			}
		}
	}
	return append(v4, v6...)
}

func usable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast()
}

// macs are the different addresses of the makers; a placeholder, as zeros or AAAAAAAAAAAA, is taken only where there is no other.
func macs(links []link) []place {
	var good, dummies []place
	seen := make(map[string]bool)
	for _, l := range links {
		if l.rank == upper { // it has the address of a device below it
			continue
		}
		address := l.permanent
		if len(address) != macLen || dummy(address) {
			address = l.hardware
		}
		if len(address) != macLen {
			continue
		}
		p := place{strings.ToUpper(hex.EncodeToString(address)), l.name}
		switch {
		case dummy(address):
			dummies = append(dummies, p)
		case !seen[p.value]:
			seen[p.value] = true
			good = append(good, p)
		}
	}
	if len(good) == 0 {
		return dummies
	}
	return good
}

func dummy(address []byte) bool { return placeholder(hex.EncodeToString(address)) }

// two notes the first two of places.
func (r *reading) two(first, second indicator, places []place, source string) {
	for i, which := range []indicator{first, second} {
		f := finding{source: source}
		if i < len(places) {
			f = finding{value: places[i].value, source: source + " " + places[i].link}
		}
		r.finding[which] = f
	}
}
