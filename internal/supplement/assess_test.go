package supplement

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/regulation"
)

func TestAssess(t *testing.T) {
	ring := mustRing(t, key("past", "", "2024-01-01"), key("old", "2024-01-01", "2025-06-01"),
		key("new", "2025-01-01", "2026-06-01"), key("next", "2025-06-01", ""))
	now := at("2025-03-01 09:00:00") // old and new are valid
	for _, tt := range []struct {
		name    string
		version string
		flag    byte
		length  int
		want    Assessment
		key     string
	}{
		{"all well", "new", '0', 256, Assessment{Flag: '0', Problem: NoProblem}, "new"},
		{"all well under the old key", "old", '0', 256, Assessment{Flag: '0', Problem: NoProblem}, "old"},

		{"empty, valid version", "old", '0', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "old"},
		{"empty, unknown version", "none", '0', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "new"},
		{"empty, expired version", "past", '0', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "new"},
		{"empty, no version", "", '0', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "new"},
		{"empty wins over an invalid own flag", "new", 'x', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "new"},
		{"empty wins over the terminal's own 3", "new", '3', 0, Assessment{Flag: '1', Problem: TerminalInfoEmpty}, "new"},

		{"unknown version", "none", '0', 256, Assessment{Flag: '2', Problem: KeyVersionUnknown}, "new"},
		{"no version", "", '0', 256, Assessment{Flag: '2', Problem: KeyVersionUnknown}, "new"},
		{"expired version", "past", '0', 256, Assessment{Flag: '2', Problem: KeyVersionExpired}, "new"},
		{"version to come", "next", '0', 256, Assessment{Flag: '2', Problem: KeyVersionNotYetValid}, "new"},
		{"version wins over length", "none", '0', 10, Assessment{Flag: '2', Problem: KeyVersionUnknown}, "new"},
		{"version wins over own flag", "none", '3', 256, Assessment{Flag: '2', Problem: KeyVersionUnknown}, "new"},

		{"one byte short", "old", '0', 255, Assessment{Flag: '3', Problem: TerminalInfoLength}, "old"},
		{"one byte long", "new", '0', 257, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},
		{"one byte", "new", '0', 1, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},
		{"base64 of it", "new", '0', 344, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},
		{"264, the incumbent's form with a header", "new", '0', 264, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},
		{"length wins over an invalid own flag", "new", 'x', 255, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},
		{"length wins over own flag", "new", '2', 255, Assessment{Flag: '3', Problem: TerminalInfoLength}, "new"},

		{"own flag 4", "new", '4', 256, Assessment{Flag: '3', Problem: TerminalFlagInvalid}, "new"},
		{"own flag /", "new", '/', 256, Assessment{Flag: '3', Problem: TerminalFlagInvalid}, "new"},
		{"own flag NUL", "new", 0, 256, Assessment{Flag: '3', Problem: TerminalFlagInvalid}, "new"},
		{"own flag space", "new", ' ', 256, Assessment{Flag: '3', Problem: TerminalFlagInvalid}, "new"},

		{"terminal reports 1", "new", '1', 256, Assessment{Flag: '1', Problem: TerminalReported}, "new"},
		{"terminal reports 2", "old", '2', 256, Assessment{Flag: '2', Problem: TerminalReported}, "old"},
		{"terminal reports 3", "new", '3', 256, Assessment{Flag: '3', Problem: TerminalReported}, "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info := TerminalInfo{[]byte(tt.version), tt.flag, make([]byte, tt.length)}
			got, err := Assess(info, ring, now)
			if err != nil || got.Flag != tt.want.Flag || got.Problem != tt.want.Problem || got.Key.Version != tt.key {
				t.Fatalf("flag %v, %v, key %v, %v; want flag %v, %v, key %s",
					got.Flag, got.Problem, got.Key, err, tt.want.Flag, tt.want.Problem, tt.key)
			}
		})
	}
}

func TestAssessWithoutAnyValidKey(t *testing.T) {
	ring := mustRing(t, key("old", "", "2025-01-01"))
	for _, info := range []TerminalInfo{{}, {[]byte("old"), '0', make([]byte, 256)}} {
		if got, err := Assess(info, ring, at("2025-01-01 00:00:00")); !errors.Is(err, ErrNoValidKey) || got != (Assessment{}) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// For any bytes of a terminal: the flag is one of the four, the key is valid then, and
// "none" is exactly beside flag 0.
func TestAssessAnything(t *testing.T) {
	ring := mustRing(t, key("old", "2024-01-01", "2025-06-01"), key("new", "2025-01-01", ""))
	rapid.Check(t, func(t *rapid.T) {
		info := TerminalInfo{
			KeyVersion: []byte(rapid.SampledFrom([]string{"old", "new", "", "x"}).Draw(t, "version")),
			Flag:       rapid.Byte().Draw(t, "flag"),
			Ciphertext: make([]byte, rapid.SampledFrom([]int{0, 1, 255, 256, 264, 4096}).Draw(t, "length")),
		}
		now := at("2024-01-01 00:00:00").Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "day")) * 24 * time.Hour)
		got, err := Assess(info, ring, now)
		if err != nil || !got.Flag.Valid() || !got.Key.validAt(now) || (got.Problem == NoProblem) != (got.Flag == regulation.FlagNormal) {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

// A replay is flag 3, unless there is a flag already.
func TestReplayed(t *testing.T) {
	for p := NoProblem; p.String() != "invalid"; p++ {
		was := Assessment{Flag: '2', Problem: p}
		want := was
		switch p {
		case NoProblem:
			was.Flag, want = '0', Assessment{Flag: '3', Problem: TerminalInfoReplayed}
		case TerminalReported:
			want.Problem = TerminalInfoReplayed
		}
		if got := was.Replayed(); got != want {
			t.Errorf("%v: %+v, want %+v", p, got, want)
		}
	}
}

func TestProblemWords(t *testing.T) {
	for p, want := range []string{
		"none", "terminal_info_empty", "key_version_unknown", "key_version_expired",
		"key_version_not_yet_valid", "terminal_info_length", "terminal_info_form", "terminal_flag_invalid",
		"terminal_reported", "terminal_info_replayed", "invalid",
	} {
		if got := Problem(p).String(); got != want {
			t.Errorf("problem %d is %q, want %q", p, got, want)
		}
	}
}
