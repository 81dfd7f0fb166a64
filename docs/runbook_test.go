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

var alertRow = regexp.MustCompile(`(?m)^\| \[(\w+)\]\(#(\w+)\) \| (yes|no|是|否) \| [^|]+ \|$`)

// TestRunbookTellsWhatFires: the table at the end has each alert in the order of the rules, and says the same in both languages.
// test/e2e compares it with what it fires.
func TestRunbookTellsWhatFires(t *testing.T) {
	t.Parallel()
	rows := func(page string) (names, fired []string) {
		for _, m := range alertRow.FindAllStringSubmatch(read(t, page), -1) {
			names, fired = append(names, m[1]), append(fired, strings.NewReplacer("是", "yes", "否", "no").Replace(m[3]))
			if m[2] != strings.ToLower(m[1]) {
				t.Errorf("%s: %s leads to #%s", page, m[1], m[2])
			}
		}
		return names, fired
	}
	names, fired := rows("runbook.md")
	chinese, firedChinese := rows("runbook.zh-CN.md")
	var rules []string
	for _, m := range alertName.FindAllStringSubmatch(read(t, "../deploy/prometheus/tradefront.rules.yml"), -1) {
		rules = append(rules, m[1])
	}
	if !slices.Equal(names, rules) || !slices.Equal(chinese, rules) {
		t.Errorf("the tables have %v and %v, the rules are %v", names, chinese, rules)
	}
	if !slices.Equal(fired, firedChinese) {
		t.Error("the tables of both languages differ in what is fired")
	}
}

var (
	fieldNamed = regexp.MustCompile(`field (\w+)|的 (\w+) 字段`)
	checkNamed = regexp.MustCompile("`tradefront doctor`(?:, | 的 )(\\w+)")
	tableWords = regexp.MustCompile("(?m)^\\| (`[^|]+`|\\w+) \\|")
)

// TestRunbookNamesWhatThereIs: a field of the audit log, and a check of doctor, that a section sends its reader to is one of operations.md.
func TestRunbookNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	named := func(heading string) (all []string) {
		_, text, _ := strings.Cut(read(t, "operations.md"), heading)
		text, _, _ = strings.Cut(text, "\n## ")
		for _, m := range tableWords.FindAllStringSubmatch(text, -1) {
			for _, word := range strings.Split(m[1], ",") {
				all = append(all, strings.Trim(word, " `"))
			}
		}
		return all
	}
	for what, c := range map[string]struct {
		pattern *regexp.Regexp
		known   []string
		least   int
	}{"field": {fieldNamed, named("\n## Audit log\n"), 2}, "check": {checkNamed, named("\n## Doctor\n"), 2}} {
		for _, page := range []string{"runbook.md", "runbook.zh-CN.md"} {
			found := c.pattern.FindAllStringSubmatch(read(t, page), -1)
			if len(found) < c.least {
				t.Errorf("%s: %d of %s found, want %d", page, len(found), what, c.least)
			}
			for _, m := range found {
				if name := strings.Join(m[1:], ""); !slices.Contains(c.known, name) {
					t.Errorf("%s names the %s %q, and operations.md has none of that name", page, what, name)
				}
			}
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
