package reportfile

import (
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for _, good := range []string{"TF01@1.0@@QQ==", "TF01@1.0@QUI=@QUJD"} {
		l, err := ParseLine([]byte(good))
		if err != nil || string(l.Append(nil)) != good {
			t.Errorf("%q: %+v, %v", good, l, err)
		}
	}
	for bad, want := range map[string]string{
		"":                     "1 items",
		"TF01@1.0@QQ==":        "3 items",
		"TF01@1.0@QQ==@QQ==@":  "5 items",
		"@1.0@@QQ==":           "vendor ID: empty",
		"TF01@@@QQ==":          "key version: empty",
		"TF01@1.0@QQ==@":       "supplement: empty",
		"TF01@1.0@@QQ==\n":     "canonical", // Go's decoder skips line ends
		"TF01@1.0@@QQ==\r":     "canonical",
		"TF01@1.0@Q\nQ==@QQ==": "canonical",
		"TF01@1.0@@QR==":       "not base64", // bits left over
		"TF01@1.0@@QQ":         "not base64", // no padding
		"TF01@1.0@@Q-==":       "not base64", // the other alphabet
		"TF01@1.0@ @QQ==":      "not base64",
		"TF\x00@1.0@@QQ==":     "control character",
		"TF01\u202e@1.0@@QQ==": "format character",
		"TF01@123456789@@QQ==": "at most 8",
		"TF01@1.0@@" + strings.Repeat("QUJD", 400): "at most 1024", "TF01@1.0@" + strings.Repeat("QUJD", 1400) + "@QUJD": "at most 4096",
	} {
		if l, err := ParseLine([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", bad, l, err, want)
		}
	}
}

// FuzzParseLine: a line that parses is, byte for byte, its own export, and holds no LF.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"TF01@1.0@@QQ==", "TF01@1.0@QUI=@QUJD", "a@b@Q\nQ==@QQ==", "@@@", "a@b@QR==@QQ"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := ParseLine(line)
		if err != nil {
			return
		}
		if again := string(l.Append(nil)); again != string(line) || strings.ContainsAny(again, "\r\n") {
			t.Errorf("%q is exported as %q", line, again)
		}
	})
}
