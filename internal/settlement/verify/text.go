package verify

import (
	"fmt"
	"io"
	"strings"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/show"
)

// WriteText writes the report for a terminal, in Chinese or in English with Chinese titles.
func (r *Report) WriteText(w io.Writer, lang show.Language) error {
	t := &textWriter{w: show.NewColumns(w), chinese: lang == show.Chinese}
	if !t.chinese {
		t.line("%s", r.Verdict.English)
	}
	t.line("%s", r.Verdict.Chinese)
	t.file(&r.File)
	t.findings(t.title("FAULTS", "错误"), r.Faults)
	t.findings(t.title("WARNINGS", "警告"), r.Warnings)
	if len(r.NotChecked) > 0 {
		t.line("\n%s", t.title("NOT CHECKED", "未检查"))
		for _, o := range r.NotChecked {
			t.line("  %s", t.say(o.English, o.Chinese))
		}
	}
	t.line("\n%s\t%s", t.title("LINES", "记录"), group(r.Lines.Total))
	t.shares(t.title("key version", "加密密钥版本"), r.Lines.KeyVersions)
	t.shares(t.title("terminal item", "终端采集信息"), r.Lines.Terminal)
	if r.Opened != nil {
		t.opened(r.Opened)
	}
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

// textWriter keeps the first error, so that each line need not look at it.
type textWriter struct {
	w       *show.Columns
	chinese bool
	err     error
}

// say is a text in the language of who reads it.
func (t *textWriter) say(english, chinese string) string {
	if t.chinese {
		return chinese
	}
	return english
}

// title has the Chinese for those who read English, too.
func (t *textWriter) title(english, chinese string) string {
	return t.say(english+" "+chinese, chinese)
}

func (t *textWriter) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *textWriter) file(f *File) {
	t.line("\n%s\t%s", t.say("file", "文件"), f.Path)
	t.line(t.say("unit, day\t%s, %s", "期货公司、交易日\t%s，%s"), orDash(f.Unit), orDash(f.Day))
	t.line(t.say("window\t%s to %s", "时段\t%s 至 %s"), orDash(f.WindowStart), orDash(f.WindowEnd))
	t.line("%s\t%s", t.say("vendor ID", "软件厂商 ID"), orDash(f.VendorID))
	t.line(t.say("size\t%s bytes", "大小\t%s 字节"), group(f.Bytes))
	t.line("sha256\t%s", f.SHA256)
}

func (t *textWriter) findings(title string, all []Finding) {
	if len(all) == 0 {
		return
	}
	t.line("\n%s", title)
	for _, f := range all {
		t.line(t.say("  %s: %s (%s)", "  %s：%s（%s）"), f.Kind, t.say(f.English, f.Chinese), group(f.Count))
		few := f.Examples[:min(len(f.Examples), examplesShown)]
		for _, e := range few {
			t.line("    %s", t.say(e.String(), e.Chinese()))
		}
		if more := f.Count - int64(len(few)); more > 0 {
			t.line(t.say("    and %s more", "    另有 %s 处"), group(more))
		}
		t.line(t.say("    what to do: %s", "    处理：%s"), t.say(f.Advice, f.AdviceZH))
	}
}

// String is the place of a finding, and what exactly is wrong there.
func (e Example) String() string {
	var s strings.Builder
	switch {
	case e.Line == 0 && e.Problem == "":
		return "the file"
	case e.Line == 0:
		return e.Problem
	case e.OtherLine != 0:
		fmt.Fprintf(&s, "line %d, first on line %d", e.Line, e.OtherLine)
	default:
		fmt.Fprintf(&s, "line %d", e.Line)
	}
	if e.Problem != "" {
		s.WriteString(": " + e.Problem)
	}
	return s.String()
}

// Chinese is String in Chinese.
func (e Example) Chinese() string {
	place, problem := e.Place(), chinese.Of(e.Problem)
	for _, kind := range addrKinds {
		if problem == kind.english {
			problem = kind.chinese
		}
	}
	switch {
	case place == "" && problem == "":
		return "整个文件"
	case place == "":
		return problem
	case problem == "":
		return place
	}
	return place + "：" + problem
}

func (t *textWriter) shares(title string, all []Share) {
	t.line("\n  %s", title)
	for _, s := range all {
		if s.Count > 0 {
			t.line("    %s\t%s\t%s", t.say(s.label(), s.labelInChinese()), group(s.Count), percent(s.Share))
		}
	}
}

// label is the name, and what it means where it does not say so itself.
func (s Share) label() string {
	switch {
	case s.Name == s.English:
		return s.Name
	case len(s.Name) == 1:
		return s.Name + " " + s.English
	case strings.ContainsAny(s.Name, ".:"):
		return s.Name + " (" + s.English + ")"
	}
	return s.English
}

// labelInChinese is label in Chinese.
func (s Share) labelInChinese() string {
	switch {
	case len(s.Name) == 1:
		return s.Name + " " + s.Chinese
	case s.Name != s.Chinese && strings.ContainsAny(s.Name, ".:"):
		return s.Name + "（" + s.Chinese + "）"
	}
	return s.Chinese
}

func (t *textWriter) opened(o *Opened) {
	t.line("\n%s\t%s", t.title("OPENED WITH TEST KEYS", "已解密"), group(o.Lines))
	t.shares(t.title("abnormal flag", "异常标识"), o.Flags)
	t.line("\n  AppID\t%s", t.say("logins\tshare\tabnormal", "登录\t占比\t异常"))
	for _, a := range o.Apps {
		t.line("    %s\t%s\t%s\t%s", orElse(a.AppID, t.say("others", "其他")), group(a.Count), percent(a.Share), group(a.Abnormal))
	}
	t.shares(t.title("user type", "用户类型"), o.UserTypes)
	t.shares(t.title("mode", "接入模式"), o.Modes)
	t.shares(t.title("terminal item", "终端采集信息"), o.TerminalItems)
	t.shares(t.title("terminal type", "终端类型"), o.TerminalTypes)
	if len(o.MissingItems) > 0 {
		t.line("\n  %s\t%s", t.title("missing terminal items", "缺失的采集项"), t.say("logins\tof that type", "登录\t占该类型"))
		for _, m := range o.MissingItems {
			t.line("    %s %s\t%s\t%s", m.TerminalType, m.Item, group(m.Count), percent(m.Share))
		}
	}
	t.shares(t.title("address family", "地址类型"), o.AddressFamilies)
	t.shares(t.title("address kind", "地址性质"), o.AddressKinds)
	t.shares(fmt.Sprintf(t.say("addresses with the most logins, of %s 公网IP", "登录最多的公网IP，共 %s 个"), group(o.AddressesDistinct)), o.Addresses)
	t.shares(t.title("hour of login", "登入时间（时）"), o.Hours)
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }

func orDash(s string) string { return orElse(s, "-") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
