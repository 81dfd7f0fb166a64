package files

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Files that people name are opened by Open and Read, and files are replaced by Create and Write. The
// others open folders, files of their own making, or files of the system.
var otherWays = map[string]string{
	"internal/demo/site/site.go":             "new files in a folder of the demo's own",
	"internal/demo/tour/tour.go":             "the demo's own report",
	"internal/collectcmd/file.go":            "runs on Windows too, and looks at what it opens",
	"internal/assemble/ports.go":             "/proc",
	"internal/store/localfile/create.go":     "a folder, to lock it",
	"internal/store/localfile/lockholder.go": "/proc",
	"internal/extsort/spill.go":              "a temporary file without a name",
}

func TestOneWayToOpenAndToReplace(t *testing.T) {
	other := regexp.MustCompile(`\bos\.(Open|ReadFile|Create|CreateTemp|WriteFile)\(|\brenameio\.(NewPendingFile|WriteFile|TempFile)\(`)
	unused := maps.Clone(otherWays) // a file that was moved or mended loses its line here, so that the next of its name has none
	for _, root := range []string{"../../cmd", "../../internal"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			if strings.HasPrefix(name, "internal/files/") || strings.HasPrefix(name, "internal/store/storetest/") {
				return nil
			}
			source, err := os.ReadFile(path)
			found := other.Find(source)
			if found == nil {
				return err
			}
			delete(unused, name)
			if otherWays[name] == "" {
				t.Errorf("%s: %s… opens what may be a pipe, or replaces a file from elsewhere; see package files", name, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range unused {
		t.Errorf("otherWays has %s, which opens and replaces nothing so, or is not there", name)
	}
}
