package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// retired are words that have no use here beside those of vocabulary.md.
var retired = regexp.MustCompile(`(?i)\b(goodbye|by and by|in vain)\b`)

// agentless are words for an agent that has a name: the operator, an attacker, a process.
var agentless = regexp.MustCompile(`(?i)\b(whoever|nobody|somebody|everybody|anybody)\b`)

// TestRetiredWords: comments and pages use the words of vocabulary.md, which alone quotes the old ones.
func TestRetiredWords(t *testing.T) {
	walk(t, ".go", func(path string) {
		for i, line := range strings.Split(read(t, path), "\n") {
			if _, comment, ok := strings.Cut(line, "//"); ok {
				wantNone(t, retired, path, i+1, comment)
			}
		}
	})
	walk(t, ".md", func(path string) {
		for i, line := range strings.Split(read(t, path), "\n") {
			if filepath.Base(path) != "vocabulary.md" {
				wantNone(t, retired, path, i+1, line)
			}
		}
	})
}

// TestPagesNameTheAgent: the handbook names who or what acts. configuration.md is made from the
// comments of package config and follows them.
func TestPagesNameTheAgent(t *testing.T) {
	walk(t, ".md", func(path string) {
		if filepath.Base(filepath.Dir(path)) != "docs" && filepath.Base(path) != "README.md" || filepath.Base(path) == "configuration.md" {
			return
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			wantNone(t, agentless, path, i+1, line)
		}
	})
}

func wantNone(t *testing.T, words *regexp.Regexp, path string, number int, text string) {
	t.Helper()
	if word := words.FindString(text); word != "" {
		t.Errorf("%s:%d has %q: see docs/vocabulary.md for the word, or name who acts", path, number, word)
	}
}
