package collect

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxLinks bounds the interfaces that are looked at.
const maxLinks = 4096

// unwanted are the flags of addresses that are not, or not for long, the machine's.
const unwanted = unix.IFA_F_TEMPORARY | unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED

// netlinkLinks asks the kernel for its interfaces and their addresses. No packet leaves the machine: netlink ends in the kernel.
func netlinkLinks() ([]link, error) {
	answers, err := dump(unix.RTM_GETLINK)
	if err != nil {
		return nil, err
	}
	var links []link
	place := make(map[int]int) // in links, by index
	for i := range answers {
		if l, ok := linkOf(&answers[i]); ok && len(links) < maxLinks {
			place[l.index] = len(links)
			links = append(links, l)
		}
	}
	if answers, err = dump(unix.RTM_GETADDR); err != nil {
		return nil, err
	}
	for i := range answers {
		index, addr, ok := addrOf(&answers[i])
		if at, known := place[index]; ok && known {
			links[at].addrs = append(links[at].addrs, addr)
		}
	}
	for i := range links {
		if len(links[i].permanent) == 0 {
			links[i].permanent = permanentAddress(links[i].name)
		}
	}
	return links, nil
}

func dump(request int) ([]syscall.NetlinkMessage, error) {
	raw, err := syscall.NetlinkRIB(request, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	return syscall.ParseNetlinkMessage(raw)
}

func linkOf(m *syscall.NetlinkMessage) (l link, ok bool) {
	if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
		return l, false
	}
	flags := binary.NativeEndian.Uint32(m.Data[8:])
	l.index = int(int32(binary.NativeEndian.Uint32(m.Data[4:])))
	l.up = flags&unix.IFF_UP != 0
	l.raw.loopback = flags&unix.IFF_LOOPBACK != 0
	attributes(m.Data[unix.SizeofIfInfomsg:], func(kind uint16, value []byte) {
		switch kind {
		case unix.IFLA_IFNAME:
			l.name = cString(value)
		case unix.IFLA_ADDRESS:
			l.hardware = bytes.Clone(value)
		case unix.IFLA_PERM_ADDRESS: // since Linux 5.6
			l.permanent = bytes.Clone(value)
		case unix.IFLA_LINKINFO:
			attributes(value, func(kind uint16, value []byte) {
				if kind == unix.IFLA_INFO_KIND {
					l.raw.kind = cString(value)
				}
			})
		}
	})
	return l, l.name != ""
}

func addrOf(m *syscall.NetlinkMessage) (index int, addr netip.Addr, ok bool) {
	if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
		return 0, addr, false
	}
	flags := uint32(m.Data[2])
	index = int(binary.NativeEndian.Uint32(m.Data[4:]))
	var local, peer []byte
	attributes(m.Data[unix.SizeofIfAddrmsg:], func(kind uint16, value []byte) {
		switch {
		case kind == unix.IFA_LOCAL:
			local = value
		case kind == unix.IFA_ADDRESS:
			peer = value
		case kind == unix.IFA_FLAGS && len(value) >= 4:
			flags = binary.NativeEndian.Uint32(value)
		}
	})
	if local == nil {
		local = peer // IPv6, and IPv4 without a peer
	}
	addr, ok = netip.AddrFromSlice(local)
	if addr.Is4() {
		flags &^= unix.IFA_F_TEMPORARY // of IPv4 this bit means the second address of a network
	}
	return index, addr, ok && flags&unwanted == 0
}

// attributes walks over a list of routing attributes. A length that is not true ends it.
func attributes(b []byte, each func(kind uint16, value []byte)) {
	const header, align = unix.SizeofRtAttr, 4
	for len(b) >= header {
		length, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if length < header || length > len(b) {
			return
		}
		each(kind&^uint16(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[header:length])
		b = b[min(len(b), (length+align-1)&^(align-1)):]
	}
}

func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}
