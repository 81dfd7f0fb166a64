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
		"": "!empty", "\n": "!empty", "a\nb": "!more than one line", strings.Repeat("x", maxSecret+1): "!longer than 4096 bytes",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		fromFile, err1 := secret("--x", path, nil)
		fromInput, err2 := secret("--x", "-", strings.NewReader(text))
		problem, bad := strings.CutPrefix(want, "!")
		switch {
		case !bad && (err1 != nil || err2 != nil || string(fromFile) != want || string(fromInput) != want):
			t.Errorf("%q is %q and %q, %v, %v", text, fromFile, fromInput, err1, err2)
		case bad && (err1 == nil || err2 == nil || !strings.Contains(err1.Error(), problem) || !strings.Contains(err2.Error(), problem)):
			t.Errorf("%q: %v, %v; want %s", text, err1, err2, problem)
		}
	}
	if line, err := oneLine([]byte(" a b ")); err != nil || string(line) != " a b " {
		t.Errorf("spaces belong to a password: %q, %v", line, err)
	}
	if _, err := secret("--x", "-", nil); err == nil || !strings.Contains(err.Error(), "no standard input") {
		t.Error(err)
	}
	if _, err := secret("--x", path+".not", nil); err == nil || !strings.Contains(err.Error(), "--x: ") || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := secret("--x", t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "not a regular file; - reads standard input") {
		t.Errorf("a folder: %v", err)
	}
}
