package verify

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := &textWriter{w: tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)}
	t.line("%s", r.Verdict.English)
	t.line("%s", r.Verdict.Chinese)
	t.file(&r.File)
	t.findings("FAULTS 错误", r.Faults)
	t.findings("WARNINGS 警告", r.Warnings)
	if len(r.NotChecked) > 0 {
		t.line("\nNOT CHECKED 未检查")
		for _, o := range r.NotChecked {
			t.line("  %s", o.English)
		}
	}
	t.line("\nLINES 记录\t%s", group(r.Lines.Total))
	t.shares("key version 加密密钥版本", r.Lines.KeyVersions)
	t.shares("terminal item 终端采集信息", r.Lines.Terminal)
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
	w   *tabwriter.Writer
	err error
}

func (t *textWriter) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *textWriter) file(f *File) {
	t.line("\nfile\t%s", f.Path)
	t.line("unit, day\t%s, %s", orDash(f.Unit), orDash(f.Day))
	t.line("window\t%s to %s", orDash(f.WindowStart), orDash(f.WindowEnd))
	t.line("vendor ID\t%s", orDash(f.VendorID))
	t.line("size\t%s bytes", group(f.Bytes))
	t.line("sha256\t%s", f.SHA256)
}

func (t *textWriter) findings(title string, all []Finding) {
	if len(all) == 0 {
		return
	}
	t.line("\n%s", title)
	for _, f := range all {
		t.line("  %s: %s (%s)", f.Kind, f.English, group(f.Count))
		few := f.Examples[:min(len(f.Examples), examplesShown)]
		for _, e := range few {
			t.line("    %s", e)
		}
		if more := f.Count - int64(len(few)); more > 0 {
			t.line("    and %s more", group(more))
		}
		t.line("    what to do: %s", f.Advice)
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

func (t *textWriter) shares(title string, all []Share) {
	t.line("\n  %s", title)
	for _, s := range all {
		if s.Count > 0 {
			t.line("    %s\t%s\t%s", s.label(), group(s.Count), percent(s.Share))
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

func (t *textWriter) opened(o *Opened) {
	t.line("\nOPENED WITH TEST KEYS 已解密\t%s", group(o.Lines))
	t.shares("abnormal flag 异常标识", o.Flags)
	t.line("\n  AppID\tlogins\tshare\tabnormal")
	for _, a := range o.Apps {
		t.line("    %s\t%s\t%s\t%s", orElse(a.AppID, "others"), group(a.Count), percent(a.Share), group(a.Abnormal))
	}
	t.shares("user type 用户类型", o.UserTypes)
	t.shares("mode 接入模式", o.Modes)
	t.shares("terminal item 终端采集信息", o.TerminalItems)
	t.shares("terminal type 终端类型", o.TerminalTypes)
	if len(o.MissingItems) > 0 {
		t.line("\n  missing terminal items 缺失的采集项\tlogins\tof that type")
		for _, m := range o.MissingItems {
			t.line("    %s %s\t%s\t%s", m.TerminalType, m.Item, group(m.Count), percent(m.Share))
		}
	}
	t.shares("address family 地址类型", o.AddressFamilies)
	t.shares("address kind 地址性质", o.AddressKinds)
	t.shares(fmt.Sprintf("addresses with the most logins, of %s 公网IP", group(o.AddressesDistinct)), o.Addresses)
	t.shares("hour of login 登入时间（时）", o.Hours)
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }

func orDash(s string) string { return orElse(s, "-") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
