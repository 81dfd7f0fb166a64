package textfile

import (
	"strings"
	"testing"
)

// What editors add comes off; what does not show or does not belong is refused by name.
func TestLine(t *testing.T) {
	for data, want := range map[string]string{
		"Secret123":          "Secret123",
		"Secret123\n":        "Secret123",
		"Secret123\r\n":      "Secret123",
		"\ufeffSecret123\n":  "Secret123",
		"se\"cr'et“":         "se\"cr'et“",
		"two  blanks inside": "two  blanks inside",
		"密码":                 "密码",
		"Secret123\u200b\n":  "holds a zero-width space (U+200B), which does not show; write it anew, by hand; --as-is says that it belongs to it",
		"Sec\u2060ret":       "holds a word joiner (U+2060)",
		"Sec\u00a0ret":       "holds a no-break space (U+00A0)",
		"Sec\u200dret":       "holds a zero-width joiner (U+200D)",
		"Secret\u202e":       "holds an invisible character (U+202E)",
		"Sec\ufeffret":       "holds a byte-order mark (U+FEFF)",
		"a\tb":               "holds a tab (U+0009)",
		"a\nb\n":             "holds several lines",
		"a\n\n":              "holds several lines",
		"\n":                 "is empty",
		"\ufeff":             "is empty",
		`"Secret123"`:        "is in quotation marks (\", U+0022); take them off; --as-is says that they belong to it",
		"'a'":                "is in quotation marks",
		"“a”":                "is in quotation marks (“, U+201C)",
		"‘a’":                "is in quotation marks",
		"「a」":                "is in quotation marks",
		"\xff\xfeS\x00":      "is saved as UTF-16; save it as UTF-8",
		"S\xff":              "is not valid UTF-8",
	} {
		got, err := Line([]byte(data))
		if err == nil {
			if string(got) != want {
				t.Errorf("%q: %q, want %q", data, got, want)
			}
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", data, err, want)
		}
	}
	for _, odd := range []string{`"a"`, "a\u200bb"} {
		if got, err := LineAsIs([]byte(odd + "\r\n")); err != nil || string(got) != odd {
			t.Errorf("as is: %q, %v", got, err)
		}
	}
}
