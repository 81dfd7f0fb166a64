package verify

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/regulation"
)

// plural is a count with its noun.
func plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(int64(n)) + " " + noun + "s"
}

// group writes a number with commas: 1,234,567.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// problemOf leaves the item's name out: the kind of the finding says it.
func problemOf(err error) string {
	var item *regulation.ItemError
	if errors.As(err, &item) {
		return item.Problem
	}
	return err.Error()
}

// printed is an address in the one form of 4.2.4.
func printed(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	return strings.ToUpper(addr.StringExpanded())
}

// addrKind is where an address can be reached from.
type addrKind int

const (
	addrPublic addrKind = iota
	addrPrivate
	addrShared
	addrLoopback
	addrLinkLocal
	addrOther
	numAddrKinds
)

var addrKinds = [numAddrKinds]struct{ word, english, chinese string }{
	{"public", "public", "公网"},
	{"private", "private", "私网"},
	{"shared", "carrier's shared", "运营商共享"},
	{"loopback", "loopback", "本机环回"},
	{"link_local", "link-local", "链路本地"},
	{"other", "reserved", "保留"},
}

var (
	// Shared address space between carriers and their customers, RFC 6598.
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
	// Networks that no customer can come from: "this" network, benchmarks, documentation, the
	// former class E, and documentation of IPv6 (IANA's special-purpose registries).
	reserved = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
	}
)

func addrKindOf(addr netip.Addr) addrKind {
	switch {
	case addr.IsPrivate():
		return addrPrivate
	case sharedSpace.Contains(addr):
		return addrShared
	case addr.IsLoopback():
		return addrLoopback
	case addr.IsLinkLocalUnicast():
		return addrLinkLocal
	case addr.IsMulticast() || !addr.IsGlobalUnicast():
		return addrOther
	}
	for _, p := range reserved {
		if p.Contains(addr) {
			return addrOther
		}
	}
	return addrPublic
}

// PublicAddress is the word for a public address.
const PublicAddress = "public"

// AddressKind is the word of the JSON for what kind of address it is: public, private, shared, loopback, link_local, other.
func AddressKind(addr netip.Addr) string { return addrKinds[addrKindOf(addr)].word }
