package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	// commandLine is a command on a line of its own, indented, up to what is explained behind it.
	commandLine = regexp.MustCompile(`(?m)^    (tradefront [^\n]*?)(?:\s{2,}.*|\s#\s.*)?$`)
	codeSpan    = regexp.MustCompile("`[^`]+`")
	// explained is what may be in the reader's language: a comment, and what two spaces set off from a command.
	explained = regexp.MustCompile(`\s{2,}.*$|\s#\s.*$|^#\s.*$`)
)

// wholly are the pages whose code blocks and table cells are compared as well: the Chinese page is no shorter than the English.
var wholly = []string{"operations", "protocol", "relay", "core"}

// TestBothLanguages: a page in Chinese has the sections, the commands and the tables' rows of the page in English.
func TestBothLanguages(t *testing.T) {
	pages := []string{"archive", "capacity", "collector", "errors", "high-availability", "loadtest", "runbook", "settlement", "upgrade"}
	for _, page := range append(pages, wholly...) {
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

// TestChineseSaysAll: each code line, and each figure, default, key and code of a table, is the same in both languages.
func TestChineseSaysAll(t *testing.T) {
	for _, page := range wholly {
		english, chinese := read(t, page+".md"), read(t, page+".zh-CN.md")
		compareCode(t, page, codeLines(english), codeLines(chinese))
		compareRows(t, page, tableRows(english), tableRows(chinese))
	}
}

func compareCode(t *testing.T, page string, english, chinese []string) {
	t.Helper()
	for i, line := range english {
		if i == len(chinese) {
			t.Errorf("%s.zh-CN.md lacks the code line %q and what is after it", page, line)
			return
		}
		if chinese[i] != line && !inChinese(chinese[i]) {
			t.Errorf("%s.zh-CN.md has the code line %q in the place of %q", page, chinese[i], line)
			return
		}
	}
	if len(chinese) > len(english) {
		t.Errorf("%s.md lacks the code line %q", page, chinese[len(english)])
	}
}

// codeLines are the lines of fenced and indented blocks, without what is explained beside them.
func codeLines(page string) (lines []string) {
	fenced := false
	for line := range strings.Lines(page) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, "```"):
			fenced = !fenced
		case text != "" && (fenced || strings.HasPrefix(line, "    ")):
			lines = append(lines, explained.ReplaceAllString(text, ""))
		}
	}
	return lines
}

func compareRows(t *testing.T, page string, english, chinese [][]string) {
	t.Helper()
	if len(english) != len(chinese) {
		t.Errorf("%s: the tables have %d rows in English, %d in Chinese", page, len(english), len(chinese))
		return
	}
	for i, row := range english {
		other := strings.Join(chinese[i], " | ")
		if len(row) != len(chinese[i]) {
			t.Errorf("%s.zh-CN.md: %q has %d cells, want %d", page, other, len(chinese[i]), len(row))
			continue
		}
		for _, span := range codeSpan.FindAllString(strings.Join(row, " | "), -1) {
			if !strings.Contains(other, span) {
				t.Errorf("%s.zh-CN.md: %q lacks %s", page, other, span)
			}
		}
		for j, cell := range row {
			if fixed(cell) && marks.Replace(chinese[i][j]) != cell {
				t.Errorf("%s.zh-CN.md: %q has %q in the place of %q", page, other, chinese[i][j], cell)
			}
		}
	}
}

// tableRows are the cells of each row of each table.
func tableRows(page string) (rows [][]string) {
	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// marks are how Chinese sets figures and keys apart.
var marks = strings.NewReplacer("、", ", ", "，", ", ", "：", ": ")

var name = regexp.MustCompile(`^[a-z]+_[a-z_]+$`)

// fixed reports whether a cell is the same in every language: a figure, or the name of a check.
func fixed(cell string) bool {
	return name.MatchString(cell) || !strings.ContainsFunc(codeSpan.ReplaceAllString(cell, ""), unicode.IsLetter)
}

func inChinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
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
