package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// serverFunction is a function of PostgreSQL's own that a relative may lack.
var serverFunction = regexp.MustCompile(`\b(pg_[a-z_]+|txid_[a-z_]+|has_[a-z_]+_privilege|to_reg[a-z]+|aclexplode|current_setting|clock_timestamp)\(`)

// TestEnginesNamesTheSQL: what the page says is used is used, and each function of the server that is used is named there.
func TestEnginesNamesTheSQL(t *testing.T) {
	var source strings.Builder
	for _, folder := range []string{"internal/store/postgres/", "internal/store/schema/"} {
		for _, suffix := range []string{".go", ".sql"} {
			walk(t, suffix, func(path string) {
				if strings.HasPrefix(filepath.ToSlash(path), "../"+folder) && !strings.HasSuffix(path, "_test.go") {
					source.WriteString(read(t, path))
				}
			})
		}
	}
	used, named := source.String(), map[string]bool{}
	for _, row := range tablesOf(t, "engines.md")[0] {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[m[1]] = true
			if !strings.Contains(used, m[1]) {
				t.Errorf("engines.md: %q is not in the sources", m[1])
			}
		}
	}
	for _, m := range serverFunction.FindAllStringSubmatch(used, -1) {
		if !named[m[1]] {
			t.Errorf("engines.md has no %s, which is used", m[1])
		}
	}
}
