package verify

import (
	"crypto/sha256"
	"fmt"
	"os"
	"testing"
)

// A cut exactly between two lines leaves a file that is good in itself: only the manifest
// that stands beside it can tell.
func TestManifest(t *testing.T) {
	s := newSealer()
	content := s.good() + s.good()
	manifest := func(rows int, content string) string {
		return fmt.Sprintf(`{"rows": %d, "sha256": "%x"}`, rows, sha256.Sum256([]byte(content)))
	}
	for _, c := range []struct {
		name, manifest string
		want           []string
		problem        string
	}{
		{"none", "", nil, ""},
		{"right", manifest(2, content), nil, ""},
		{"a line is gone", manifest(3, content+"x\n"), []string{"file_manifest:0"}, "2 lines, the manifest says 3"},
		{"another content", manifest(2, "x"), []string{"file_manifest:0"}, "another SHA-256"},
		{"torn", `{"rows": 2`, []string{"file_manifest:0"}, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, reportName, content)
			if c.manifest != "" {
				if err := os.WriteFile(path+".manifest.json", []byte(c.manifest), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, mustVerify(t, options(t, path, nil)), c.want, c.problem)
		})
	}
}
