package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/demo/site"
)

// demoFirm is the demo's firm without a front, for commands that look at its files.
type demoFirm struct {
	*testing.T
	site *site.Site
	base string // the demo's configuration file; configure begins with it
}

// firstKey follows the version of the demo's one key.
const firstKey = "public_key_file: \"keys/1.0.pem\"\n"

func newDemoFirm(t *testing.T) *demoFirm {
	t.Helper()
	made, err := site.New(t.TempDir(), "", "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	return &demoFirm{t, made, read(t, made.Path)}
}

// NewKey lets OpenSSL make a pair and keeps the public half.
func (f *demoFirm) newKey(name string, generate ...string) {
	f.Helper()
	private := filepath.Join(f.TempDir(), "private.pem")
	for _, args := range [][]string{
		append([]string{"genpkey", "-out", private}, generate...),
		{"pkey", "-in", private, "-pubout", "-out", filepath.Join(f.site.Dir, name)},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			f.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
}

// configure replaces text of the demo's configuration file.
func (f *demoFirm) configure(old, text string) {
	f.Helper()
	if !strings.Contains(f.base, old) {
		f.Fatalf("%q is not in the configuration", old)
	}
	if err := os.WriteFile(f.site.Path, []byte(strings.Replace(f.base, old, text, 1)), 0o600); err != nil {
		f.Fatal(err)
	}
}
