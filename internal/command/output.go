package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
)

// Output is the form of what a command prints: text for people, json for machines.
type Output string

// OutputFlag adds --output to a command.
func OutputFlag(c *cobra.Command, o *Output) {
	*o = "text"
	c.Flags().VarP(o, "output", "o", "text or json")
}

func (o *Output) String() string { return string(*o) }

// Type is what help shows.
func (o *Output) Type() string { return "form" }

// Set refuses any other word.
func (o *Output) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("want text or json")
	}
	*o = Output(s)
	return nil
}

// Print writes v as JSON, or calls text.
func (o Output) Print(w io.Writer, v any, text func(w io.Writer)) error {
	if o == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	text(w)
	return nil
}

// Table writes rows in aligned columns, under a header in the user's language. Of no rows it says that there are none.
func Table(w io.Writer, header string, rows func(w io.Writer)) {
	has := false
	show.Table(w, HeaderFor(w, header), func(cells io.Writer) {
		counted := &firstWrite{Writer: cells}
		if ReadsChinese(w) {
			rows(chineseOut{counted})
		} else {
			rows(counted)
		}
		has = counted.seen
	})
	if !has {
		fmt.Fprintln(w, InLanguageOf(w, "none", "无"))
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

// InLanguageOf is a text for those who read w.
func InLanguageOf(w io.Writer, english, chinese string) string {
	if ReadsChinese(w) {
		return chinese
	}
	return english
}

// Tell is fmt.Fprintf with the text of a format for those who read w, see saidInChinese. Values are written as they are.
func Tell(w io.Writer, format string, values ...any) {
	if chinese, has := saidInChinese[format]; has && ReadsChinese(w) {
		fmt.Fprintf(w, chinese, values...)
		return
	}
	fmt.Fprintf(w, format, values...)
}

// WordFor is a word of a closed set (a state, a type), which JSON has in English, for those who read w.
func WordFor(w io.Writer, set, word string) string {
	if ReadsChinese(w) {
		return chinese.Word(set, word)
	}
	return word
}

// Admitted is whether an AppID may authenticate, for those who read w.
func Admitted(w io.Writer, is bool) string {
	if is {
		return InLanguageOf(w, "enabled", "已准入")
	}
	return InLanguageOf(w, "disabled", "未准入")
}

// Joined is a list of what another room says in English, for those who read w.
func Joined(w io.Writer, english []string) string {
	texts := make([]string, len(english))
	for i, text := range english {
		texts[i] = SentenceFor(w, text)
	}
	return strings.Join(texts, InLanguageOf(w, " and ", "、"))
}

// PartsFor is what another room says in English, joined by commas, for those who read w.
func PartsFor(w io.Writer, english string) string {
	parts := strings.Split(english, ", ")
	for i := range parts {
		parts[i] = SentenceFor(w, parts[i])
	}
	return strings.Join(parts, InLanguageOf(w, ", ", "，"))
}

// How many columns of the terminal the names before values take.
const (
	AppNames   = 12
	RelayNames = 18
)

// Listed writes values, a line each, behind their names in the language of those who read w.
func Listed(w io.Writer, width int, rows [][2]string) {
	for _, row := range rows {
		name := HeaderFor(w, row[0])
		fmt.Fprintln(w, name+strings.Repeat(" ", max(0, width-show.Width(name))), row[1])
	}
}

// YesNo is a truth for those who read w.
func YesNo(w io.Writer, is bool) string {
	if is {
		return InLanguageOf(w, "true", "是")
	}
	return InLanguageOf(w, "false", "否")
}

// PrintReasons are the checks of a front or a relay agent.
func PrintReasons(w io.Writer, reasons []ops.Reason) {
	Table(w, "CHECK\tOK\tSEVERITY\tREASON", func(rows io.Writer) {
		for _, r := range reasons {
			fmt.Fprintf(rows, "%s\t%s\t%s\t%s\n", r.Name, YesNo(w, r.Ready), WordFor(w, "severity", string(r.Severity)), SentenceFor(w, r.Reason))
		}
	})
}

// Counted is "front_full 0, source_full 3", in the order of the words.
func Counted(w io.Writer, counts map[string]uint64) string {
	if len(counts) == 0 {
		return InLanguageOf(w, "none", "无")
	}
	parts := make([]string, 0, len(counts))
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", word, counts[word]))
	}
	return strings.Join(parts, ", ")
}

// NotNil is a list that JSON has as [], not as null.
func NotNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// OrNone are the values with commas between, or none.
func OrNone[T ~string](w io.Writer, list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = show.Cell(string(v))
	}
	return cmp.Or(strings.Join(texts, ","), InLanguageOf(w, "none", "无"))
}
