package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"sync"
)

// oldest is the first major version of PostgreSQL that the tests accept.
const oldest = 13

// binaries is the folder of PostgreSQL's programs.
var binaries = sync.OnceValues(findBinaries)

// findBinaries finds the folder of the initdb in PATH, else the newest of the places where distributions put it.
func findBinaries() (string, error) {
	for _, dir := range candidates() {
		if v, err := version(dir); err == nil && v >= oldest {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no PostgreSQL %d or newer on this machine (initdb, postgres): "+
		"run the tests with `make test`, which installs it, or run test/ensure-postgres.sh", oldest)
}

// candidates lists folders that may hold PostgreSQL's programs, best first.
func candidates() []string {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		// Distributions link single programs into PATH; the others are beside the target.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	var installed []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // PostgreSQL's own RPMs
		"/opt/homebrew/opt/postgresql@*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the only error is a bad pattern
		installed = append(installed, found...)
	}
	sort.Slice(installed, func(i, j int) bool { return number(installed[i]) > number(installed[j]) })
	return append(dirs, installed...)
}

var digits = regexp.MustCompile(`\d+`)

// number is the last number in s, 0 without one: the version in a folder's name.
func number(s string) int {
	all := digits.FindAllString(s, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1])
	return n
}

// version is the major version of the programs in dir, all of which must be there.
func version(dir string) (int, error) {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return 0, err
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	// "postgres (PostgreSQL) 15.12 (Debian 15.12-0+deb12u2)"
	v, err := strconv.Atoi(digits.FindString(string(out)))
	if err != nil {
		return 0, fmt.Errorf("no version in %q", out)
	}
	return v, nil
}
