package daily

import (
	"fmt"
	"io"
	"strings"

	"github.com/tradefront/tradefront/internal/chinese"
)

// stepNames are what people read.
var stepNames = map[string]Text{
	StepExport:    {"导出", "export"},
	StepVerify:    {"检查", "verify"},
	StepReconcile: {"对账", "reconcile"},
	StepStatus:    {"状态", "status"},
}

// WriteText writes the verdict first, in both languages, and then what each step found.
func (r *Result) WriteText(w io.Writer) {
	fmt.Fprintf(w, "%s\n%s\n", r.Chinese, r.English)
	for i := range r.Steps {
		r.Steps[i].write(w)
	}
	for _, text := range r.Warnings {
		both := chinese.Both(text)
		fmt.Fprintf(w, "\n警告 warning: %s\n", both.Chinese)
		if both.English != "" {
			fmt.Fprintf(w, "  %s\n", both.English)
		}
	}
	r.writeFiles(w)
}

func (s *Step) write(w io.Writer) {
	mark, name := "通过 ok", stepNames[s.Name]
	if !s.Good {
		mark = "不通过 NOT ok"
	}
	fmt.Fprintf(w, "\n%s %s\t%s\n", name.Chinese, name.English, mark)
	for _, t := range s.Said {
		fmt.Fprintf(w, "  %s\n", t.Chinese)
		if t.English != t.Chinese {
			fmt.Fprintf(w, "  %s\n", t.English)
		}
	}
	for _, reason := range s.Reasons {
		fmt.Fprintf(w, "  原因 %s\n  处理 %s\n    why  %s\n    next %s\n", reason.Why.Chinese, reason.Next.Chinese, reason.Why.English, reason.Next.English)
	}
	if s.More > 0 {
		fmt.Fprintf(w, "  另有 %d 项 and %d more\n", s.More, s.More)
	}
}

// writeFiles says what to do with which file.
func (r *Result) writeFiles(w io.Writer) {
	if len(r.Files) == 0 {
		return
	}
	fmt.Fprintln(w, "\n文件 files")
	for i := range r.Files {
		f := &r.Files[i]
		what := "已报送 handed in"
		switch {
		case f.HandIn && r.Verdict == DoNotHandIn:
			what = "切勿报送 do not hand in"
		case f.HandIn:
			what = "请报送 hand in"
		}
		fmt.Fprintf(w, "  %s\t%s\n    %d 行 rows, sha256 %s\n", f.Path, what, f.Rows, f.SHA256)
	}
	if r.Verdict == HandIn {
		fmt.Fprint(w, "\n报送之后请登记 note it once it is handed in:\n  tradefront report handed-in")
		for i := range r.Files {
			if r.Files[i].HandIn {
				fmt.Fprintf(w, " '%s'", strings.ReplaceAll(r.Files[i].Path, "'", `'\''`))
			}
		}
		fmt.Fprintln(w, " --receipt 回执号")
	}
}
