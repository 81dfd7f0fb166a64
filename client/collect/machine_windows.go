package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// machine is a Windows machine: what its API answers. No command, no COM object and no WMI query is used, and no administrator's rights.
type machine struct {
	options *Options
	smbios  []byte // the table; nil if the system does not give it
	denied  error  // why not
}

var errFixture = errors.New("collect: Options.Root is for Linux")

func newMachine(o *Options) (*machine, error) {
	if o.Root != "" {
		return nil, errFixture
	}
	return &machine{options: o}, nil
}

func (*machine) close() {}

// read asks one source after the other, and the context between them.
func (m *machine) read(ctx context.Context) (reading, error) {
	r := reading{at: time.Now(), kind: byte(regulation.TerminalWindows), finding: make(map[indicator]finding)}
	m.smbios, m.denied = firmwareTable()
	for _, step := range []func(*reading){
		m.environment, m.interfaces, m.deviceName, m.osVersion, m.disk, m.cpu, m.bios, m.partition,
	} {
		if err := context.Cause(ctx); err != nil {
			return reading{}, err
		}
		step(&r)
	}
	return r, nil
}

func (m *machine) environment(r *reading) {
	maker, product := smbiosProduct(m.smbios)
	r.env = Environment{VM: virtualProduct(maker, product), Root: windows.GetCurrentProcessToken().IsElevated()}
}

func (m *machine) interfaces(r *reading) {
	const source = "GetAdaptersAddresses"
	links, err := adapters()
	if err != nil {
		for _, which := range []indicator{terminalinfo.IP1, terminalinfo.IP2, terminalinfo.MAC1, terminalinfo.MAC2} {
			r.finding[which] = failed(source, err)
		}
		return
	}
	r.network(links, source)
}

// maxName is the longest name of a machine in UTF-16 units.
const maxName = 1024

func (m *machine) deviceName(r *reading) {
	const source = "GetComputerNameEx"
	var name [maxName]uint16
	length := uint32(len(name))
	if err := windows.GetComputerNameEx(windows.ComputerNamePhysicalDnsHostname, &name[0], &length); err != nil {
		r.finding[terminalinfo.DeviceName] = failed(source, err)
		return
	}
	r.finding[terminalinfo.DeviceName] = finding{value: windows.UTF16ToString(name[:]), source: source}
}

// osVersion does not ask GetVersionEx, which tells every program that does not know Windows 10 that it runs on 6.2.
func (m *machine) osVersion(r *reading) {
	v := windows.RtlGetVersion()
	r.finding[terminalinfo.OSVersion] = finding{
		value: fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber), source: "RtlGetVersion",
	}
}

func (m *machine) bios(r *reading) {
	const source = "GetSystemFirmwareTable RSMB"
	look := search{}
	look.try(source, func() (string, error) { return smbiosSystemSerial(m.smbios), m.denied })
	r.finding[terminalinfo.BIOSSerial] = look.result()
}
