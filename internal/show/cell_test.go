package show

import (
	"testing"
	"unicode"
)

func TestCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                 "",
		"client_demo_1.0":  "client_demo_1.0",
		"张三 a@b":           "张三 a@b",
		"a\x1b[2J\nb\tc\r": `"a\x1b[2J\nb\tc\r"`,
		"\u202e文":          `"\u202e文"`,
		"\u009b2J":         `"\u009b2J"`,
		"\u2028":           `"\u2028"`,
		"a\xff":            `"a\xff"`,
	} {
		got := Cell(in)
		if got != want {
			t.Errorf("%q is shown as %s, want %s", in, got, want)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q shows %U", in, r)
			}
		}
	}
}
