package quality

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"

	"github.com/tradefront/tradefront/internal/show"
)

// shownApps is how many AppIDs the text names; page and JSON have them all.
const shownApps = 30

// WriteText writes the report for a terminal, Chinese first.
func (r *Report) WriteText(w io.Writer) error {
	t := show.NewColumns(w)
	fmt.Fprintf(t, "终端采集质量 collection quality\t%s\t前一交易日 day before %s\n", r.Day, r.Before)
	if r.Today.Logins == 0 {
		fmt.Fprintln(t, "当日没有登录记录（0 行）\tno login on this day (0 rows)")
	}
	fmt.Fprintf(t, "登录 logins\t%d\t%d\n", r.Today.Logins, r.Earlier.Logins)
	fmt.Fprintf(t, "异常 abnormal\t%s\t%s\n", r.Today, r.Earlier)
	for _, f := range r.Flags {
		fmt.Fprintf(t, "  %s %s %s\t%d\t%d\n", f.Flag, f.Chinese, f.English, f.Today, f.Earlier)
	}
	fmt.Fprintln(t, "\nAppID\t异常 abnormal\t前一日 before\t标识1 标识2 标识3\t")
	for i := range r.Apps[:min(shownApps, len(r.Apps))] {
		a := &r.Apps[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%d %d %d\t%s\n", a.Name(), a.Today, a.Earlier, a.Flags[1], a.Flags[2], a.Flags[3], a.Remark())
	}
	if more := len(r.Apps) - shownApps; more > 0 {
		fmt.Fprintf(t, "另有 %d 个AppID and %d more AppIDs: -o json, --html\n", more, more)
	}
	return t.Flush()
}

// String is the part that is abnormal, of how many.
func (c Count) String() string {
	if c.Logins == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d (%.2f%%)", c.Abnormal, c.Logins, 100*c.AbnormalShare)
}

// Percent is the share as a number from 0 to 100, for a bar.
func (c Count) Percent() float64 { return 100 * c.AbnormalShare }

// Name is the AppID, or what is counted together.
func (a *App) Name() string {
	if a.AppID == others {
		return "其他 others"
	}
	return a.AppID
}

// Remark is what to look at, in both languages; "" if nothing.
func (a *App) Remark() string {
	switch {
	case a.Worse:
		return "比前一日差，请通知软件厂商 worse than the day before: tell its vendor"
	case a.New && a.Today.Abnormal > 0:
		return "新AppID且有异常 new, with abnormal flags"
	case a.New:
		return "新AppID new"
	case a.Today.Logins == 0:
		return "当日无登录 no login on this day"
	}
	return ""
}

//go:embed page.html
var pageSource string

var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageSource)) })

// WriteHTML writes the report as one page that needs nothing else: no script, no link.
func (r *Report) WriteHTML(w io.Writer) error { return page().Execute(w, r) }
