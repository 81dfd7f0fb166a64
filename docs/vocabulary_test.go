package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// retired are words that have no use here beside those of vocabulary.md.
var retired = regexp.MustCompile(`(?i)\b(goodbye|by and by|in vain)\b`)

// riddles are words that leave the reader to guess what is the case, or who acts. A test of internal/chinese has the same for
// messages. A line of a file is "on line 3".
var riddles = regexp.MustCompile(`(?i)\b(stands?|stood|standing|whatever|whoever|nobody|somebody|in line|in earnest)\b`)

// known are terms of the field that have such a word within: the user of Unix, and what takes the place of something.
var known = strings.NewReplacer("user nobody", "", "stand-in", "")

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

// TestPlainWords: comments, pages and what is no Go write what is the case. Migrations are left as they were released.
func TestPlainWords(t *testing.T) {
	t.Parallel()
	kinds := []string{".go", ".md", ".c", ".cc", ".cfg", ".h", ".html", ".py", ".service", ".sh", ".sql", ".vec", ".yaml", ".yml"}
	walk(t, "", func(path string) {
		kind := filepath.Ext(path)
		if !slices.Contains(kinds, kind) || filepath.Base(path) == "vocabulary.md" || strings.Contains(path, "/migrations/") {
			return
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			if kind == ".go" {
				_, line, _ = strings.Cut(line, "//")
			}
			if word := riddles.FindString(known.Replace(line)); word != "" {
				t.Errorf("%s:%d has %q, which a reader has to guess: write what is the case (is, has, appears, is kept, at any, also if), or who acts",
					path, i+1, word)
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
