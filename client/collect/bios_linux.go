package collect

import "github.com/tradefront/tradefront/internal/terminalinfo"

// bios looks for the serial number that the maker gave the machine: what `dmidecode -t 1` prints (B.3).
func (m *machine) bios(r *reading) {
	const (
		serial = "/sys/class/dmi/id/product_serial"
		table  = "/sys/firmware/dmi/tables/DMI"
	)
	look := search{}
	found := look.try(serial, func() (string, error) { return m.text(serial) }) ||
		look.try(table, func() (string, error) {
			b, err := m.bytes(table)
			return smbiosSystemSerial(b), err
		})
	for _, path := range []string{"/sys/firmware/devicetree/base/serial-number", "/proc/device-tree/serial-number"} {
		found = found || look.try(path, func() (string, error) { return m.text(path) })
	}
	f := look.result()
	if f.value == "" && f.state == 0 {
		f.source = serial // the one that a reader knows
	}
	r.finding[terminalinfo.BIOSSerial] = f
}
