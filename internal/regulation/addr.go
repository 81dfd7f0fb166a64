package regulation

import "net/netip"

// AppendAddr appends addr in the form of 4.2.4: IPv4 dotted, IPv6 as eight groups of
// four upper-case hex digits (39 bytes), an IPv4-mapped IPv6 address as the IPv4 address
// that it is. A zone is not printed; an invalid address appends nothing.
func AppendAddr(dst []byte, addr netip.Addr) []byte {
	addr = addr.Unmap()
	if !addr.IsValid() {
		return dst
	}
	if addr.Is4() {
		return addr.AppendTo(dst)
	}
	const digits = "0123456789ABCDEF"
	for i, b := range addr.As16() {
		if i > 0 && i%2 == 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[b>>4], digits[b&0xF])
	}
	return dst
}
