package wiretrace

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// words are the texts in one language.
type words struct {
	begin, received, sent, malformed, closed, dropped, end string
	bytes, more, wrong                                     string
}

var texts = map[show.Language]*words{
	show.English: {
		begin: "tracing the terminals of %s; end with Ctrl-C", received: "terminal → front", sent: "front → terminal",
		malformed: "MALFORMED %s: the front closes the connection without an answer", closed: "closed: %s",
		dropped: "%d events were dropped: there were more than could be shown", end: "the trace has ended: events shown %d",
		bytes: "%d bytes", more: "%d more bytes, not shown", wrong: "!! ",
	},
	show.Chinese: {
		begin: "正在跟踪 %s 的终端；按 Ctrl-C 结束", received: "终端 → 前置", sent: "前置 → 终端",
		malformed: "错误报文 %s：前置不作应答，关闭连接", closed: "连接关闭：%s",
		dropped: "来不及显示，丢弃 %d 项", end: "跟踪结束：共显示 %d 项",
		bytes: "%d 字节", more: "另有 %d 字节，不显示", wrong: "!! ",
	},
}

// Print shows an event to a person.
func Print(w io.Writer, e *Event, lang show.Language) {
	t := texts[lang]
	fmt.Fprint(w, e.Time.In(regulation.Zone).Format(time.TimeOnly+".000"), "  ")
	if e.SessionID != 0 {
		fmt.Fprintf(w, "%s #%d  ", e.Address, e.SessionID)
	}
	switch e.Kind {
	case KindBegin:
		fmt.Fprintf(w, t.begin, e.Address)
	case KindReceived:
		fmt.Fprintf(w, "%s  %s", t.received, title(e.Frame, t))
	case KindSent:
		fmt.Fprintf(w, "%s  %s", t.sent, title(e.Frame, t))
	case KindMalformed:
		fmt.Fprintf(w, t.malformed, e.Reason)
	case KindClosed:
		fmt.Fprintf(w, t.closed, e.Reason)
	case KindDropped:
		fmt.Fprintf(w, t.dropped, e.Count)
	case KindEnd:
		fmt.Fprintf(w, t.end, e.Count)
	}
	fmt.Fprintln(w)
	if e.Frame != nil {
		printFrame(w, e.Frame, t)
	}
}

// title is a frame in one line.
func title(f *Frame, t *words) string {
	parts := []string{}
	switch {
	case f.Message != "" && f.TID != "":
		parts = append(parts, f.Message+" ("+f.TID+")")
	case f.Message != "":
		parts = append(parts, f.Message)
	case f.TID != "":
		parts = append(parts, "TID "+f.TID)
	case f.Type != "":
		parts = append(parts, f.Type)
	}
	if f.Chain != "" && f.Chain != "S" {
		parts = append(parts, "chain "+f.Chain)
	}
	if f.Series != 0 || f.Number != 0 {
		parts = append(parts, fmt.Sprintf("series %d number %d", f.Series, f.Number))
	}
	return strings.Join(append(parts, fmt.Sprintf(t.bytes, f.Length)), ", ")
}

// nameWidth is that of the longest name of an item.
const nameWidth = 16

func printFrame(w io.Writer, f *Frame, t *words) {
	for i := range f.Fields {
		field := &f.Fields[i]
		fmt.Fprintf(w, "    %s %s, "+t.bytes+"\n", field.FID, field.Name, field.Length)
		for j := range field.Items {
			item := &field.Items[j]
			value := item.Value
			if item.Masked {
				value = "<" + value + ">"
			}
			fmt.Fprintf(w, "        %-*s  %s\n", nameWidth, item.Name, value)
		}
		if field.More > 0 {
			fmt.Fprintf(w, "        "+t.more+"\n", field.More)
		}
	}
	for _, problem := range f.problems() {
		fmt.Fprintf(w, "    %s%s\n", t.wrong, problem)
	}
}
