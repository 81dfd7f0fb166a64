package regulation

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCheckItem(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		maxLen      int
		problem     string // "" for none; else a part of the Problem
	}{
		{"empty", "", 5, ""},
		{"plain", "Windows 10", 10, ""},
		{"Chinese", "张三的电脑", 15, ""},
		{"one byte over", "张三的电脑", 14, "15 bytes, at most 14"},
		{"separator", "a@b", 9, "separator"},
		{"only the separator", "@", 9, "separator"},
		{"NUL", "a\x00b", 9, "control"},
		{"line feed at the end", "a\n", 9, "control"},
		{"tab", "a\tb", 9, "control"},
		{"delete", "a\x7f", 9, "control"},
		{"next line U+0085", "a\u0085b", 9, "control"},
		{"line separator U+2028", "a\u2028b", 9, "line or paragraph"},
		{"paragraph separator U+2029", "a\u2029b", 9, "line or paragraph"},
		{"right-to-left override U+202E", "a\u202eb", 9, "invisible"},
		{"first strong isolate U+2068", "a\u2068b", 9, "invisible"},
		{"Arabic letter mark U+061C", "a\u061cb", 9, "invisible"},
		{"zero width space U+200B", "a\u200bb", 9, "invisible"},
		{"byte order mark", "\ufeffab", 9, "invisible"},
		{"invalid UTF-8", "a\xffb", 9, "UTF-8"},
		{"cut character", "\xe5\xbc", 9, "UTF-8"},
		{"surrogate", "\xed\xa0\x80", 9, "UTF-8"},
		{"overlong separator", "\xc1\x80", 9, "UTF-8"},
		{"leading space", " a", 9, "space"},
		{"trailing space", "a ", 9, "space"},
		{"doubled space", "a  b", 9, "space"},
		{"single spaces", "a b c", 9, ""},
		{"only a space", " ", 9, "space"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantProblem(t, CheckItem("thing", tt.value, tt.maxLen), "thing", tt.problem)
		})
	}
}

func wantProblem(t *testing.T, err error, item, problem string) {
	t.Helper()
	if problem == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var e *ItemError
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *ItemError about %q", err, problem)
	}
	if e.Item != item || !strings.Contains(e.Problem, problem) {
		t.Fatalf("error is %q, want item %q and a problem with %q", err, item, problem)
	}
}

// What passes can be written into a line of the report and read from it unchanged.
func TestCheckItemKeepsTheLineWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maxLen := rapid.IntRange(0, 40).Draw(t, "maxLen")
		s := anyText().Draw(t, "s")
		checkAccepted(t, s, maxLen, CheckItem("thing", s, maxLen))
	})
}

// anyText mixes ordinary text with what must be refused, so that both are met often.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z0-9_. ]{0,12}`),
		rapid.StringOf(rapid.RuneFrom([]rune("ab_ @\n\u0085\u2028\u202e张"))),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

type fataler interface{ Fatalf(string, ...any) }

// checkAccepted is an oracle that is written down in another way than CheckItem is.
func checkAccepted(t fataler, s string, maxLen int, err error) {
	good := len(s) <= maxLen && utf8.ValidString(s) && !strings.ContainsAny(s, "@\u0085\u2028\u2029\ufeff\u061c") &&
		strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ") == s
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			good = false
		}
	}
	if err == nil && !good {
		t.Fatalf("%q of at most %d bytes was accepted", s, maxLen)
	}
	// The oracle does not know all format characters, so the other direction is for ASCII.
	if err != nil && good && isASCII(s) {
		t.Fatalf("%q of at most %d bytes was refused: %v", s, maxLen, err)
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func FuzzCheckItem(f *testing.F) {
	for _, s := range []string{"", "Windows 10", "a@b", "a\u202eb", "a  b", "张三", "\xff", "a\u0085"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, maxLen int) {
		checkAccepted(t, s, maxLen, CheckItem("\x00", s, maxLen))
	})
}

// Items end up in logs through their errors: none may carry the value there.
func TestErrorsDoNotContainTheValue(t *testing.T) {
	const secret = "Xq7"
	for _, s := range []string{secret + "@", secret + "\n", secret + " ", secret + "\xff", secret + strings.Repeat("9", 40)} {
		for _, err := range []error{CheckItem("thing", s, 9), errOf(ParseAppID(s)), errOf(ParseAccount(s))} {
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("%q: error %v", s, err)
			}
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestCheckItemDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _ = CheckItem("thing", "client_xsb_1.0", MaxAppIDLen) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
