package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	anchored = regexp.MustCompile(`\]\(([^)#\s]*)#([^)\s]+)\)`)
	// citation is how code names a section of the protocol's page: by its title.
	citation = regexp.MustCompile(`docs/protocol\.md, "([^"]+)"`)
	// numbered is a section by number, which moves when a section is added before it.
	numbered = regexp.MustCompile(`(?i)protocol(\.md)?('s)?,? (section )?[0-9]\b|docs/[a-z]+\.md, section [0-9]`)
)

// TestAnchors: every link to a section leads to one.
func TestAnchors(t *testing.T) {
	links := 0
	walk(t, ".md", func(path string) {
		for _, m := range anchored.FindAllStringSubmatch(read(t, path), -1) {
			page := path
			switch {
			case strings.Contains(m[1], "://"):
				continue
			case m[1] != "":
				page = filepath.Join(filepath.Dir(path), m[1])
			}
			links++
			if !slices.Contains(slugsOf(t, page), m[2]) {
				t.Errorf("%s links to %s#%s, and that page has no such section", path, m[1], m[2])
			}
		}
	})
	if links < 10 {
		t.Errorf("only %d links were found", links)
	}
}

// TestCitations: code cites sections of the protocol's page by titles that are there.
func TestCitations(t *testing.T) {
	titles := titlesOf(t, "protocol.md")
	cited := 0
	for _, suffix := range []string{".go", ".py"} {
		walk(t, suffix, func(path string) {
			if strings.HasSuffix(path, "docs/sections_test.go") {
				return
			}
			text := read(t, path)
			for _, m := range citation.FindAllStringSubmatch(text, -1) {
				cited++
				if !slices.ContainsFunc(titles, func(title string) bool { return strings.TrimLeft(title, "0123456789. ") == m[1] }) {
					t.Errorf("%s cites %q of docs/protocol.md, which has no such section", path, m[1])
				}
			}
			if m := numbered.FindString(text); m != "" {
				t.Errorf("%s cites %q: cite the section's title, numbers move", path, m)
			}
		})
	}
	if cited < 8 {
		t.Errorf("only %d citations were found", cited)
	}
}

// titlesOf are the headings of a page.
func titlesOf(t *testing.T, page string) (titles []string) {
	t.Helper()
	fenced := false
	for line := range strings.Lines(read(t, page)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if title := strings.TrimLeft(line, "#"); title != line && !fenced {
			titles = append(titles, strings.TrimSpace(title))
		}
	}
	return titles
}

// slugsOf are the anchors that the usual renderers make of a page's headings.
func slugsOf(t *testing.T, page string) (slugs []string) {
	t.Helper()
	for _, title := range titlesOf(t, page) {
		var b strings.Builder
		for _, r := range strings.ToLower(title) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
				b.WriteRune(r)
			}
		}
		slugs = append(slugs, b.String())
	}
	return slugs
}
