package auditsearch

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/auditlog"
	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/explain"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// Printer shows lines as they are found. A table whose columns fit their widest cell would have to know them all: these columns
// have widths that fit what fronts write, and a longer cell moves the rest of its line.
type Printer struct {
	out    *bufio.Writer
	words  *words
	chosen show.Language
	begun  bool
}

// NewPrinter begins a table in a language.
func NewPrinter(w io.Writer, lang show.Language) *Printer {
	return &Printer{out: bufio.NewWriter(w), words: texts[lang], chosen: lang}
}

// words are the texts in one language.
type words struct {
	header                         [columns]string
	found, damaged, hidden, unread string
	names                          map[string]string // of the values in the last column; without one, the English is it
}

const columns = 9

// widths of the columns but the last, in letters.
var widths = [columns - 1]int{23, 6, 12, 22, 6, 12, 24, 21}

var texts = map[show.Language]*words{
	show.English: {
		header:  [columns]string{"TIME", "FRONT", "EVENT", "REASON", "REF", "ACCOUNT", "APPID", "ADDRESS", "MORE"},
		found:   "lines found: %d, files read: %d",
		damaged: "damaged lines passed over: %d",
		hidden: "lines that may belong here and that fronts only counted, since they came faster than the audit log takes them: %d " +
			"(see --event suppressed)",
		unread: "and %d more",
	},
	show.Chinese: {
		header:  [columns]string{"时间", "前置", "事件", "原因", "查询号", "资金账户", "AppID", "地址", "其他"},
		found:   "找到 %d 行，读取文件 %d 个",
		damaged: "跳过损坏的行 %d 行",
		hidden:  "另有 %d 行可能与此有关，因来得太快，前置只计数、未写入审计日志：见 --event suppressed",
		unread:  "以及另外 %d 项",
		names: map[string]string{
			"item": "字段", "record": "记录", "flag": "异常标识", "problem": "终端信息问题", "relay": "中继", "operator": "操作员", "submission": "上报编号", "closing": "连接关闭原因",
			"upstream_ref": "前置查询号", "command": "命令", "subject": "对象", "changes": "更改", "why": "原因", "by": "操作人", "text": "文本", "lines": "行数",
		},
	},
}

// Line shows a line that was found.
func (p *Printer) Line(e *auditlog.Entry) error {
	if !p.begun {
		p.begun = true
		if err := p.row(&p.words.header); err != nil {
			return err
		}
	}
	address := e.From()
	if port := cmp.Or(e.TerminalPort, e.Port); address != "" && port != 0 {
		address += " " + strconv.Itoa(int(port))
	}
	if err := p.row(&[columns]string{
		e.Time.In(regulation.Zone).Format(regulation.TimeLayout + ".000"), fmt.Sprintf("%d/%d", e.FrontID, e.SessionID), e.Event, reasonOf(e),
		e.Ref, e.Account, e.AppID, cmp.Or(address, e.Source), p.more(e),
	}); err != nil {
		return err
	}
	return p.out.Flush()
}

func reasonOf(e *auditlog.Entry) string {
	if e.Code == 0 {
		return e.Reason
	}
	return fmt.Sprintf("%s (%d)", e.Reason, e.Code)
}

// more is what only some lines have, and the line's place.
func (p *Printer) more(e *auditlog.Entry) string {
	var all []string
	for _, x := range []struct{ name, value string }{
		{"item", e.Item},
		{"record", e.RecordID},
		{"flag", e.Flag},
		{"problem", e.TerminalProblem},
		{"relay", e.RelayAppID},
		{"operator", e.Operator},
		{"submission", e.SubmitID},
		{"closing", e.Closing},
		{"upstream_ref", e.UpstreamRef},
		{"command", e.Command},
		{"subject", e.Subject},
		{"changes", e.Changes},
		{"why", e.Grounds},
		{"by", e.By},
		{"text", e.Text},
	} {
		if x.value != "" {
			all = append(all, p.name(x.name)+" "+show.Cell(x.value))
		}
	}
	if e.Lines > 0 {
		all = append(all, fmt.Sprintf("%s %d (%s)", p.name("lines"), e.Lines, counted(e.Reasons)))
	}
	return strings.Join(append(all, show.Cell(e.Where)), ", ")
}

func (p *Printer) name(english string) string { return cmp.Or(p.words.names[english], english) }

// counted is "unknown_app 3, wrong_password 1", the most frequent first.
func counted(counts map[string]int) string {
	parts := make([]string, 0, len(counts))
	for _, word := range byCount(counts) {
		parts = append(parts, fmt.Sprintf("%s %d", show.Cell(word), counts[word]))
	}
	return strings.Join(parts, ", ")
}

func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}

// row: what a terminal sent before it was authenticated is in a line as it was sent.
func (p *Printer) row(cells *[columns]string) error {
	for i, cell := range cells[:columns-1] {
		cell = show.Cell(cell)
		_, _ = p.out.WriteString(cell) // Flush has the error
		for range max(0, widths[i]-show.Width(cell)) {
			_ = p.out.WriteByte(' ')
		}
		_, _ = p.out.WriteString("  ")
	}
	_, _ = p.out.WriteString(cells[columns-1])
	return p.out.WriteByte('\n')
}

// summaryReasons is how many reasons the summary explains.
const summaryReasons = 10

// Summary says how much was found, what the reasons mean, and what may be missing.
func (p *Printer) Summary(r *Result) error {
	if p.begun {
		_ = p.out.WriteByte('\n')
	}
	fmt.Fprintf(p.out, p.words.found+"\n", r.Found, r.Files)
	for i, word := range byCount(r.Reasons) {
		if i == summaryReasons {
			break
		}
		fmt.Fprintf(p.out, "%8d  %s", r.Reasons[word], show.Cell(word))
		if what := p.about(word); what != "" {
			fmt.Fprintf(p.out, ": %s", what)
		}
		_ = p.out.WriteByte('\n')
	}
	if r.Hidden > 0 {
		fmt.Fprintf(p.out, p.words.hidden+"\n", r.Hidden)
	}
	return p.out.Flush()
}

func (p *Printer) about(word string) string {
	en, zh := explain.About(word)
	if p.chosen == show.Chinese {
		return zh.What
	}
	return en.What
}

// Problems says what could not be read. It is for standard error, in every form of output.
func Problems(w io.Writer, r *Result, lang show.Language) {
	t := texts[lang]
	if r.Damaged > 0 {
		fmt.Fprintf(w, t.damaged+"\n", r.Damaged)
	}
	for _, text := range r.Problems {
		if lang == show.Chinese {
			text = chinese.Of(text)
		}
		fmt.Fprintln(w, "  "+text)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "  "+t.unread+"\n", r.More)
	}
}

// AppendJSON appends a line unchanged, with its place as the first member.
func AppendJSON(dst []byte, e *auditlog.Entry, raw []byte) []byte {
	where, err := json.Marshal(e.Where)
	if err != nil {
		panic("auditsearch: a place: " + err.Error()) // a string always has a JSON form
	}
	dst = append(dst, `{"where":`...)
	dst = append(dst, where...)
	dst = append(dst, ',')
	dst = append(dst, raw[1:]...)
	return append(dst, '\n')
}
