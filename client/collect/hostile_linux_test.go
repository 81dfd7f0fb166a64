package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/terminalinfo"
	"github.com/tradefront/tradefront/test/testmain"
)

const clock = "time 2026-01-05T01:02:03Z\n"

// folder is a machine of the given members.
func folder(t testing.TB, calls string, files ...member) string {
	t.Helper()
	root, _ := unpack(t, append([]member{{"calls", clock + calls}}, files...))
	return root
}

func state(t testing.TB, r *Result, which indicator) State {
	t.Helper()
	return r.find(which).State
}

// Of a machine that shows nothing there is type and time: flag 1, and no ciphertext.
func TestNothingIsFlagOne(t *testing.T) {
	r := collected(t, folder(t, ""), Options{})
	if r.Text() != "2@2026-01-05 09:02:03@@@@@@@@@" || r.Flag() != '1' {
		t.Errorf("%q, flag %c", r.Text(), r.Flag())
	}
	if want := uint32(1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8); r.Missing() != want {
		t.Errorf("missing %b, want %b", r.Missing(), want)
	}
	info, err := r.Seal(&Key{version: "1.0"})
	if err != nil || info.AbnormalFlag != '1' || info.Ciphertext != nil {
		t.Errorf("sealed to %+v, %v", info, err)
	}
	if field := string(info.Append(nil)); field != "1.0     1" {
		t.Errorf("the field is %q", field)
	}
	adviseEach(t, r)
}

// hostile texts are what each source may have.
var hostile = []string{
	"a@b", "@@@@", "a\nb\r\n", "\x00\x00", "\u3000全角\u3000\u3000空格\u3000", "a  \t  b", strings.Repeat("h", 300), "\xff\xfe\xe5\xbc",
	"\u202eabc\u200b", strings.Repeat("张", 100), "\u2028", " ", "a\x1b[31mb", "中国\u0085移动",
}

// With hostile bytes in every source at once the string has its items and fits one block.
func TestHostileSources(t *testing.T) {
	for _, text := range hostile {
		r := collected(t, hostileFolder(t, text), Options{})
		wellFormed(t, r, text)
	}
}

// hostileFolder has text in every source of a text.
func hostileFolder(t testing.TB, text string) string {
	quoted := strings.Trim(fmt.Sprintf("%+q", text), `"`)
	root := folder(t, "hostname "+quoted+"\nlink 2 eth0 up mac=00e04c000001\naddress 2 10.0.0.1\n",
		member{"etc/os-release", "ID=\"" + text + "\"\nVERSION_ID=\"" + text + "\"\n"},
		member{"sys/class/dmi/id/product_serial", text},
		member{"sys/class/dmi/id/sys_vendor", text},
		member{"sys/block/sda/device/serial", text},
		member{"sys/block/sda/device/vpd_pg80", "\x00\x80\x00\x40" + text},
		member{"sys/block/sda/dev", "8:0"},
		member{"sys/dev/block/8:0 -> ../../block/sda", ""},
		member{"sys/devices/system/cpu/cpu0/regs/identification/midr_el1", text},
		member{"run/udev/data/b8:0", "E:ID_SERIAL_SHORT=" + text + "\nE:ID_FS_UUID=" + text},
		member{"proc/self/mountinfo", "1 1 8:0 / / rw - ext4 " + text + " rw," + text + "\n" + text},
		member{"proc/1/cgroup", text},
		member{"run/systemd/container", text},
		member{"proc/cpuinfo", text})
	return root
}

func wellFormed(t interface {
	Helper()
	Errorf(string, ...any)
}, r *Result, text string,
) {
	t.Helper()
	items, err := terminalinfo.Parse(r.Text())
	if err != nil || len(items) != 11 || len(r.Text()) > terminalinfo.MaxLen {
		t.Errorf("%q made %q: %v", text, r.Text(), err)
	}
	if strings.Count(r.Explain(Chinese), "\n") != 12 || strings.Count(r.ExplainClear(English), "\n") != 12 {
		t.Errorf("%q: not a line for each item:\n%s", text, r.ExplainClear(English))
	}
}

// The same with any text, and with the longest of every item: never over one RSA block.
func TestAnySources(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.Rune(), 0, 64, -1).Draw(rt, "text")
		found := reading{kind: '2', finding: map[indicator]finding{}}
		for _, which := range terminalinfo.Order('2')[2:] {
			found.finding[which] = finding{value: text, source: "rapid"}
		}
		r := judge(&found, &Options{})
		if _, err := terminalinfo.Parse(r.Text()); err != nil || len(r.Text()) > terminalinfo.MaxLen {
			rt.Fatalf("%q made %q: %v", text, r.Text(), err)
		}
	})
}

func links(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "link %d eth%d up mac=00e04c00%04x\naddress %d 10.1.%d.%d\n", i+2, i, i, i+2, i/250, i%250+1)
	}
	return b.String()
}

func TestNoInterface(t *testing.T) {
	r := collected(t, folder(t, "hostname a\n"), Options{})
	if state(t, r, terminalinfo.IP1) != Absent || state(t, r, terminalinfo.MAC1) != Absent ||
		state(t, r, terminalinfo.IP2) != NotApplicable || r.Missing()&(1<<2|1<<3) != 1<<2|1<<3 {
		t.Errorf("%v", r)
	}
}

func TestThreeHundredInterfaces(t *testing.T) {
	r := collected(t, folder(t, links(300)), Options{})
	if !strings.HasPrefix(r.Text(), "2@2026-01-05 09:02:03@10.1.0.1@10.1.0.2@00E04C000000@00E04C000001@") {
		t.Error(r.Text())
	}
}

// A MAC address of zeros is a placeholder, and no reason to take it before a true one.
func TestZeroMAC(t *testing.T) {
	r := collected(t, folder(t, "link 2 eth0 up mac=000000000000\naddress 2 10.0.0.1\n"), Options{})
	if state(t, r, terminalinfo.MAC1) != Foreign || r.find(terminalinfo.MAC1).Clear() != "" || r.Flag() != '3' {
		t.Errorf("%v", r)
	}
	r = collected(t, folder(t, "link 2 eth0 up mac=000000000000\nlink 3 eth1 mac=00e04c000001\n"), Options{})
	if r.find(terminalinfo.MAC1).Clear() != "00E04C000001" || state(t, r, terminalinfo.MAC2) != NotApplicable {
		t.Errorf("%v", r)
	}
}

// The address that the maker gave counts, not one that was set.
func TestPermanentMAC(t *testing.T) {
	r := collected(t, folder(t, "link 2 eth0 up mac=02aaaaaaaaaa perm=00e04c000009\nlink 3 ib0 up mac=80000048fe800000000000000002c90300a1b2c3d4\n"), Options{})
	if r.find(terminalinfo.MAC1).Clear() != "00E04C000009" || state(t, r, terminalinfo.MAC2) != NotApplicable {
		t.Errorf("%v", r)
	}
}

// Layers that lead to themselves end.
func TestLoopOfLayers(t *testing.T) {
	root := folder(t, "hostname a\n",
		member{"proc/self/mountinfo", "1 1 253:0 / / rw - ext4 /dev/dm-0 rw"},
		member{"sys/dev/block/253:0 -> ../../block/dm-0", ""},
		member{"sys/block/dm-0/dev", "253:0"}, member{"sys/block/dm-0/slaves/dm-1 -> ../../dm-1", ""},
		member{"sys/block/dm-1/dev", "253:1"}, member{"sys/block/dm-1/slaves/dm-0 -> ../../dm-0", ""})
	if r := collected(t, root, Options{}); state(t, r, terminalinfo.DiskSerial) != Absent {
		t.Errorf("%v", r)
	}
}

// A source that is a pipe, a folder, or does not end neither blocks nor fills memory.
func TestSourcesThatAreNoFiles(t *testing.T) {
	root := folder(t, "hostname a\n", member{"sys/class/dmi/id/product_serial/x", ""}, member{"etc/x", ""}, member{"usr/lib/os-release", "ID=after"})
	if err := unix.Mkfifo(filepath.Join(root, "etc/os-release"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(root, "proc/cpuinfo"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(1<<34), f.Close()); err != nil {
		t.Fatal(err)
	}
	r := collected(t, root, Options{})
	if r.find(terminalinfo.OSVersion).Clear() != "after" || state(t, r, terminalinfo.BIOSSerial) != Absent ||
		state(t, r, terminalinfo.CPUSerial) != Absent {
		t.Errorf("%v", r)
	}
}

// A placeholder in one source does not hide the value of the next.
func TestPlaceholderThenValue(t *testing.T) {
	root := folder(t, "", member{"sys/class/dmi/id/product_serial", "Default string"},
		member{"sys/firmware/devicetree/base/serial-number", "A1B2C3\x00"})
	if r := collected(t, root, Options{}); r.find(terminalinfo.BIOSSerial).Clear() != "A1B2C3" {
		t.Errorf("%v", r)
	}
}

// In a container without sysfs an arm64 processor is read by its register.
func TestRegisterWithoutSysfs(t *testing.T) {
	r := collected(t, folder(t, "register 00000000481FD010\n"), Options{})
	if it := r.find(terminalinfo.CPUSerial); it.Clear() != "00000000481FD010" || it.Source != "MIDR_EL1" {
		t.Errorf("%v", r)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, value := range []string{
		"To Be Filled By O.E.M.", "To be filled by O.E.M", "Default string", "None", "N/A", "Not Specified", "System Serial Number", "0", "00000000", "000000000000",
		"INVALID", "........", "-", "0123456789", "xxxxxxx", "FFFFFFFF", "OEM", "Not Available", "Unknown", "1234567890",
	} {
		if !placeholder(value) {
			t.Errorf("%q is taken for a value", value)
		}
	}
	for _, value := range []string{"PF2ABCDE", "1", "A0", "111", "S4CANG0R100123", "00000000481FD010", "10000000a1b2c3d4", "None2", "序列号"} {
		if placeholder(value) {
			t.Errorf("%q is taken for a placeholder", value)
		}
	}
}

// A machine that its owner named "none" has that name.
func TestNameIsNoPlaceholder(t *testing.T) {
	if r := collected(t, folder(t, "hostname none\n"), Options{}); r.find(terminalinfo.DeviceName).Clear() != "none" {
		t.Errorf("%v", r)
	}
}

func TestOptions(t *testing.T) {
	root := folder(t, "hostname trader-workstation\nkernel Linux 5.15.0-130\n", member{"etc/os-release", "ID=ubuntu\nVERSION_ID=22.04"})
	r := collected(t, root, Options{KernelRelease: true, DeviceNameMax: 9, OSVersionMax: 8})
	if name, os := r.find(terminalinfo.DeviceName), r.find(terminalinfo.OSVersion); name.Clear() != "trader-wo" || os.Clear() != "Linux 5." || name.State != Cut {
		t.Errorf("%q, %q", name.Clear(), os.Clear())
	}
	if r := collected(t, root, Options{DeviceNameMax: 99}); r.find(terminalinfo.DeviceName).Clear() != "trader-workstation" {
		t.Errorf("%v", r)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user closed the window")
	cancel(why)
	if _, err := Collect(ctx, Options{}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

// Nothing prints a value by accident.
func TestPrintsMasked(t *testing.T) {
	r := collected(t, folder(t, "hostname secret-workstation\n"), Options{})
	for _, text := range []string{
		fmt.Sprint(r), fmt.Sprint(*r), fmt.Sprintf("%#v", struct{ R Result }{*r}), fmt.Sprintf("%v %+v %#v %s", r, r, r, r), fmt.Sprintf("%+v %#v", r.Items, r.Items[6]), r.Explain(Chinese), fmt.Sprintf("%+v", r.Report(false)),
	} {
		if strings.Contains(text, "secret-workstation") || !strings.Contains(text, "se**************on") {
			t.Error(text)
		}
	}
	if !strings.Contains(r.ExplainClear(Chinese), "secret-workstation") || r.Report(true).Items[6].Value != "secret-workstation" {
		t.Error("what is to print in clear does not")
	}
	for value, want := range map[string]string{
		"": "", "abcd": "****", "张三的电脑": "*****", "desktop": "*******", "张三的台式电脑": "*******", "PF1ABCDE": "PF****DE", "张三的台式电脑一": "张三****脑一",
	} {
		if got := mask(value); got != want {
			t.Errorf("%s is shown as %s, want %s", value, got, want)
		}
	}
}

// The bridge that a router or a desktop has over its device is the machine's; those of docker's networks are not.
func TestBridges(t *testing.T) {
	bridge := func(name string) string {
		return "link 2 eth0 up mac=00e04c000001\nlink 3 " + name + " up kind=bridge mac=00e04c000001\naddress 3 192.168.1.9\n"
	}
	for name, want := range map[string]string{"br-lan": "192.168.1.9", "br0": "192.168.1.9", "br-0a1b2c3d4e5f": "", "docker0": "", "virbr0": ""} {
		r := collected(t, folder(t, bridge(name), member{"sys/class/net/eth0/device/x", ""},
			member{"sys/class/net/" + name + "/lower_eth0 -> ../eth0", ""}), Options{})
		if got := r.find(terminalinfo.IP1).Clear(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r := collected(t, folder(t, bridge("br0"), member{"sys/class/net/eth0/device/x", ""}, member{"sys/class/net/br0/x", ""}), Options{})
	if got := r.find(terminalinfo.IP1).Clear(); got != "" {
		t.Errorf("a bridge over nothing: %q", got)
	}
}

// Sixty-four callers at once get the same, and no call leaves a descriptor.
func TestManyAtOnce(t *testing.T) {
	want := withoutTime(t, collected(t, "", Options{}))
	before := descriptors(t)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range testmain.Fewer(5, 2) {
				if r, err := Collect(t.Context(), Options{}); err != nil || withoutTime(t, r) != want {
					t.Errorf("%v, %v; want %s", r, err, want)
				}
			}
		})
	}
	wg.Wait()
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func withoutTime(t *testing.T, r *Result) string {
	t.Helper()
	items := strings.SplitN(r.Text(), "@", 3)
	return items[0] + items[2]
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A list of attributes whose lengths are not true ends there.
func TestAttributes(t *testing.T) {
	for text, want := range map[string]string{
		"\x06\x00\x01\x00ab\x00\x00\x05\x00\x02\x00c": "1=ab 2=c ", "\xff\xff\x01\x00ab": "", "\x03\x00\x01\x00": "", "\x04\x00\x07\x80": "7= ",
		"\x04": "", "": "", "\x00\x00\x00\x00": "", "\x05\x00\x01\x00a": "1=a ",
	} {
		got := ""
		attributes([]byte(text), func(kind uint16, value []byte) { got += fmt.Sprintf("%d=%s ", kind, value) })
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	for _, tt := range [][2]string{{"sd2", "sd10"}, {"nvme0n1", "nvme1n1"}, {"a", "b"}, {"a1", "a1b"}, {"md0", "md127"}, {"a9", "b1"}} {
		if natural(tt[0], tt[1]) >= 0 || natural(tt[1], tt[0]) <= 0 {
			t.Errorf("%s is not before %s", tt[0], tt[1])
		}
	}
}
