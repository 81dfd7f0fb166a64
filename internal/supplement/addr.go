package supplement

import "net/netip"

// addrProblem is why addr cannot be in a supplement, "" if it can. Private and
// loopback addresses may: 4.2.2 wants the address that was seen, and whether it is
// plausible is for the operator's alarm.
func addrProblem(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "missing"
	case addr.Zone() != "":
		return "has a zone, so it is no public address"
	case addr.Unmap().IsUnspecified():
		return "unspecified"
	}
	return ""
}
