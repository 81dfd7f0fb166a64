package handbook

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// command is one line, or several that a backslash joins, that a reader types.
type command struct {
	line   int // of the page
	text   string
	shown  []string // the output that the page shows
	reason string   // why it does not run, or ""
	by     string   // the test that runs it, or ""
}

// block is a run of code lines with the comments before it.
type block struct {
	line   int
	notes  []string
	lines  []string
	fenced bool
}

var (
	programs = regexp.MustCompile(`^(sudo|tradefront|tradefront-collect|make|go|openssl|ssh-keygen|systemctl|journalctl|psql|curl|python3|sha256sum|` +
		`install|useradd|chown|cp|g\+\+|\./core|promtool|printf|[A-Z_]+=\S+ go) `)
	prompt      = regexp.MustCompile(`^(?:\S+)?\$ `)
	explanation = regexp.MustCompile(`\s{2,}[^-\s"].*$`)
	remark      = regexp.MustCompile(`\s{2,}#.*$`)
	note        = regexp.MustCompile("^<!-- (not run|run by)(?: `([^`]+)`)?:? (.*) -->$")
)

// commandsOf are the commands of a page in their order.
func commandsOf(t *testing.T, path string) (all []command) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocksOf(string(text)) {
		found := b.commands()
		for _, n := range b.notes {
			if err := mark(found, n); err != nil {
				t.Errorf("%s:%d: %v", path, b.line, err)
			}
		}
		all = append(all, found...)
	}
	return all
}

// blocksOf are a page's blocks of code: of console or sh, and indented ones.
func blocksOf(text string) (blocks []block) {
	var notes []string
	var open *block
	fence := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence != "" && trimmed == "```":
			fence = ""
			open, notes = nil, nil
		case fence != "":
			if open != nil {
				open.lines = append(open.lines, line)
			}
		case strings.HasPrefix(trimmed, "```"):
			fence = trimmed
			open = nil
			if fence == "```console" || fence == "```sh" || fence == "```bash" {
				blocks = append(blocks, block{line: i + 1, notes: notes, fenced: true})
				open = &blocks[len(blocks)-1]
			}
		case note.MatchString(trimmed):
			notes, open = append(notes, trimmed), nil
		case strings.HasPrefix(line, "    "):
			if open == nil {
				blocks = append(blocks, block{line: i + 1, notes: notes})
				open, notes = &blocks[len(blocks)-1], nil
			}
			open.lines = append(open.lines, line)
		case trimmed != "":
			open, notes = nil, nil
		}
	}
	return blocks
}

// commands are what of the block is typed.
func (b *block) commands() (found []command) {
	prompted := b.fenced
	for _, line := range b.lines {
		prompted = prompted || prompt.MatchString(strings.TrimSpace(line))
	}
	goesOn := false
	for i, line := range b.lines {
		line = strings.TrimSpace(line)
		text, typed := typedOf(line, prompted)
		switch {
		case goesOn:
			last := &found[len(found)-1]
			last.text = strings.TrimSuffix(last.text, `\`) + clean(line, prompted)
		case typed:
			found = append(found, command{line: b.line + i, text: text})
		case len(found) > 0 && line != "":
			last := &found[len(found)-1]
			last.shown = append(last.shown, line)
			continue
		default:
			continue
		}
		goesOn = strings.HasSuffix(found[len(found)-1].text, `\`)
	}
	return found
}

func typedOf(line string, prompted bool) (text string, typed bool) {
	if at := prompt.FindStringIndex(line); at != nil {
		return clean(line[at[1]:], true), true
	}
	if root, is := strings.CutPrefix(line, "# "); is && programs.MatchString(root) {
		return clean(root, true), true
	}
	return clean(line, false), !prompted && programs.MatchString(line)
}

// clean takes the explanation off a line.
func clean(line string, prompted bool) string {
	line = remark.ReplaceAllString(line, "")
	if !prompted {
		line = explanation.ReplaceAllString(line, "")
	}
	return line
}

// mark gives the commands that a comment is about their reason.
func mark(found []command, comment string) error {
	m := note.FindStringSubmatch(comment)
	touched := 0
	for i := range found {
		if !strings.HasPrefix(found[i].text, m[2]) {
			continue
		}
		touched++
		if m[1] == "run by" {
			found[i].by = m[3]
		} else {
			found[i].reason = m[3]
		}
	}
	if touched == 0 {
		return fmt.Errorf("%s is about no command of this block", comment)
	}
	return nil
}
