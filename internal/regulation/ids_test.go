package regulation

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAppID(t *testing.T) {
	for _, tt := range []struct{ name, value, problem string }{
		{"the specification's example", "abcdef_ghijkl_1.6.0", ""},
		{"an individual's", "client_xsb_1.0", ""},
		{"every part at its longest", "abcdefghij_abcdefghij_12345678", ""},
		{"Chinese, in bytes", "文华财_赢顺_6.8", ""},
		{"empty", "", "three parts"},
		{"two parts", "client_xsb", "three parts"},
		{"four parts", "client_xsb_1_0", "three parts"},
		{"no vendor", "_xsb_1.0", "vendor is empty"},
		{"no software", "client__1.0", "software is empty"},
		{"no version", "client_xsb_", "version is empty"},
		{"vendor too long", "abcdefghijk_xsb_1.0", "vendor is longer than 10"},
		{"vendor too long in bytes", "文华财经_赢顺_6.8", "vendor is longer than 10"},
		{"software too long", "client_abcdefghijk_1.0", "software is longer than 10"},
		{"version too long", "client_xsb_123456789", "version is longer than 8"},
		{"over 30 bytes", "abcdefghij_abcdefghij_123456789", "31 bytes, at most 30"},
		{"space inside", "cli ent_xsb_1.0", "vendor contains a space"},
		{"ideographic space", "client_x\u3000b_1.0", "software contains a space"},
		{"no-break space", "client_xsb_1\u00a00", "version contains a space"},
		{"leading space", " client_xsb_1.0", "leading"},
		{"separator", "client_x@b_1.0", "separator"},
		{"control", "client_xsb_1.0\x00", "control"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseAppID(tt.value)
			wantProblem(t, err, "AppID", tt.problem)
			if want := AppID(tt.value); err == nil && got != want {
				t.Fatalf("got %q, want it unchanged", got)
			}
			if err != nil && got != "" {
				t.Fatalf("refused, and still returned %q", got)
			}
		})
	}
}

// Three parts that each keep their rule always make an AppID.
func TestParseAppIDOfGoodParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[A-Za-z0-9.-]{1,10}_[A-Za-z0-9.-]{1,10}_[A-Za-z0-9.-]{1,8}`).Draw(t, "s")
		if _, err := ParseAppID(s); err != nil {
			t.Fatalf("%q was refused: %v", s, err)
		}
	})
}

func checkAppID(t fataler, s string) {
	id, err := ParseAppID(s)
	if err != nil {
		return
	}
	parts := strings.Split(string(id), "_")
	if string(id) != s || len(parts) != 3 || len(s) > MaxAppIDLen ||
		len(parts[0]) > 10 || len(parts[1]) > 10 || len(parts[2]) > 8 ||
		parts[0] == "" || parts[1] == "" || parts[2] == "" {
		t.Fatalf("%q was accepted", s)
	}
	checkAccepted(t, s, MaxAppIDLen, nil)
}

func TestParseAppIDOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkAppID(t, rapid.OneOf(anyText(), rapid.StringMatching(`[a-c]{0,11}(_[a-c. ]{0,11}){0,4}`)).Draw(t, "s"))
	})
}

func FuzzParseAppID(f *testing.F) {
	for _, s := range []string{"client_xsb_1.0", "__", "a_b_c_d", "abcdefghij_abcdefghij_12345678", "a_b_c\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkAppID(t, s) })
}

func TestParseAccount(t *testing.T) {
	for _, tt := range []struct{ name, value, problem string }{
		{"the specification's example", "000100000001", ""},
		{"one digit", "0", ""},
		{"letters", "aZ09", ""},
		{"18 bytes", strings.Repeat("9", 18), ""},
		{"19 bytes", strings.Repeat("9", 19), "longer than 18"},
		{"empty", "", "empty"},
		{"space", "88 88", "digits and letters"},
		{"trailing space", "8888 ", "digits and letters"},
		{"separator", "88@88", "digits and letters"},
		{"underscore", "88_88", "digits and letters"},
		{"full-width digit", "８", "digits and letters"},
		{"NUL", "88\x00", "digits and letters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseAccount(tt.value)
			wantProblem(t, err, "account", tt.problem)
			if err == nil && got != Account(tt.value) || err != nil && got != "" {
				t.Fatalf("got %q", got)
			}
		})
	}
}

// Every byte on its own: exactly the 62 digits and letters pass.
func TestParseAccountBytes(t *testing.T) {
	const allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for b := range 256 {
		s := string([]byte{byte(b)})
		if _, err := ParseAccount(s); (err == nil) != strings.Contains(allowed, s) {
			t.Errorf("byte %#x: %v", b, err)
		}
	}
}

func TestIDsDoNotAllocate(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		if _, err := ParseAppID("client_xsb_1.0"); err != nil {
			t.Error(err)
		}
		if _, err := ParseAccount("88888888"); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
