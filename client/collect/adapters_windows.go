package collect

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	maxLinks        = 4096
	adaptersAtFirst = 16 << 10 // bytes, as Microsoft advises
	maxAdapters     = 16 << 20 // bytes of one answer
	adapterAttempts = 3        // the answer may grow between two calls
)

// adapters asks for the network interfaces and their addresses.
func adapters() ([]link, error) {
	const flags = windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_SKIP_DNS_SERVER
	size := uint32(adaptersAtFirst)
	var answer []byte
	for range adapterAttempts {
		answer = make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&answer[0])) //nolint:gosec // the system writes the list into answer
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		switch {
		case err == nil:
			return linksOf(first), nil
		case errors.Is(err, windows.ERROR_NO_DATA):
			return nil, nil
		case !errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) || size > maxAdapters:
			return nil, err
		}
	}
	return nil, windows.ERROR_BUFFER_OVERFLOW
}

func linksOf(first *windows.IpAdapterAddresses) []link {
	var links []link
	for a := first; a != nil && len(links) < maxLinks; a = a.Next {
		l := link{index: int(a.IfIndex), name: windows.UTF16PtrToString(a.FriendlyName), up: a.OperStatus == windows.IfOperStatusUp}
		if l.index == 0 {
			l.index = int(a.Ipv6IfIndex)
		}
		l.hardware = bytes.Clone(a.PhysicalAddress[:min(int(a.PhysicalAddressLength), len(a.PhysicalAddress))])
		l.rank, l.permanent = rankOf(a)
		for u := a.FirstUnicastAddress; u != nil; u = u.Next {
			if addr, ok := netip.AddrFromSlice(u.Address.IP()); ok && lasting(u) {
				l.addrs = append(l.addrs, addr.Unmap())
			}
		}
		links = append(links, l)
	}
	return links
}

// lasting leaves out what is not, or not for long, the machine's address: duplicates, and IPv6 addresses of random suffix.
func lasting(u *windows.IpAdapterUnicastAddress) bool {
	const preferred, random = 4, 5 // NldsPreferred, IpSuffixOriginRandom
	return u.DadState == preferred && u.SuffixOrigin != random
}

// hardwareInterface is the first bit of MIB_IF_ROW2's flags.
const hardwareInterface = 1

// rankOf asks whether the interface is a device, and the address that its maker gave.
func rankOf(a *windows.IpAdapterAddresses) (rank, []byte) {
	if a.IfType == windows.IF_TYPE_SOFTWARE_LOOPBACK || a.IfType == windows.IF_TYPE_TUNNEL {
		return ignored, nil
	}
	row := windows.MibIfRow2{InterfaceLuid: a.Luid}
	// Windows before 10 does not have the call.
	if getIfEntry2Ex.Find() == nil && windows.GetIfEntry2Ex(windows.MibIfEntryNormalWithoutStatistics, &row) == nil {
		if row.InterfaceAndOperStatusFlags&hardwareInterface != 0 {
			return physical, bytes.Clone(row.PermanentPhysicalAddress[:min(int(row.PhysicalAddressLength), len(row.PermanentPhysicalAddress))])
		}
		return softRank(a), nil
	}
	if rank := softRank(a); rank == ignored || a.IfType != windows.IF_TYPE_ETHERNET_CSMACD && a.IfType != windows.IF_TYPE_IEEE80211 {
		return rank, nil
	}
	return physical, nil
}

var getIfEntry2Ex = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetIfEntry2Ex")

// programs make interfaces for others than the machine itself.
var programs = []string{
	"vmware", "virtualbox", "hyper-v", "tap-", "wintun", "wireguard", "openvpn", "zerotier", "tailscale", "loopback", "bluetooth", "wi-fi direct", "npcap", "wan miniport",
}

func softRank(a *windows.IpAdapterAddresses) rank {
	description := strings.ToLower(windows.UTF16PtrToString(a.Description))
	for _, sign := range programs {
		if strings.Contains(description, sign) {
			return ignored
		}
	}
	return virtual
}
