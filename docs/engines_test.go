package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// serverFunction is a function of PostgreSQL's own that a relative may lack, and serverCatalog a table of its own.
	serverFunction = regexp.MustCompile(`\b(pg_[a-z_]+|txid_[a-z_]+|has_[a-z_]+_privilege|to_reg[a-z]+|aclexplode|current_setting|set_config|clock_timestamp)\(`)
	serverCatalog  = regexp.MustCompile(`\b(?:FROM|JOIN) (pg_[a-z_]+)\b`)
	// npmVersion is a version of npm's packages of PostgreSQL, with the version of PostgreSQL in it.
	npmVersion = regexp.MustCompile(`\b(\d+\.\d+)\.0-beta\.\d+\b`)
)

// TestEnginesNamesTheSQL: what the page says is used is used, and each function and catalog of the server that is used is named there.
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
	for _, row := range tablesOf(t, "engines.md")[1] {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			named[m[1]] = true
			if !strings.Contains(used, m[1]) {
				t.Errorf("engines.md: %q is not in the sources", m[1])
			}
		}
	}
	for _, pattern := range []*regexp.Regexp{serverFunction, serverCatalog} {
		for _, m := range pattern.FindAllStringSubmatch(used, -1) {
			if !named[m[1]] {
				t.Errorf("engines.md has no %s, which is used", m[1])
			}
		}
	}
}

// TestEnginesNamesTheVersions: the page has a row for each version that `make engines` tries, and no failed test.
func TestEnginesNamesTheVersions(t *testing.T) {
	var tried, told []string
	for _, m := range npmVersion.FindAllStringSubmatch(read(t, "../test/engines.sh"), -1) {
		tried = append(tried, m[1]+" `"+m[0]+"`")
	}
	for _, row := range tablesOf(t, "engines.md")[0] {
		told = append(told, row[0]+" "+row[1])
		if row[2] == "0" || row[3] != "0" {
			t.Errorf("engines.md: of PostgreSQL %s %s tests passed, and %s failed", row[0], row[2], row[3])
		}
	}
	if len(tried) < 6 || !slices.Equal(tried, told) {
		t.Errorf("test/engines.sh tries %q, and engines.md has %q", tried, told)
	}
}
