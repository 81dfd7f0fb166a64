package show_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"github.com/tradefront/tradefront/internal/show"
)

// TestPrintable: whole, and a byte at a time, a text is written as it is but for what a terminal obeys.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                              "",
		"前置 1 front\ta\n\u3000é🀄\ufeff": "前置 1 front\ta\n\u3000é🀄\ufeff",
		"a\x1b[31mb\x7f\r\n":            `a\u001b[31mb\u007f\u000d` + "\n",
		"\u009b2J\u0085":                `\u009b2J\u0085`,
		"\u202e文\u2028\u2029\u2066":     `\u202e文\u2028\u2029\u2066`,
		"a\x9b\xffb":                    `a\x9b\xffb`,
		"文\xe6\x96":                     `文\xe6\x96`,
		"\xf0\x9f":                      `\xf0\x9f`,
	} {
		var whole, parts bytes.Buffer
		p := show.NewPrintable(&whole)
		if n, err := p.Write([]byte(in)); n != len(in) || err != nil {
			t.Errorf("%q: %d, %v", in, n, err)
		}
		q := show.NewPrintable(&parts)
		for _, b := range []byte(in) {
			if n, err := q.Write([]byte{b}); n != 1 || err != nil {
				t.Errorf("%q: %d, %v", in, n, err)
			}
		}
		if p.Flush() != nil || q.Flush() != nil || whole.String() != want || parts.String() != want {
			t.Errorf("%q is written %q and, in parts, %q, want %q", in, whole.String(), parts.String(), want)
		}
		if got := show.PrintableText(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// TestPrintableJSON: JSON stays what it was.
func TestPrintableJSON(t *testing.T) {
	t.Parallel()
	want := "\x00\x1b\x7f\u009b\u202e\u2028文🀄"
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	shown := show.PrintableText(string(text))
	for _, r := range shown {
		if unicode.In(r, unicode.Cc, unicode.Bidi_Control) {
			t.Errorf("%q shows %U", shown, r)
		}
	}
	var got string
	if err := json.Unmarshal([]byte(shown), &got); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}
