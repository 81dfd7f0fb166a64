package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// output is the form of what a command prints: text for people, json for machines.
type output string

func outputFlag(c *cobra.Command, o *output) {
	*o = "text"
	c.Flags().VarP(o, "output", "o", "text or json")
}

func (o *output) String() string { return string(*o) }
func (o *output) Type() string   { return "form" }

// Set refuses any other word.
func (o *output) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("want text or json")
	}
	*o = output(s)
	return nil
}

// print writes v as JSON, or calls text.
func (o output) print(w io.Writer, v any, text func(w io.Writer)) error {
	if o == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	text(w)
	return nil
}

// table writes rows in aligned columns, under a header in the user's language. Of no rows it says that there are none.
func table(w io.Writer, header string, rows func(w io.Writer)) {
	has := false
	show.Table(w, headerFor(w, header), func(cells io.Writer) {
		counted := &firstWrite{Writer: cells}
		if readsChinese(w) {
			rows(chineseOut{counted})
		} else {
			rows(counted)
		}
		has = counted.seen
	})
	if !has {
		fmt.Fprintln(w, inLanguageOf(w, "none", "无"))
	}
}

// firstWrite notes whether anything was written.
type firstWrite struct {
	io.Writer
	seen bool
}

func (f *firstWrite) Write(b []byte) (int, error) {
	f.seen = f.seen || len(b) > 0
	return f.Writer.Write(b)
}

// inLanguageOf is a text for those who read w.
func inLanguageOf(w io.Writer, english, chinese string) string {
	if readsChinese(w) {
		return chinese
	}
	return english
}

// tell is fmt.Fprintf with the text of a format for those who read w, see saidInChinese. Values are written as they are.
func tell(w io.Writer, format string, values ...any) {
	if chinese, has := saidInChinese[format]; has && readsChinese(w) {
		fmt.Fprintf(w, chinese, values...)
		return
	}
	fmt.Fprintf(w, format, values...)
}

// wordFor is a word of a closed set (a state, a type), which JSON has in English, for those who read w.
func wordFor(w io.Writer, set, word string) string {
	if readsChinese(w) {
		return chinese.Word(set, word)
	}
	return word
}

// admitted is whether an AppID may authenticate, for those who read w.
func admitted(w io.Writer, is bool) string {
	if is {
		return inLanguageOf(w, "enabled", "已准入")
	}
	return inLanguageOf(w, "disabled", "未准入")
}

// joined is a list of what another room says in English, for those who read w.
func joined(w io.Writer, english []string) string {
	texts := make([]string, len(english))
	for i, text := range english {
		texts[i] = sentenceFor(w, text)
	}
	return strings.Join(texts, inLanguageOf(w, " and ", "、"))
}

// partsFor is what another room says in English, joined by commas, for those who read w.
func partsFor(w io.Writer, english string) string {
	parts := strings.Split(english, ", ")
	for i := range parts {
		parts[i] = sentenceFor(w, parts[i])
	}
	return strings.Join(parts, inLanguageOf(w, ", ", "，"))
}

// How many columns of the terminal the names before values take.
const (
	appNames   = 12
	relayNames = 18
)

// listed writes values, a line each, behind their names in the language of those who read w.
func listed(w io.Writer, width int, rows [][2]string) {
	for _, row := range rows {
		name := headerFor(w, row[0])
		fmt.Fprintln(w, name+strings.Repeat(" ", max(0, width-show.Width(name))), row[1])
	}
}

// yesNo is a truth for those who read w.
func yesNo(w io.Writer, is bool) string {
	if is {
		return inLanguageOf(w, "true", "是")
	}
	return inLanguageOf(w, "false", "否")
}
