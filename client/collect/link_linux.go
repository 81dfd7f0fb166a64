package collect

import "strings"

// kinds of interfaces by the word of their driver (IFLA_INFO_KIND), and what they are to the machine. A kind that is not here is
// a device if sysfs says so.
var kindRanks = map[string]rank{
	"bond": upper, "team": upper, "vlan": upper, "bridge": upper, "openvswitch": upper, "macvlan": virtual, "ipvlan": virtual,
	"veth": virtual, "netkit": virtual,
	"dummy": ignored, "ifb": ignored, "tun": ignored, "wireguard": ignored, "gre": ignored, "gretap": ignored, "vti": ignored,
	"sit": ignored, "ipip": ignored, "ip6tnl": ignored, "vxlan": ignored, "geneve": ignored, "nlmon": ignored, "vcan": ignored, "vrf": ignored,
}

// namesIgnored are prefixes of interfaces that programs make for others than the machine itself.
var namesIgnored = []string{
	"lo", "docker", "veth", "virbr", "vnet", "tun", "tap", "wg", "cni", "flannel", "cali", "cilium", "lxcbr", "lxdbr", "podman",
	"zt", "tailscale", "vmnet", "vboxnet", "kube-", "ifb", "dummy",
}

// rankOf decides by the driver, the name and sysfs what an interface is.
func (m *machine) rankOf(l *link) rank {
	folder := "/sys/class/net/" + l.name
	switch byKind, known := kindRanks[l.raw.kind]; {
	case l.raw.loopback:
		return ignored
	case m.exists(folder + "/device"):
		return physical
	case ignoredName(l.name):
		return ignored
	case known && byKind == upper:
		return m.upperRank(l, folder)
	case known:
		return byKind
	case l.raw.kind == "" && !m.exists("/sys/class/net"):
		return physical // without sysfs a link that no driver made is a device
	}
	return virtual
}

// upperRank is upper for what lies over a device: a bridge that only containers are attached to does not.
func (m *machine) upperRank(l *link, folder string) rank {
	if !m.exists("/sys/class/net") {
		return upper
	}
	for range maxDepth {
		next := ""
		for _, name := range m.names(folder) {
			below, ok := strings.CutPrefix(name, "lower_")
			if !ok {
				continue
			}
			if m.exists("/sys/class/net/" + below + "/device") {
				return upper
			}
			next = "/sys/class/net/" + below
		}
		if next == "" {
			break
		}
		folder = next
	}
	if l.raw.kind == "vlan" || l.raw.kind == "bond" || l.raw.kind == "team" {
		return virtual
	}
	return ignored
}

// dockerBridge is the form of the bridges of docker's networks: br- and the first digits of the network's number.
func dockerBridge(name string) bool {
	const digits = 12
	number, ok := strings.CutPrefix(name, "br-")
	return ok && len(number) == digits && strings.Trim(number, "0123456789abcdef") == ""
}

func ignoredName(name string) bool {
	if dockerBridge(name) {
		return true
	}
	for _, prefix := range namesIgnored {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (prefix != "lo" || rest == "") {
			return true
		}
	}
	return false
}
