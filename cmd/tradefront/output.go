package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

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
	if _, is := w.(chineseOut); is {
		header = headerInChinese(header)
	}
	has := false
	show.Table(w, header, func(w io.Writer) {
		counted := &firstWrite{Writer: w}
		rows(counted)
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
	if _, is := w.(chineseOut); is {
		return chinese
	}
	return english
}

// yesNo is a truth for those who read w.
func yesNo(w io.Writer, is bool) string {
	if is {
		return inLanguageOf(w, "true", "是")
	}
	return inLanguageOf(w, "false", "否")
}
