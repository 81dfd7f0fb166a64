package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/show"
)

// TestRunbookCommands: each command that the runbook names is there, and takes those flags and arguments.
func TestRunbookCommands(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, page := range []string{"runbook.md", "runbook.zh-CN.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`tradefront ([^`\n]+)`").FindAllStringSubmatch(string(text), -1) {
			if line := m[1]; !seen[line] {
				seen[line] = true
				tryExample(t, "tradefront "+line, withConfig(wordsOf(strings.ReplaceAll(line, "--rate N", "--rate 100"))))
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d command lines were found", len(seen))
	}
}

// withConfig names the configuration to a command that takes one, as the environment would; a calendar's file is instead of it.
func withConfig(words []string) []string {
	root := quietRoot(show.English)
	instead := words[0] == "calendar" && slices.Contains(words, "--file")
	if c, _, err := root.Find(words); err == nil && c.Flags().Lookup("config") != nil && !instead {
		return append(words, "--config", "tradefront.yaml")
	}
	return words
}
