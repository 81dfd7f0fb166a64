package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	alertName = regexp.MustCompile(`(?m)^      - alert: (\w+)$`)
	inCode    = regexp.MustCompile("`([^`\n]+)`")
)

// TestRunbook: the runbook has a section for each alert, in the order of the rules, in both languages, and none else. The sections of an
// alert name the same commands, checks and keys in both.
func TestRunbook(t *testing.T) {
	rules := read(t, "../deploy/prometheus/tradefront.rules.yml")
	var names []string
	for _, m := range alertName.FindAllStringSubmatch(rules, -1) {
		names = append(names, m[1])
	}
	english, chinese := alertSections(t, "runbook.md"), alertSections(t, "runbook.zh-CN.md")
	for page, sections := range map[string][]section{"runbook.md": english, "runbook.zh-CN.md": chinese} {
		var told []string
		for _, s := range sections {
			told = append(told, s.name)
			if lines := strings.Count(s.text, "\n* "); lines != 3 {
				t.Errorf("%s: %s has %d lines, want three: look, do, over", page, s.name, lines)
			}
		}
		if !slices.Equal(told, names) {
			t.Errorf("%s has sections for %v\nthe rules are %v", page, told, names)
		}
	}
	for i := range min(len(english), len(chinese)) {
		if en, zh := codeOf(english[i].text), codeOf(chinese[i].text); !slices.Equal(en, zh) {
			t.Errorf("%s: English names %q, Chinese %q", english[i].name, en, zh)
		}
	}
}

type section struct{ name, text string }

// alertSections are those that are named after an alert.
func alertSections(t *testing.T, page string) (all []section) {
	t.Helper()
	for _, part := range strings.Split(read(t, page), "\n### ")[1:] {
		part, _, _ = strings.Cut(part, "\n## ")
		name, text, _ := strings.Cut(part, "\n")
		all = append(all, section{name, text})
	}
	return all
}

// codeOf is the text in backticks, sorted.
func codeOf(text string) (words []string) {
	for _, m := range inCode.FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	slices.Sort(words)
	return slices.Compact(words)
}
