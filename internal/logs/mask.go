package logs

import (
	"net/netip"
	"strconv"
	"strings"
)

// Masked is an account that prints its first and last two characters only: 88****88. One
// of up to five characters prints none. For logs: zap.Stringer("account", Masked(a)).
type Masked string

func (m Masked) String() string {
	r := []rune(string(m))
	if len(r) <= 5 {
		return "****"
	}
	return string(r[:2]) + "****" + string(r[len(r)-2:])
}

// GoString keeps %#v from showing what String hides.
func (m Masked) GoString() string { return strconv.Quote(m.String()) }

// MarshalText keeps JSON from showing what String hides.
func (m Masked) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// MaskedAddr is an address that prints without its last octet, or without its last five of
// eight groups: 203.0.113.*, 2001:db8:85a3:*.
type MaskedAddr netip.Addr

func (m MaskedAddr) String() string {
	a := netip.Addr(m).Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return strconv.Itoa(int(b[0])) + "." + strconv.Itoa(int(b[1])) + "." + strconv.Itoa(int(b[2])) + ".*"
	case a.Is6():
		b := a.As16()
		groups := make([]string, 0, 4)
		for i := 0; i < 6; i += 2 {
			groups = append(groups, strconv.FormatUint(uint64(b[i])<<8|uint64(b[i+1]), 16))
		}
		return strings.Join(append(groups, "*"), ":")
	}
	return "none"
}

// GoString keeps %#v from showing what String hides.
func (m MaskedAddr) GoString() string { return m.String() }

// MarshalText keeps JSON from showing what String hides.
func (m MaskedAddr) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
