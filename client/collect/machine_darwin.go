package collect

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// machine is a Mac. Without cgo there is no IOKit, so the serials of disk and machine are absent: docs/collector.md says it.
type machine struct{}

var errFixture = errors.New("collect: Options.Root is for Linux")

func newMachine(o *Options) (*machine, error) {
	if o.Root != "" {
		return nil, errFixture
	}
	return &machine{}, nil
}

func (*machine) close() {}

func (m *machine) read(ctx context.Context) (reading, error) {
	r := reading{at: time.Now(), kind: byte(regulation.TerminalMacOS), finding: make(map[indicator]finding)}
	for _, step := range []func(*reading){m.environment, m.interfaces, m.deviceName, m.osVersion, m.serials} {
		if err := context.Cause(ctx); err != nil {
			return reading{}, err
		}
		step(&r)
	}
	return r, nil
}

func (m *machine) environment(r *reading) {
	r.env.Root = os.Geteuid() == 0
	if guest, err := unix.SysctlUint32("kern.hv_vmm_present"); err == nil && guest != 0 {
		r.env.VM = "unknown"
	}
}

func (m *machine) interfaces(r *reading) {
	const source = "routing socket"
	all, err := net.Interfaces()
	if err != nil {
		for _, which := range []indicator{terminalinfo.IP1, terminalinfo.IP2, terminalinfo.MAC1, terminalinfo.MAC2} {
			r.finding[which] = failed(source, err)
		}
		return
	}
	var links []link
	for i := range all {
		links = append(links, linkOf(&all[i]))
	}
	r.network(links, source)
}

// linkOf takes en0, en1, … for devices; utun, awdl, bridge and their like are the system's own.
func linkOf(i *net.Interface) link {
	l := link{index: i.Index, name: i.Name, rank: ignored, up: i.Flags&net.FlagUp != 0, hardware: i.HardwareAddr}
	if strings.HasPrefix(i.Name, "en") {
		l.rank = physical
	}
	addrs, err := i.Addrs()
	if err != nil {
		return l
	}
	for _, a := range addrs {
		if network, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(network.IP); ok {
				l.addrs = append(l.addrs, addr.Unmap())
			}
		}
	}
	return l
}

func (m *machine) deviceName(r *reading) { m.sysctl(r, terminalinfo.DeviceName, "kern.hostname") }

func (m *machine) osVersion(r *reading) { m.sysctl(r, terminalinfo.OSVersion, "kern.osproductversion") }

func (m *machine) sysctl(r *reading, which indicator, name string) {
	value, err := unix.Sysctl(name)
	if err != nil {
		r.finding[which] = failed("sysctl "+name, err)
		return
	}
	r.finding[which] = finding{value: value, source: "sysctl " + name}
}

func (m *machine) serials(r *reading) {
	for _, which := range []indicator{terminalinfo.DiskSerial, terminalinfo.DeviceSerial} {
		r.finding[which] = finding{source: "IOKit"}
	}
}
