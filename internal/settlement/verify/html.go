package verify

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed page.html
var pageSource string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"group": group, "percent": percent, "dash": orDash,
	}).Parse(pageSource))
})

// PageMark is near the beginning of each page about a report, so that a later one knows what it may
// replace.
const PageMark = `<meta name="generator" content="tradefront report `

// WriteHTML writes the report as one page that needs nothing else: no script, no link.
func (r *Report) WriteHTML(w io.Writer) error {
	return page().Execute(w, pageData{Report: r, Charts: r.charts(), Hours: r.hoursChart()})
}

type pageData struct {
	*Report
	Charts []chart
	Hours  *columns
}

// table is one kind of findings on the page.
type table struct {
	Class string
	All   []tableRow
}

type tableRow struct {
	Finding
	Few  []Example
	More int64
}

func (d pageData) FaultTable() table   { return newTable("fault", d.Faults) }
func (d pageData) WarningTable() table { return newTable("warning", d.Warnings) }

func newTable(class string, all []Finding) table {
	t := table{Class: class}
	for _, f := range all {
		few := f.Examples[:min(len(f.Examples), examplesShown)]
		t.All = append(t.All, tableRow{f, few, f.Count - int64(len(few))})
	}
	return t
}

// Place is where a finding is, in Chinese.
func (e Example) Place() string {
	switch {
	case e.Line == 0:
		return ""
	case e.OtherLine != 0:
		return fmt.Sprintf("第%d行（首次出现于第%d行）", e.Line, e.OtherLine)
	}
	return fmt.Sprintf("第%d行", e.Line)
}

// chart is one picture of bars that lie. The numbers are the SVG's units, pixels at 100 %.
type chart struct {
	Chinese, English string
	Note             string
	Bars             []bar
	Height           int
}

type bar struct {
	Label string
	Count int64
	Share float64
	Y     int
	Width float64
	Warn  bool // not as it should be: drawn in another colour
}

const (
	barPitch = 26
	barMax   = 170.0 // units of a bar of 100 %
	barsMost = 12    // bars of one chart; the JSON has them all
)

func newChart(chinese, english string, all []bar) chart {
	c := chart{Chinese: chinese, English: english}
	if len(all) > barsMost {
		c.Note = fmt.Sprintf("前%d项，共%s项 the first %d of %s", barsMost, group(int64(len(all))), barsMost, group(int64(len(all))))
		all = all[:barsMost]
	}
	for i := range all {
		all[i].Y = i * barPitch
		all[i].Width = max(all[i].Share*barMax, 1)
	}
	c.Bars, c.Height = all, len(all)*barPitch
	return c
}

// shareChart draws a list of shares; good are the names that are as they should be, none
// for a list in which nothing is wrong.
func shareChart(chinese, english string, all []Share, good ...string) chart {
	var bars []bar
	for _, s := range all {
		if s.Count == 0 {
			continue
		}
		b := bar{Label: s.Chinese + " " + s.English, Count: s.Count, Share: s.Share, Warn: len(good) > 0}
		switch {
		case s.Chinese == s.English:
			b.Label = s.English
		case len(s.Name) == 1: // a code of the regulation
			b.Label = s.Name + " " + b.Label
		}
		for _, name := range good {
			b.Warn = b.Warn && s.Name != name
		}
		bars = append(bars, b)
	}
	return newChart(chinese, english, bars)
}

func (r *Report) charts() []chart {
	all := []chart{
		shareChart("加密密钥版本", "Key version", r.Lines.KeyVersions),
		shareChart("终端采集信息密文", "Terminal item", r.Lines.Terminal, "ciphertext"),
	}
	if o := r.Opened; o != nil {
		all = append(all,
			shareChart("异常标识", "Abnormal flag", o.Flags, "0"),
			shareChart("终端采集信息（解密后）", "Terminal item, opened", o.TerminalItems, "good"),
			appChart(o),
			softwareChart(o),
			shareChart("终端类型", "Terminal type", o.TerminalTypes),
			missingChart(o),
			shareChart("用户类型", "User type", o.UserTypes),
			shareChart("接入模式", "Mode", o.Modes),
			shareChart("公网IP性质", "Address kind", o.AddressKinds, "public"),
			shareChart("公网IP类型", "Address family", o.AddressFamilies),
			addressChart(o),
		)
	}
	drawn := all[:0]
	for _, c := range all {
		if len(c.Bars) > 0 {
			drawn = append(drawn, c)
		}
	}
	return drawn
}

func appChart(o *Opened) chart {
	var bars []bar
	for _, a := range o.Apps {
		bars = append(bars, bar{Label: orElse(a.AppID, "其他 others"), Count: a.Count, Share: a.Share})
	}
	return newChart("终端软件", "AppID", bars)
}

// softwareChart shows which AppIDs the abnormal flags come from.
func softwareChart(o *Opened) chart {
	var bars []bar
	for _, a := range o.Apps {
		if a.Abnormal > 0 {
			bars = append(bars, bar{
				Label: orElse(a.AppID, "其他 others"), Count: a.Abnormal, Share: part(a.Abnormal, a.Count), Warn: true,
			})
		}
	}
	return newChart("各软件异常比例", "Abnormal, of each AppID's logins", bars)
}

func missingChart(o *Opened) chart {
	var bars []bar
	for _, m := range o.MissingItems {
		bars = append(bars, bar{Label: m.TerminalType + " " + m.Item, Count: m.Count, Share: m.Share, Warn: true})
	}
	return newChart("缺失的采集项", "Missing items, of the type's logins", bars)
}

func addressChart(o *Opened) chart {
	var bars []bar
	for _, a := range o.Addresses {
		bars = append(bars, bar{Label: a.Name, Count: a.Count, Share: a.Share, Warn: a.Share >= largeShare})
	}
	c := newChart("登录最多的公网IP", "Addresses with the most logins", bars)
	c.Note = fmt.Sprintf("共%s个不同地址 of %s different addresses", group(o.AddressesDistinct), group(o.AddressesDistinct))
	return c
}

// columns is the day by its hours.
type columns struct{ Bars []column }

type column struct {
	Label        string
	Count        int64
	X            int
	Y, H, LabelY float64
}

const (
	columnPitch = 38
	columnMax   = 130.0
)

func (r *Report) hoursChart() *columns {
	if r.Opened == nil {
		return nil
	}
	var most int64 = 1
	for _, h := range r.Opened.Hours {
		most = max(most, h.Count)
	}
	c := &columns{}
	for i, h := range r.Opened.Hours {
		height := columnMax * float64(h.Count) / float64(most)
		c.Bars = append(c.Bars, column{
			Label: h.Name, Count: h.Count, X: i * columnPitch, Y: 20 + columnMax - height, H: height, LabelY: 14 + columnMax - height,
		})
	}
	return c
}
