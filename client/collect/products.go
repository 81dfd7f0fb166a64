package collect

import "strings"

// products are signs of virtual machines in the two texts of SMBIOS that every process may read.
var products = []struct{ sign, name string }{
	{"QEMU", "kvm"},
	{"KVM", "kvm"},
	{"VMware", "vmware"},
	{"VirtualBox", "virtualbox"},
	{"Virtual Machine", "hyperv"},
	{"Xen", "xen"},
	{"Parallels", "parallels"},
	{"Bochs", "bochs"},
	{"OpenStack", "kvm"},
	{"Alibaba Cloud", "kvm"},
	{"Amazon EC2", "kvm"},
	{"Google Compute Engine", "kvm"},
}

// virtualProduct is the hypervisor whose maker and product these are, "" of hardware: also that which a cloud rents whole.
func virtualProduct(maker, product string) string {
	if strings.Contains(product, ".metal") {
		return ""
	}
	for _, p := range products {
		if strings.Contains(maker, p.sign) || strings.Contains(product, p.sign) {
			return p.name
		}
	}
	return ""
}
