package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// backticked is a path of this tree as pages for developers name it.
var backticked = regexp.MustCompile("`((?:internal|cmd|test|deploy|configs|client)/[A-Za-z0-9_./-]+)`")

// TestNamedPathsExist: a newcomer goes where the pages send him.
func TestNamedPathsExist(t *testing.T) {
	found := 0
	for _, page := range []string{"design.md", "vocabulary.md", "../CONTRIBUTING.md"} {
		for _, m := range backticked.FindAllStringSubmatch(read(t, page), -1) {
			found++
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s names %s: %v", page, m[1], err)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d paths were found", found)
	}
}
