package auditlog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/auditlog"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lines reads a file to its end, or to the first error but ErrLong.
func lines(t *testing.T, content []byte) (all []string, err error) {
	t.Helper()
	r, err := auditlog.Open(write(t, content))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		line, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case errors.Is(err, auditlog.ErrLong):
			all = append(all, "long")
		case err != nil:
			return all, err
		default:
			all = append(all, string(line))
		}
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	text := []byte("{\"a\":1}\n" + long + "\n{\"b\":2}\n{\"to")
	for name, content := range map[string][]byte{"plain": text, "gzipped": zipped(t, text)} {
		got, err := lines(t, content)
		if want := `{"a":1}|long|{"b":2}|{"to`; err != nil || strings.Join(got, "|") != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"xz":          {[]byte("\xfd7zXZ\x00 and so on"), "unpack it first (xz -d)"},
		"zstd":        {[]byte("\x28\xb5\x2f\xfd and so on"), "unpack it first (zstd -d)"},
		"cut gzip":    {zipped(t, []byte("{\"a\":1}\n"))[:12], "EOF"},
		"a zip bomb":  {zipped(t, make([]byte, 64<<20)), "as no audit log does"},
		"gzip header": {[]byte("\x1f\x8b\x08"), "EOF"},
	} {
		if _, err := lines(t, c.content); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestIsTorn(t *testing.T) {
	whole := `{"time":"2026-01-05T09:00:00.000+08:00","reasons":{"ok":1},"lines":[1,"x"]}`
	for i := range len(whole) {
		if i > 0 && !auditlog.IsTorn([]byte(whole[:i])) {
			t.Errorf("%q is not torn", whole[:i])
		}
	}
	for _, line := range []string{"", whole, whole + "x", "{]", "\x00\x00", "null"} {
		if auditlog.IsTorn([]byte(line)) {
			t.Errorf("%q is torn", line)
		}
	}
}
