package testmain

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// elsewhere are folders whose tests CI runs without the race detector by another target, with more.
var elsewhere = map[string]bool{"test/simulation": true} // make sim

// Each test that the race detector skips or shortens runs whole in make test's last step.
func TestMakeRunsUnracedWhatTheDetectorShortens(t *testing.T) {
	t.Parallel()
	names, folders := unraced(t)
	found := 0
	for file, source := range testSources(t) {
		folder := filepath.ToSlash(filepath.Dir(file))
		if elsewhere[folder] || folder == "test/testmain" {
			continue
		}
		for _, f := range testFunctions.FindAllStringSubmatch(source, -1) {
			if !shortens.MatchString(f[0]) {
				continue
			}
			found++
			if !names.MatchString(f[1]) {
				t.Errorf("%s: %s is skipped or shortened under the race detector, and not in UNRACED of the Makefile", file, f[1])
			}
			if !covers(folders, folder) {
				t.Errorf("%s: %s is skipped or shortened under the race detector, and its folder is not in UNRACED_IN of the Makefile", file, f[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d tests found that the race detector skips or shortens: this test reads the wrong folder", found)
	}
}

var (
	testFunctions = regexp.MustCompile(`(?ms)^func (Test\w+)\(.*?^}`)
	shortens      = regexp.MustCompile(`\btestmain\.(Fewer|NotRaced)\(`)
	unracedLine   = regexp.MustCompile(`(?m)^UNRACED +=(.*)`)
	foldersLine   = regexp.MustCompile(`(?m)^UNRACED_IN +=((?:.*\\\n)*.*)`)
)

// unraced reads the names' pattern and the folders that the Makefile has.
func unraced(t *testing.T) (names *regexp.Regexp, folders []string) {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	value := func(line *regexp.Regexp) string {
		m := line.FindSubmatch(makefile)
		if m == nil {
			t.Fatalf("the Makefile has no line like %s", line)
		}
		return strings.ReplaceAll(string(m[1]), "\\\n", " ")
	}
	return regexp.MustCompile(strings.TrimSpace(value(unracedLine))), strings.Fields(value(foldersLine))
}

// covers reports whether a folder is one of the Makefile's patterns.
func covers(patterns []string, folder string) bool {
	for _, p := range patterns {
		p = strings.TrimPrefix(p, "./")
		if below, all := strings.CutSuffix(p, "/..."); p == folder || all && (folder == below || strings.HasPrefix(folder, below+"/")) {
			return true
		}
	}
	return false
}

// testSources are the files of tests, by their path in the tree.
func testSources(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, path)
		all[path] = string(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
