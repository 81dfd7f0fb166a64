package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/show"
)

var inline = regexp.MustCompile("`([^`\n]+)`")

// TestCommandsWithinSentences: blocks of the handbook are typed by test/handbook; a command within a sentence or a table is there too, with
// every flag that it is named with. What needs a value has one, but placeholders are not what a command would take.
func TestCommandsWithinSentences(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	root, seen := quietRoot(show.English), 0
	root.InitDefaultCompletionCmd()
	for _, page := range append(pages, "../../README.md", "../../README.zh-CN.md", "../../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range inline.FindAllStringSubmatch(string(text), -1) {
			if words, is := commandWords(root, span[1]); is {
				seen++
				tryFlags(t, root, filepath.Base(page)+": "+span[1], words)
			}
		}
	}
	if seen < 200 {
		t.Errorf("only %d commands were seen", seen)
	}
}

// commandWords are those of a span that is a command line: after the program's name, or a command's name with a flag.
func commandWords(root *cobra.Command, span string) (words []string, is bool) {
	line, named := strings.CutPrefix(span, "tradefront ")
	line, _, _ = strings.Cut(line, " | ")
	words = wordsOf(line)
	if named {
		return words, true
	}
	if !strings.Contains(line, " --") {
		return nil, false
	}
	c, _, err := root.Find(words)
	return words, err == nil && c.HasParent()
}

// tryFlags finds the command of a line, and each flag that the line names.
func tryFlags(t *testing.T, root *cobra.Command, line string, words []string) {
	t.Helper()
	c, rest, err := root.Find(words)
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && strings.ToLower(rest[0]) == rest[0] {
		t.Errorf("%s: %s has no command %s", line, c.CommandPath(), rest[0])
	}
	c.InitDefaultHelpFlag()
	for _, word := range rest {
		name, is := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if is && name != "" && c.Flag(name) == nil {
			t.Errorf("%s: %s has no flag --%s", line, c.CommandPath(), name)
		}
	}
}
