package files

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What people name by mistake is told at once; nothing waits for a pipe's writer.
func TestOpenTakesFilesAlone(t *testing.T) {
	dir := t.TempDir()
	pipe, socket, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "s"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "is a pipe", socket: "is a socket", dir: "is a folder", "/dev/zero": "is a device",
	} {
		_, err := Open(path)
		var named *fs.PathError
		if !errors.As(err, &named) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if data, err := Read(file, 7); err != nil || string(data) != "content" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := Read(file, 6); err == nil || !strings.Contains(err.Error(), "longer than 6 bytes") {
		t.Error(err)
	}
	large := bytes.Repeat([]byte("x"), 100_000)
	if err := os.WriteFile(file, large, 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := Read(file, 100_000); err != nil || !bytes.Equal(data, large) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

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

// A file is replaced from beside it, not from TMPDIR, and what a run that was killed
// left there goes; what a run that lives is writing, or is another's, stays.
func TestCreateBesideTheTarget(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", elsewhere)
	path := filepath.Join(dir, "master.key")
	old := time.Now().Add(-time.Hour)
	leave := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, old, old); err != nil {
			t.Fatal(err)
		}
		return p
	}
	left, other := leave(".master.key4711"), leave(".master.key.swp")

	first, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Cleanup()
	if filepath.Dir(first.Name()) != dir {
		t.Errorf("the temporary file is %s", first.Name())
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what a killed run left is there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := os.Chtimes(first.Name(), old, old); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first.Name()); err != nil {
		t.Errorf("the file of a run that lives is gone: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "second" {
		t.Errorf("%q, %v", data, err)
	}
	if entries, _ := os.ReadDir(elsewhere); len(entries) > 0 {
		t.Errorf("in the system's folder: %v", entries)
	}
}
