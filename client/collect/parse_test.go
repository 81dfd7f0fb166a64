package collect

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestOSRelease(t *testing.T) {
	for text, want := range map[string]string{
		"ID=ubuntu\nVERSION_ID=\"24.04\"":                           "ubuntu 24.04",
		"ID=\"kylin\"\nVERSION_ID=\"V10\"":                          "kylin V10",
		"ID='uos'\nVERSION_ID='20'\n":                               "uos 20",
		"NAME=\"Only Name\"\nVERSION=\"7 (x)\"":                     "Only Name 7 (x)",
		"ID=arch\nBUILD_ID=rolling":                                 "arch rolling",
		"ID=debian\nVERSION_CODENAME=trixie":                        "debian trixie",
		"ID=nixos":                                                  "nixos",
		"PRETTY_NAME=\"Some Linux\"":                                "Some Linux",
		"#ID=no\n\n=\nID":                                           "",
		"ID=\"a\\\"b\\$c\"\nVERSION_ID='\\x'":                       "a\"b$c \\x",
		"\ufeffID=x\r\nVERSION_ID=1\r\nID=last\nVERSION_ID=\"2\"\r": "last 2",
		"": "",
	} {
		if got := osRelease(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestParseMounts(t *testing.T) {
	mounts := parseMounts("28 1 8:2 / / rw shared:1 master:2 - ext4 /dev/sda2 rw,a=b\n" +
		"29 28 0:33 /root /my\\040folder rw - btrfs /dev/mapper/x\\134y rw,upperdir=/a\\054b\n" +
		"not a mount\n30 28 0:1 / /x rw ext4\n31 - \n")
	if len(mounts) != 2 || mounts[0].device != "8:2" || !mounts[0].block() || mounts[0].option("a") != "b" {
		t.Fatalf("%+v", mounts)
	}
	if m := mounts[1]; m.point != "/my folder" || m.source != `/dev/mapper/x\y` || m.root != "/root" || m.block() || m.option("upperdir") != "/a,b" {
		t.Errorf("%+v", m)
	}
	if got := len(parseMounts(strings.Repeat("28 1 8:2 / / rw - ext4 a b\n", maxMounts+10))); got != maxMounts {
		t.Errorf("%d mounts", got)
	}
}

func TestUdevProperties(t *testing.T) {
	p := udevProperties("S:disk/by-id/x\nE:ID_SERIAL_SHORT=WD-1\\x20 2\nE:NO\nE:A=b=c\nI:123\nE:X=\\xzz\\x4\n")
	if p["ID_SERIAL_SHORT"] != "WD-1  2" || p["A"] != "b=c" || p["X"] != `\xzz\x4` || len(p) != 3 {
		t.Errorf("%q", p)
	}
}

// table is an SMBIOS table of the structures.
func table(structures ...string) []byte { return []byte(strings.Join(structures, "")) }

const (
	bios   = "\x00\x06\x00\x00\x01\x02Vendor\x001.0\x00\x00"
	system = "\x01\x08\x01\x00\x01\x02\x00\x03Maker\x00Model\x00SERIAL1\x00\x00"
)

// smbiosTables are tables as makers and attackers write them, and the serial that each names. They are seeds of FuzzSMBIOS too.
var smbiosTables = map[string]struct {
	table []byte
	want  string
}{
	"good":                          {table(bios, system), "SERIAL1"},
	"no system":                     {table(bios), ""},
	"after the end":                 {table(bios, "\x7f\x04\x00\x00\x00\x00", system), ""},
	"no strings before":             {table("\x20\x05\x00\x00\x00\x00\x00", system), "SERIAL1"},
	"string zero":                   {table("\x01\x08\x01\x00\x01\x02\x00\x00Maker\x00\x00"), ""},
	"string that is not there":      {table("\x01\x08\x01\x00\x01\x02\x00\x09Maker\x00\x00"), ""},
	"no room for the serial":        {table("\x01\x06\x01\x00\x01\x02Maker\x00Model\x00\x00"), ""},
	"length over the end":           {table("\x00\xff\x00\x00\x01\x02Vendor\x00\x00", system), ""},
	"length under the header":       {table("\x00\x03\x00\x00", system), ""},
	"length zero":                   {table("\x00\x00\x00\x00", system), ""},
	"strings that do not end":       {table("\x01\x08\x01\x00\x01\x02\x00\x01Maker"), ""},
	"length into its own strings":   {table("\x01\x0c\x01\x00\x01\x02\x00\x01Maker\x00SERIAL\x00\x00"), "r"},
	"empty":                         {nil, ""},
	"header alone":                  {[]byte{1, 4, 0, 0}, ""},
	"two systems, as of two blades": {table(system, "\x01\x08\x02\x00\x01\x02\x00\x03Maker\x00Model\x00SERIAL2\x00\x00"), "SERIAL1"},
	"a whole server": {table(
		"\x00\x1a\x00\x00\x01\x02\x00\xf0\x03\xff\x80\x98\x8b\x7f\x01\x00\x00\x00\x33\x0d\x02\x08\xff\xff\x00\x00American Megatrends\x002.8\x0006/11/2024\x00\x00",
		"\x01\x1b\x01\x00\x01\x02\x03\x04"+strings.Repeat("\x5a", 16)+"\x06\x05\x06Supermicro\x00SYS-1029\x00 1.0\x00A123456X0\x00SKU\x00Family\x00\x00",
		"\x02\x0f\x02\x00\x01\x02\x03\x04\x05\x09\x06\x03\x00\x0a\x00Supermicro\x00X11\x001.01\x00OM1\x00-\x00-\x00\x00",
		"\x04\x30\x04\x00\x01\x03\xb3\x02"+strings.Repeat("\x11", 40)+"CPU1\x00Intel\x00\x00", "\x7f\x04\x7f\x00\x00\x00",
	), "A123456X0"},
}

func TestSMBIOS(t *testing.T) {
	for name, tt := range smbiosTables {
		if got := smbiosSystemSerial(tt.table); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestSMBIOSProduct(t *testing.T) {
	if maker, product := smbiosProduct(table(bios, system)); maker != "Maker" || product != "Model" {
		t.Errorf("%q, %q", maker, product)
	}
	if maker, product := smbiosProduct(table(bios)); maker+product != "" {
		t.Errorf("%q, %q", maker, product)
	}
	for product, want := range map[string]string{"Standard PC (QEMU)": "kvm", "m5.metal": "", "Virtual Machine": "hyperv", "OptiPlex 7090": ""} {
		if got := virtualProduct("Maker", product); got != want {
			t.Errorf("%s is %q, want %q", product, got, want)
		}
	}
}

// storageDescriptor is a STORAGE_DEVICE_DESCRIPTOR that the serial follows.
func storageDescriptor(offset uint32, serial string) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 24), offset)
	return append(append(b, make([]byte, 8)...), serial...)
}

func TestStorageSerial(t *testing.T) {
	for name, tt := range map[string]struct {
		descriptor []byte
		want       string
	}{
		"good":            {storageDescriptor(36, "  S4CANG0R100123 \x00rest"), "S4CANG0R100123"},
		"to the end":      {storageDescriptor(36, "ABC"), "ABC"},
		"none":            {storageDescriptor(0, "ABC"), ""},
		"minus one":       {storageDescriptor(0xFFFF_FFFF, "ABC"), ""},
		"behind the end":  {storageDescriptor(39, "ABC"), ""},
		"in the header":   {storageDescriptor(8, "ABC"), ""},
		"cut":             {make([]byte, 20), ""},
		"forty no digits": {storageDescriptor(36, strings.Repeat("Z", 40)), strings.Repeat("Z", 40)},
	} {
		if got := storageSerial(tt.descriptor); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := swapped(hex.EncodeToString([]byte("badcfehgji1032547698"))); got != "abcdefghij0123456789" {
		t.Errorf("%q", got)
	}
}

func FuzzStorage(f *testing.F) {
	f.Add(storageDescriptor(36, "S4CANG0R100123"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := storageSerial(b); len(s) > len(b) {
			t.Fatalf("%q", s)
		}
	})
}

func TestVPDSerial(t *testing.T) {
	for page, want := range map[string]string{
		"\x00\x80\x00\x08  SER1  ": "SER1", "\x00\x80\xff\xffSER2": "SER2", "\x00\x80\x00\x02SER3": "SE", "\x00\x83\x00\x04SER4": "",
		"\x00\x80\x00": "", "": "", "\x00\x80\x00\x00": "", "\x00\x80\x00\x04\x00\x00\x00\x00": "",
	} {
		if got := vpdSerial([]byte(page)); got != want {
			t.Errorf("%q is %q, want %q", page, got, want)
		}
	}
}

func TestMIDR(t *testing.T) {
	const kunpeng = "processor\t: 0\nCPU implementer\t: 0x48\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd01\nCPU revision\t: 0\n"
	if got := midr(kunpeng); got != "00000000481FD010" {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"", "model name : Intel", strings.Replace(kunpeng, "0xd01", "0xffff", 1), strings.Replace(kunpeng, "0x48", "x", 1)} {
		if got := midr(text); got != "" {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := hexRegister("0x00000000481fd010\n"); got != "00000000481FD010" {
		t.Error(got)
	}
}

func FuzzSMBIOS(f *testing.F) {
	for _, tt := range smbiosTables {
		f.Add(tt.table)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := smbiosSystemSerial(b); !strings.Contains(string(b), s) || strings.Contains(s, "\x00") {
			t.Fatalf("%q is not in the table", s)
		}
	})
}

func FuzzVPD(f *testing.F) {
	f.Add([]byte("\x00\x80\x00\x08  SER1  "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := vpdSerial(b); !strings.Contains(string(b), s) {
			t.Fatalf("%q is not in the page", s)
		}
	})
}

func FuzzUdev(f *testing.F) {
	f.Add("S:x\nE:ID_SERIAL_SHORT=WD-1\\x20 2\nE:A=b=c\n")
	f.Fuzz(func(t *testing.T, text string) {
		for key, value := range udevProperties(text) {
			if strings.ContainsAny(key, "=\n") || len(key)+len(value) > len(text) {
				t.Fatalf("%q=%q", key, value)
			}
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	f.Add("ID=\"kylin\"\nVERSION_ID='V10'\n")
	f.Add("NAME=\"a\\\"b\"\n# x\nPRETTY_NAME=y")
	f.Fuzz(func(t *testing.T, text string) {
		got := osRelease(text)
		if len(got) > len(text) || strings.Contains(got, "\n") || utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Fatalf("%q is %q", text, got)
		}
	})
}

func FuzzMounts(f *testing.F) {
	f.Add("28 1 8:2 / / rw shared:1 - ext4 /dev/sda2 rw,a=b\n29 28 0:33 /root /my\\040folder rw - btrfs x rw,upperdir=/a\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range parseMounts(text) {
			if m.device == "" || m.kind == "" || len(m.point)+len(m.source) > len(text) {
				t.Fatalf("%+v", m)
			}
			_ = m.option("upperdir")
		}
	})
}
