package explain

import (
	"strings"
	"sync"

	"github.com/tradefront/tradefront/docs"
	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/reason"
)

// Why is what the handbook says about a reason, in both languages.
type Why struct {
	Reason  string `json:"reason"`
	Code    int    `json:"code"`
	Item    string `json:"item,omitempty"`         // of illegal_field: which item was wrong
	Blocks  int    `json:"right_blocks,omitempty"` // of wrong_answer: how many blocks of the answer were right, from its first on
	Saw     string `json:"terminal_saw,omitempty"` // what the terminal's user is shown
	English Advice `json:"en"`
	Chinese Advice `json:"zh"`
}

// Advice is one row of a page on errors.
type Advice struct {
	What     string `json:"what,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Operator string `json:"operator,omitempty"`
}

// whyOf is about one entry. A flaw of the terminal information is told too, of an accepted login and of one that it had refused.
func whyOf(e *auditlog.Entry) Why {
	why := Why{Reason: e.Reason, Code: e.Code, Item: e.Item, Blocks: e.RightBlocks, Saw: e.Text}
	switch {
	case e.TerminalProblem != "" && e.Code == 0:
		why.English, why.Chinese = About(e.TerminalProblem)
	case e.TerminalProblem != "" && e.Reason == reason.TerminalInfoRefused.String():
		why.English, why.Chinese = About(e.Reason)
		english, chinese := About(e.TerminalProblem)
		why.English.add(e.TerminalProblem, english, ": ", "; ")
		why.Chinese.add(e.TerminalProblem, chinese, "：", "；")
	default:
		why.English, why.Chinese = About(e.Reason)
	}
	return why
}

// add puts the flaw of the terminal information behind what happened; the vendor is told how to cure the flaw.
func (a *Advice) add(problem string, flaw Advice, colon, semicolon string) {
	a.What += semicolon + problem + colon + flaw.What
	a.Vendor = flaw.Vendor
}

// About is what the handbook says about a reason, by its word; both are empty if it has no such word.
func About(word string) (english, chinese Advice) {
	b := handbook()
	return b.english[word], b.chinese[word]
}

// book is the advice by word.
type book struct{ english, chinese map[string]Advice }

var handbook = sync.OnceValue(func() book {
	return book{english: adviceOf(docs.ErrorsEnglish), chinese: adviceOf(docs.ErrorsChinese)}
})

// adviceOf reads the rows of a page whose first cell is a word in backquotes. Tables of four columns have no operator's; those of
// three columns, on ends of connections, are for the operator alone.
func adviceOf(page string) map[string]Advice {
	all := make(map[string]Advice)
	for row := range strings.Lines(page) {
		row = strings.TrimSpace(row)
		row, opens := strings.CutPrefix(row, "|")
		row, closes := strings.CutSuffix(row, "|")
		if !opens || !closes || !strings.HasPrefix(row, " `") {
			continue
		}
		cells := strings.Split(row, "|") // an empty cell is one
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		word := strings.Trim(cells[0], "` ")
		if _, known := all[word]; known || len(cells) < 3 {
			continue
		}
		if len(cells) == 3 {
			all[word] = Advice{What: plain(cells[1]), Operator: plain(cells[2])}
			continue
		}
		a := Advice{What: plain(cells[2]), Vendor: plain(cells[3])}
		if len(cells) > 4 {
			a.Operator = plain(cells[4])
		}
		all[word] = a
	}
	return all
}

// plain takes the links out of a cell.
func plain(s string) string {
	for {
		open := strings.Index(s, "](")
		if open < 0 {
			return s
		}
		start, end := strings.LastIndex(s[:open], "["), strings.Index(s[open:], ")")
		if start < 0 || end < 0 {
			return s
		}
		s = s[:start] + s[start+1:open] + s[open+end+1:]
	}
}
