package collect

import (
	"strings"

	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// maxWord bounds the name of an engine that a file gives, in bytes.
const maxWord = 32

// environment finds what decides the advice; no item depends on it.
func (m *machine) environment(r *reading) {
	r.env = Environment{Container: m.container(), VM: m.virtualMachine(), Root: m.calls.root()}
}

// container is the engine of the container that the process runs in.
func (m *machine) container() string {
	control, _ := m.text("/proc/1/cgroup")
	for _, engine := range []struct{ sign, name string }{
		{"kubepods", "kubernetes"}, {"libpod", "podman"}, {"docker", "docker"}, {"containerd", "containerd"}, {"lxc", "lxc"},
	} {
		if strings.Contains(control, engine.sign) {
			return engine.name
		}
	}
	word, _ := m.text("/run/systemd/container")
	if word, _ = terminalinfo.Clean(word, maxWord); word != "" {
		return word
	}
	switch {
	case m.exists("/run/.containerenv"):
		return "podman"
	case m.exists("/var/run/secrets/kubernetes.io"):
		return "kubernetes"
	case m.exists("/.dockerenv") && !m.ownRoot():
		return "docker"
	}
	return ""
}

// ownRoot reports whether the root is a whole file system on a disk, as of a machine that was made from a container's image.
func (m *machine) ownRoot() bool {
	own := false
	for i := range m.mounts {
		if mt := &m.mounts[i]; mt.point == "/" {
			own = mt.root == "/" && mt.block()
		}
	}
	return own
}

// hypervisors are the vendors as processors name them.
var hypervisors = map[string]string{
	"KVMKVMKVM": "kvm", "VMwareVMware": "vmware", "Microsoft Hv": "hyperv", "XenVMMXenVMM": "xen", "TCGTCGTCGTCG": "qemu",
	"bhyve bhyve": "bhyve", "prl hyperv": "parallels", "VBoxVBoxVBox": "virtualbox",
}

func (m *machine) virtualMachine() string {
	release := strings.ToLower(m.calls.kernel())
	if strings.Contains(release, "microsoft") {
		return "wsl"
	}
	if vendor := m.calls.hypervisor(); vendor != "" {
		if name, ok := hypervisors[strings.Trim(vendor, " \x00")]; ok {
			return name
		}
		return "unknown"
	}
	vendor, _ := m.text("/sys/class/dmi/id/sys_vendor")
	product, _ := m.text("/sys/class/dmi/id/product_name")
	if name := virtualProduct(vendor, product); name != "" {
		return name
	}
	if m.exists("/sys/firmware/devicetree/base/hypervisor/compatible") {
		return "unknown"
	}
	return ""
}
