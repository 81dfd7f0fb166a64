package terminalinfo

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/regulation"
)

var allTypes = []regulation.TerminalType{
	regulation.TerminalWindows, regulation.TerminalLinux, regulation.TerminalMacOS, regulation.TerminalIOS,
	regulation.TerminalAndroid, regulation.TerminalOffline, regulation.TerminalWeChat,
}

var morning = time.Date(2026, 1, 5, 9, 0, 0, 0, regulation.Zone)

// The items of 4.4.2 (Windows, Linux, Mac OS) and of 4.2.1.2, 4.2.1.3 (the others).
func TestLayouts(t *testing.T) {
	for kind, want := range map[regulation.TerminalType]string{
		regulation.TerminalWindows: "终端类型@信息采集时间@私网IP1@私网IP2@网卡MAC地址1@网卡MAC地址2@设备名@操作系统版本@硬盘序列号@CPU序列号@BIOS序列号@系统盘分区信息",
		regulation.TerminalLinux:   "终端类型@信息采集时间@私网IP1@私网IP2@网卡MAC地址1@网卡MAC地址2@设备名@操作系统版本@硬盘序列号@CPU序列号@BIOS序列号",
		regulation.TerminalMacOS:   "终端类型@信息采集时间@私网IP1@私网IP2@网卡MAC地址1@网卡MAC地址2@设备名@操作系统版本@硬盘序列号@设备序列号",
		regulation.TerminalIOS:     "终端类型@信息采集时间@移动终端IP@地理位置信息@操作系统版本@设备名@设备类型@网络运营商@通用唯一识别码",
		regulation.TerminalAndroid: "终端类型@信息采集时间@移动终端IP@地理位置信息@操作系统版本@设备名@设备类型@国际移动设备识别码@移动设备识别码@设备MAC地址@手机号码@设备序列号@国际移动用户识别码@IC卡的唯一识别号码",
		regulation.TerminalOffline: "终端类型@信息采集时间@电话号码",
		regulation.TerminalWeChat:  "终端类型@信息采集时间@OpenID@地理位置信息",
	} {
		var names []string
		for _, it := range Order(kind) {
			names = append(names, indicators[it].name)
		}
		if got := strings.Join(names, "@"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", kind, got, want)
		}
	}
}

// Every item at its maximum still fits one RSA block, for every type.
func TestLongest(t *testing.T) {
	for _, kind := range allTypes {
		n := len(Order(kind)) - 1 // separators
		for _, it := range Order(kind) {
			n += indicators[it].maxLen
		}
		if n > MaxLen {
			t.Errorf("%s: up to %d bytes, at most %d fit", kind, n, MaxLen)
		}
	}
}

// The examples of 4.2.4 fit their maxima.
func TestSpecificationExamples(t *testing.T) {
	for it, example := range map[Indicator]string{
		Collected: "2018-05-01 09:00:00", IP1: "CDCD:910A:2222:5498:8475:1111:0010:2020",
		DiskSerial: "86D6C8Z6T", Partition: "C,201C3A22,FAT32,80", BIOSSerial: "PCOCJEY5",
		DeviceSerial: "C02RY79KF43V", Carrier: "中国移动", DeviceType: "phone", Location: "N35.461,E111.362",
		IMEI: "869011025656751", MEID: "86901102568765", MobileNumber: "13800000000",
		UUID: "E39DC982705E5B008C13AFDE0DF2FEA1", IMSI: "460026102456666", ICCID: "898600f10115f0172111",
		PhoneNumber: "0838-65255555-1234", OpenID: "eb429bl00968f2c0ef38",
	} {
		if err := regulation.CheckItem(indicators[it].name, example, indicators[it].maxLen); err != nil {
			t.Error(err)
		}
	}
}

func TestBuildParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(allTypes).Draw(t, "type")
		seed := rapid.Uint64().Draw(t, "seed")
		s := Build(kind, rand.New(rand.NewPCG(seed, 0)), morning)
		if s != Build(kind, rand.New(rand.NewPCG(seed, 0)), morning) {
			t.Fatal("one seed built two strings")
		}
		if len(s) > MaxLen || !utf8.ValidString(s) {
			t.Fatalf("%d bytes: %q", len(s), s)
		}
		items, err := Parse(s)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if items[0].Value != string(rune(kind)) || items[1].Value != "2026-01-05 09:00:00" {
			t.Fatalf("%q came back as %v", s, items)
		}
		for _, it := range items {
			if it.Value == "" && it.Name != "私网IP2" {
				t.Fatalf("%q: %s is empty", s, it.Name)
			}
		}
	})
}

func TestBuildVaries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range allTypes {
		seen := make(map[string]bool)
		for range 100 {
			seen[Build(kind, random, morning)] = true
		}
		if len(seen) < 99 {
			t.Errorf("%s: %d different strings of 100", kind, len(seen))
		}
	}
	if s := Build('8', random, morning); s != "" {
		t.Errorf("an invalid type built %q", s)
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		in     string
		maxLen int
		want   string
		cut    bool
	}{
		{"plain", 20, "plain", false},
		{"  a   b  ", 20, "a b", false},
		{"abcdef", 3, "abc", true},
		{"abc def", 4, "abc", true},
		{"abc   ", 3, "abc", false},
		{"张三的", 8, "张三", true},
		{"张三的", 9, "张三的", false},
		{"张", 2, "", true},
		{"", 5, "", false},
		{"\u3000a\u3000\u3000b\u3000", 20, "a b", false}, // full-width spaces
		{"a\u00a0 b", 20, "a b", false},
		{"a\r\nb\x00c\x7f", 20, "a b c", false},
		{"a@b", 20, "a_b", false},
		{"a\xffb\xe5\xbc", 20, "ab", false},
		{"\ufeffa\u200bb\u202e", 20, "ab", false},
		{"a\u2028b\u0085c", 20, "a b c", false},
		{strings.Repeat("h", 300), 20, strings.Repeat("h", 20), true},
	} {
		if got, cut := Clean(tt.in, tt.maxLen); got != tt.want || cut != tt.cut {
			t.Errorf("Clean(%q, %d) is %q, %t; want %q, %t", tt.in, tt.maxLen, got, cut, tt.want, tt.cut)
		}
	}
}

// An item comes of any bytes that a machine has in a source.
func TestCleanMakesAnItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.SampledFrom([]rune("a@ \t\n\x00\u3000\u200b\u2028张")))).Draw(t, "value")
		maxLen := rapid.IntRange(1, 40).Draw(t, "maxLen")
		item, _ := Clean(value, maxLen)
		if err := regulation.CheckItem("item", item, maxLen); err != nil {
			t.Fatalf("Clean(%q, %d) is %q: %v", value, maxLen, item, err)
		}
		if again, cut := Clean(item, maxLen); again != item || cut {
			t.Fatalf("Clean(%q) is %q, %t", item, again, cut)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	const good = "6@2026-01-05 09:00:00@021-12345678"
	if items, err := Parse(good); err != nil || items[2] != (Item{"电话号码", "021-12345678"}) {
		t.Fatalf("%v, %v", items, err)
	}
	for name, s := range map[string]string{
		"empty":             "",
		"no type":           "@2026-01-05 09:00:00@021-12345678",
		"type 0":            "0" + good[1:],
		"type 8":            "8" + good[1:],
		"type of two bytes": "6" + good,
		"an item missing":   "6@2026-01-05 09:00:00",
		"an item more":      good + "@",
		"other type":        "1" + good[1:],
		"item too long":     good + strings.Repeat("9", 9),
		"doubled space":     strings.Replace(good, "021-", "021  ", 1),
		"control character": good + "\n",
		"no such time":      strings.Replace(good, "01-05", "13-05", 1),
		"time with zone":    strings.Replace(good, "09:00:00", "9:00:00.", 1),
		"time missing":      "6@@021-12345678",
	} {
		if items, err := Parse(s); err == nil || items != nil {
			t.Errorf("%s was accepted: %v", name, items)
		}
	}
}

func FuzzParse(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range allTypes {
		f.Add(Build(kind, random, morning))
	}
	f.Fuzz(func(t *testing.T, s string) {
		items, err := Parse(s)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for i, it := range items {
			if i > 0 {
				again.WriteByte('@')
			}
			again.WriteString(it.Value)
		}
		if again.String() != s || len(s) > MaxLen || !utf8.ValidString(s) {
			t.Fatalf("%q was taken apart as %v", s, items)
		}
	})
}
