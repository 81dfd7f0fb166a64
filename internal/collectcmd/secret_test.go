package collectcmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for text, want := range map[string]string{
		"code": "code", "code\n": "code", "\ufeffcode\r\n": "code",
		"": "!is empty", "\n": "!is empty", "a\nb": "!holds several lines", "code\u200b": "!holds a zero-width space (U+200B)", "“code”": "!is in quotation marks",
		"\xff\xfec\x00": "!is saved as UTF-16", "c\u00a0": "!holds a no-break space",
		strings.Repeat("x", maxSecret+1): "!longer than 4096 bytes",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		fromFile, err1 := (&secretFile{"x", path, false}).read(nil)
		fromInput, err2 := (&secretFile{"x", "-", false}).read(strings.NewReader(text))
		problem, bad := strings.CutPrefix(want, "!")
		switch {
		case !bad && (err1 != nil || err2 != nil || string(fromFile) != want || string(fromInput) != want):
			t.Errorf("%q is %q and %q, %v, %v", text, fromFile, fromInput, err1, err2)
		case bad && (err1 == nil || err2 == nil || !strings.Contains(err1.Error(), problem) || !strings.Contains(err2.Error(), problem)):
			t.Errorf("%q: %v, %v; want %s", text, err1, err2, problem)
		}
	}
	for _, c := range []struct{ text, want string }{{" a b ", " a b "}, {"\ufeff\"a\u200b\"\r\n", "\"a\u200b\""}} {
		if line, err := (&secretFile{"x", "-", true}).read(strings.NewReader(c.text)); err != nil || string(line) != c.want {
			t.Errorf("%q as is: %q, %v", c.text, line, err)
		}
	}
	if line, err := (&secretFile{"x", "-", false}).read(strings.NewReader(" a b ")); err != nil || string(line) != " a b " {
		t.Errorf("spaces belong to a password: %q, %v", line, err)
	}
	if _, err := (&secretFile{"x", "-", false}).read(nil); err == nil || !strings.Contains(err.Error(), "no standard input") {
		t.Error(err)
	}
	if _, err := (&secretFile{"x", path + ".not", false}).read(nil); err == nil || !strings.Contains(err.Error(), "--x: ") || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := (&secretFile{"x", t.TempDir(), false}).read(nil); err == nil || !strings.Contains(err.Error(), "not a regular file; - reads standard input") {
		t.Errorf("a folder: %v", err)
	}
}
