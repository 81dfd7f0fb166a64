package collect

import (
	"context"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// machine is a Linux machine: its files, and what its kernel answers.
type machine struct {
	files
	calls   calls
	options *Options
	mounts  []mount
}

// calls are the facts that no file has.
type calls interface {
	now() time.Time
	hostname() (string, error)
	kernel() string // name and release
	links() ([]link, error)
	// processor is the identification that the processor gives to any process, "" if it gives none.
	processor() (id, source string)
	mainRegister() string // of arm64, where the kernel lets a process read it
	hypervisor() string   // the vendor that the processor names, "" on hardware
	root() bool
	// identify asks the disk for its serial by ioctl, which takes rights.
	identify(device string) (string, error)
}

func newMachine(o *Options) (*machine, error) {
	if o.Root == "" {
		return &machine{files: files{}, calls: kernel{}, options: o}, nil
	}
	f, err := readFixture(o.Root)
	if err != nil {
		return nil, err
	}
	return &machine{files: files{root: o.Root, denied: f.denied}, calls: f, options: o}, nil
}

func (*machine) close() {}

// read asks one source after the other, and the context between them.
func (m *machine) read(ctx context.Context) (reading, error) {
	r := reading{at: m.calls.now(), kind: byte(regulation.TerminalLinux), finding: make(map[indicator]finding)}
	if text, err := m.text("/proc/self/mountinfo"); err == nil {
		m.mounts = parseMounts(text)
	}
	for _, step := range []func(*reading){
		m.environment, m.interfaces, m.deviceName, m.osVersion, m.disk, m.cpu, m.bios,
	} {
		if err := context.Cause(ctx); err != nil {
			return reading{}, err
		}
		step(&r)
	}
	return r, nil
}

func (m *machine) interfaces(r *reading) {
	links, err := m.calls.links()
	const source = "netlink"
	if err != nil {
		for _, which := range []indicator{terminalinfo.IP1, terminalinfo.IP2, terminalinfo.MAC1, terminalinfo.MAC2} {
			r.finding[which] = failed(source, err)
		}
		return
	}
	for i := range links {
		links[i].rank = m.rankOf(&links[i])
	}
	r.network(links, source)
}

func (m *machine) deviceName(r *reading) {
	name, err := m.calls.hostname()
	if err != nil {
		r.finding[terminalinfo.DeviceName] = failed("uname", err)
		return
	}
	if name == "(none)" { // what the kernel has before a name is set
		name = ""
	}
	r.finding[terminalinfo.DeviceName] = finding{value: name, source: "uname"}
}

func (m *machine) osVersion(r *reading) {
	if m.options.KernelRelease {
		r.finding[terminalinfo.OSVersion] = finding{value: m.calls.kernel(), source: "uname"}
		return
	}
	look := search{}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if look.try(path, func() (string, error) {
			text, err := m.text(path)
			return osRelease(text), err
		}) {
			break
		}
	}
	r.finding[terminalinfo.OSVersion] = look.result()
}

func (m *machine) cpu(r *reading) {
	if id, source := m.calls.processor(); id != "" {
		r.finding[terminalinfo.CPUSerial] = finding{value: id, source: source}
		return
	}
	look := search{}
	const register = "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1"
	_ = look.try(register, func() (string, error) {
		text, err := m.text(register)
		return hexRegister(text), err
	}) || look.try("/proc/cpuinfo", func() (string, error) {
		text, err := m.text("/proc/cpuinfo")
		return midr(text), err
	}) || look.try("MIDR_EL1", func() (string, error) { return m.calls.mainRegister(), nil })
	r.finding[terminalinfo.CPUSerial] = look.result()
}
