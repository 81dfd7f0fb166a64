package handbook

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
	"github.com/tradefront/tradefront/test/site"
)

var programsDir string // has the built programs

func TestMain(m *testing.M) {
	if os.Getenv(leftIn) != "" {
		os.Exit(m.Run()) // of TestShellEndsWithTests: it is killed
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tradefront-handbook-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programsDir = dir
	if err := errors.Join(site.Build(filepath.Join(dir, "tradefront")),
		site.BuildProgram(filepath.Join(dir, "tradefront-collect"), "cmd/tradefront-collect"), site.EndAtOnce()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return pgtest.Main(m)
}

const root = "../.."

// TestPages types every command of every page.
func TestPages(t *testing.T) {
	t.Parallel()
	tests := testNames(t)
	for _, path := range pages(t) {
		commands := commandsOf(t, filepath.Join(root, path))
		checkMarks(t, path, commands, tests)
		english := strings.Replace(path, ".zh-CN", "", 1)
		if !toRun(commands) || english != path && !more(commands, commandsOf(t, filepath.Join(root, english))) {
			continue
		}
		recipe, has := recipes[english]
		if !has {
			t.Errorf("%s:%d has %q, and recipes_test.go has no recipe for the page: write one, or say in a comment before the block why it does not run",
				path, commands[0].line, commands[0].text)
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			recipe.fits(t, path, commands)
			recipe.follow(t, path, commands)
		})
	}
}

// pages are all Markdown pages of the tree but the list of changes.
func pages(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || name == "bin"):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md") && name != "CHANGELOG.md":
			all = append(all, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d pages, %v", len(all), err)
	}
	return all
}

func toRun(commands []command) bool {
	for _, c := range commands {
		if c.reason == "" && c.by == "" {
			return true
		}
	}
	return false
}

// more reports whether a page has a command that the other has not. One that it has not must run in the state that those
// before it leave, so then all run.
func more(commands, others []command) bool {
	there := make(map[string]bool)
	for _, c := range others {
		there[c.text] = true
	}
	for _, c := range commands {
		if !there[c.text] {
			return true
		}
	}
	return false
}

// checkMarks fails for a comment that names no test, or gives no reason.
func checkMarks(t *testing.T, path string, commands []command, tests map[string]bool) {
	t.Helper()
	for _, c := range commands {
		if c.by != "" && !tests[c.by] {
			t.Errorf("%s:%d: there is no test %s", path, c.line, c.by)
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// fits fails for what a recipe has for a command that the page does not have any more: then the command that took its place runs as it is written,
// with the numbers of a firm.
func (r recipe) fits(t *testing.T, path string, commands []command) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	var begins []string
	for _, c := range commands {
		text += "\n" + c.text + " " // without the ends of lines that the page has in it
		begins = append(begins, c.text)
	}
	for from := range r.moved {
		if !strings.Contains(text, from) {
			t.Errorf("%s: the recipe replaces %q, which the page does not have", path, from)
		}
	}
	for _, begin := range slices.Concat(slices.Collect(maps.Keys(r.first)), slices.Collect(maps.Keys(r.ends))) {
		if !slices.ContainsFunc(begins, func(text string) bool { return strings.HasPrefix(text, begin) }) {
			t.Errorf("%s: the recipe is about %q, and no command of the page begins so", path, begin)
		}
	}
}

// follow types the commands of a page.
func (r recipe) follow(t *testing.T, path string, commands []command) {
	b := newBench(t, r)
	for _, c := range commands {
		if c.reason != "" || c.by != "" {
			continue
		}
		b.before(c.text)
		text := b.moved(c.text)
		status, out, errOut := b.shell.run(text)
		if want, either := r.status(c.text); status != want && !either {
			t.Fatalf("%s:%d: exit status %d, want %d: %s\nas %s\n%s%s", path, c.line, status, want, c.text, text, out, errOut)
		}
		if missing := unlike(c.shown, out+errOut+b.banner()+"\n"+r.unseen); missing != "" {
			t.Errorf("%s:%d: %s: the page shows %q, and the command printed nothing like it:\n%s%s", path, c.line, c.text, missing, out, errOut)
		}
	}
}

var word = regexp.MustCompile(`^[\p{L}]{2,}$`)

// unlike is a line of those that a page shows whose first words no line of the output has, or "". One that
// is cut by an ellipsis may be of another machine.
func unlike(shown []string, out string) string {
	have := make(map[string]bool)
	for line := range strings.Lines(out) {
		have[firstWords(line)] = true
	}
	for _, line := range shown {
		if key := firstWords(line); key != "" && !strings.Contains(line, "…") && !have[key] {
			return line
		}
	}
	return ""
}

// firstWords are the first two words of a line that are letters alone, if it begins with them.
func firstWords(line string) string {
	fields := strings.Fields(line)
	if len(fields) > 2 {
		fields = fields[:2]
	}
	for i, f := range fields {
		if !word.MatchString(f) {
			fields = fields[:i]
			break
		}
	}
	return strings.Join(fields, " ")
}
