package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commandLine is a command on a line of its own, indented, up to what is explained behind it.
var commandLine = regexp.MustCompile(`(?m)^    (tradefront [^\n]*?)(?:\s{2,}.*)?$`)

// TestBothLanguages: a page in Chinese has the sections, the commands and the tables' rows of the page in English.
func TestBothLanguages(t *testing.T) {
	for _, page := range []string{"settlement", "collector", "high-availability", "runbook"} {
		english, chinese := read(t, page+".md"), read(t, page+".zh-CN.md")
		if en, zh := shape(english), shape(chinese); !slices.Equal(en, zh) {
			t.Errorf("%s: sections and the rows of their tables are %v in English, %v in Chinese", page, en, zh)
		}
		var told []string
		for _, m := range commandLine.FindAllStringSubmatch(chinese, -1) {
			told = append(told, m[1])
		}
		for _, m := range commandLine.FindAllStringSubmatch(english, -1) {
			if !slices.Contains(told, m[1]) {
				t.Errorf("%s.zh-CN.md lacks the command %q", page, m[1])
			}
		}
	}
}

// shape is a page's sections by their level, each with how many rows its tables have.
func shape(page string) (all []string) {
	rows := 0
	flush := func() {
		if rows > 0 {
			all = append(all, strings.Repeat("|", rows))
		}
		rows = 0
	}
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(line, "#"):
			flush()
			level, _, _ := strings.Cut(line, " ")
			all = append(all, level)
		case strings.HasPrefix(line, "|"):
			rows++
		}
	}
	flush()
	return all
}
