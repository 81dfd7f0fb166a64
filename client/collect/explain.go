package collect

import (
	"fmt"
	"strings"
)

// Language is of the texts for people.
type Language string

// The two languages.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// In is the advice in a language.
func (a Advice) In(l Language) string {
	if l == Chinese {
		return a.Chinese
	}
	return a.English
}

// In is the state's word in a language: "已采集", "present".
func (s State) In(l Language) string { return strings.TrimRight(texts[l].state[s], " 　") }

// Explain is a text for a user or a support desk: a line for each item, then what is missing. Values are masked.
func (r *Result) Explain(l Language) string { return r.explain(l, Item.Masked) }

// ExplainClear is Explain with the values in clear: for a test key's build, whose strings are no secret.
func (r *Result) ExplainClear(l Language) string {
	return r.explain(l, func(i Item) string {
		if i.State == Foreign {
			return i.found
		}
		return i.value
	})
}

func (r *Result) explain(l Language, value func(Item) string) string {
	var b strings.Builder
	for _, it := range r.Items {
		r.line(&b, &it, l, value(it))
	}
	b.WriteString(r.summary(l))
	return b.String()
}

func (r *Result) line(b *strings.Builder, it *Item, l Language, value string) {
	words, name := texts[l], it.Word
	if l == Chinese {
		name = it.Name
	}
	fmt.Fprintf(b, "%s  %s", words.state[it.State], name)
	if value != "" {
		fmt.Fprintf(b, "  %s", value)
	}
	if it.Source != "" {
		fmt.Fprintf(b, "  %s%s", words.source, it.Source)
	}
	if advice := it.Advice.In(l); advice != "" {
		fmt.Fprintf(b, "  %s%s", words.advice, advice)
	}
	b.WriteByte('\n')
}

func (r *Result) summary(l Language) string {
	words := texts[l]
	var missing []string
	for _, it := range r.Items {
		switch {
		case !it.State.Missing():
		case l == Chinese:
			missing = append(missing, it.Name)
		default:
			missing = append(missing, it.Word)
		}
	}
	end := fmt.Sprintf(words.flag, r.Flag()) + r.Environment.words(l) + "\n"
	if len(missing) == 0 {
		return words.whole + end
	}
	return fmt.Sprintf(words.missing, len(missing), strings.Join(missing, words.comma)) + end
}

func (e *Environment) words(l Language) string {
	words := texts[l]
	var is []string
	if e.Container != "" {
		is = append(is, words.container+e.Container)
	}
	if e.VM != "" {
		is = append(is, words.vm+e.VM)
	}
	if e.Root {
		is = append(is, "root")
	}
	if len(is) == 0 {
		return ""
	}
	return words.environment + strings.Join(is, words.comma)
}

type textsOf struct {
	state                                       [len(stateWords)]string
	source, advice, whole, missing, flag, comma string
	environment, container, vm                  string
}

var texts = map[Language]*textsOf{
	Chinese: {
		state: [...]string{
			Present: "已采集", Cut: "已截断", Absent: "缺失　", Denied: "无权限", Foreign: "占位值", NotApplicable: "不适用",
		},
		source: "来源：", advice: "建议：", whole: "各项齐全", missing: "缺 %d 项：%s", flag: "；异常标识 %c", comma: "、",
		environment: "；环境：", container: "容器 ", vm: "虚拟机 ",
	},
	English: {
		state: [...]string{
			Present: "present       ", Cut: "cut           ", Absent: "absent        ", Denied: "denied        ",
			Foreign: "foreign       ", NotApplicable: "not_applicable",
		},
		source: "source: ", advice: "advice: ", whole: "every item is there", missing: "missing %d: %s", flag: "; flag %c", comma: ", ",
		environment: "; environment: ", container: "container ", vm: "virtual machine ",
	},
}
