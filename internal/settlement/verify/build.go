package verify

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
)

const (
	// largeShare of the logins from one address is told, if there are at least largeShareOf.
	largeShare   = 0.2
	largeShareOf = 20
)

// builder makes the report out of what was counted.
type builder struct {
	found     *findings
	shares    *shares
	addresses addresses
	rules     *rules
	options   *Options
}

func (b *builder) build(file File) *Report {
	b.judgeAddresses()
	r := &Report{Schema: Schema, File: file, Lines: b.lines(), NotChecked: b.omissions()}
	r.Checked = b.options.Now.In(regulation.Zone).Format(time.RFC3339)
	if b.shares.opened.lines > 0 {
		r.Opened = b.opened()
	}
	r.Faults, r.Verdict.Faults = b.found.list(true)
	if b.shares.unnamedLength > 0 {
		adviseToName(r.Faults)
	}
	r.Warnings, r.Verdict.Warnings = b.found.list(false)
	r.Verdict = sentence(r)
	return r
}

// adviseToName says what is the likelier cause where nothing is known of a key version: it
// was taken for RSA's, and SM2 makes ciphertexts of other lengths.
func adviseToName(faults []Finding) {
	for i := range faults {
		if f := &faults[i]; f.Kind == SupplementLength.String() {
			f.Advice = "an SM2 key's version must be named by --config or --private-key: verify again with one of them; if it stays, " + f.Advice
			f.AdviceZH = "SM2密钥的版本须通过--config或--private-key指明：请指明后重新检查；若仍存在，" + f.AdviceZH
		}
	}
}

// judgeAddresses tells which addresses hold more than people behind one router would.
func (b *builder) judgeAddresses() {
	total := b.shares.opened.v4 + b.shares.opened.v6
	if total < largeShareOf {
		return
	}
	for _, a := range b.addresses.top {
		if part := float64(a.count) / float64(total); part >= largeShare {
			b.found.add(AddressShare, 0, fmt.Sprintf("%s: %.1f%% of %s", printed(a.addr), 100*part, plural(total, "login")))
		}
	}
}

// sentence is the verdict for a clerk who reads nothing else.
func sentence(r *Report) Verdict {
	v := r.Verdict
	v.Word = wordOf(r.Faults)
	v.Good = v.Word == WordGood
	lines := r.Lines.Total
	switch {
	case v.Word == WordPartial:
		v.English = fmt.Sprintf("PARTIAL, do not hand in: the day was not over when it was made. %s without another fault.", plural(lines, "line"))
		v.Chinese = fmt.Sprintf("部分报送文件，请勿报送：生成时交易日尚未结束。%s行，未发现其他错误。", group(lines))
	case v.Word == WordIncomplete:
		v.English = fmt.Sprintf("INCOMPLETE as far as is known, do not hand in unless that was decided: its manifest names what may be missing. "+
			"%s without another fault.", plural(lines, "line"))
		v.Chinese = fmt.Sprintf("已知可能缺少记录，未经决定请勿报送：清单（manifest）列出了可能缺少的内容。%s行，未发现其他错误。", group(lines))
	case !v.Good:
		v.English = fmt.Sprintf("Do not hand in: %s in %s.", plural(v.Faults, "fault"), plural(lines, "line"))
		v.Chinese = fmt.Sprintf("不合格，请勿报送：%s行中发现%s处错误。", group(lines), group(v.Faults))
	case lines == 0:
		v.English = "Good in form, and EMPTY: not one login. Is that the right day?"
		v.Chinese = "格式合格，但文件为空：没有任何登录记录。请确认日期是否正确。"
	case r.Opened != nil && r.Opened.Lines == lines:
		v.English = fmt.Sprintf("Good: %s, each opened with a test key, without a fault.", plural(lines, "line"))
		v.Chinese = fmt.Sprintf("合格：%s行全部解密检查，未发现错误。", group(lines))
	case r.Opened != nil:
		v.English = fmt.Sprintf("Good: %s without a fault, %s of them opened with test keys.", plural(lines, "line"), group(r.Opened.Lines))
		v.Chinese = fmt.Sprintf("合格：%s行未发现错误，其中%s行已解密检查。", group(lines), group(r.Opened.Lines))
	default:
		v.English = fmt.Sprintf("Good in form: %s without a fault; the ciphertexts were not opened.", plural(lines, "line"))
		v.Chinese = fmt.Sprintf("格式合格：%s行未发现错误；密文未解密，内容未检查。", group(lines))
	}
	return v
}

// wordOf goes by the worst that was found.
func wordOf(faults []Finding) Word {
	word := WordGood
	for _, f := range faults {
		switch f.Kind {
		case FilePartial.String():
			word = WordPartial
		case FileIncomplete.String():
			if word == WordGood {
				word = WordIncomplete
			}
		default:
			return WordFaulty
		}
	}
	return word
}

// omissions says what was not looked at.
func (b *builder) omissions() []Omission {
	all := []Omission{}
	if b.shares.opened.lines == 0 {
		all = append(all, Omission{
			"ciphertexts",
			"what is inside the ciphertexts: no line was opened (--private-key VERSION=PEM, with a test key)",
			"密文内容：未提供测试解密密钥，未解密",
		})
	}
	if b.options.Calendar == nil {
		all = append(all, Omission{
			"window_start",
			"the trading day and the start of its window: no calendar was given (--config or --calendar)",
			"交易日及其时段的起点：未提供交易日历",
		})
	}
	if b.options.UnitID == "" {
		all = append(all, Omission{
			"unit_id",
			"whose report it is: no company was given (--config)",
			"期货公司统一标识：未提供配置",
		})
	}
	if !b.options.Complete {
		all = append(all, Omission{
			"key_versions",
			"whether the key versions are those in force: the keys are not known (--config)",
			"加密密钥版本是否有效：未提供配置",
		})
	}
	return all
}

func (b *builder) lines() Lines {
	s := b.shares
	var sent int64
	for _, n := range s.versions.of {
		sent += n
	}
	sent += s.versions.others - s.terminalEmpty - s.terminalOdd
	return Lines{
		Total:       s.lines,
		KeyVersions: named(&s.versions),
		Terminal: parts(
			Share{Name: "ciphertext", English: "ciphertext", Chinese: "有密文", Count: max(sent, 0)},
			Share{Name: "empty", English: "empty", Chinese: "为空", Count: s.terminalEmpty},
			Share{Name: "other_length", English: "not as long as a ciphertext", Chinese: "长度异常", Count: s.terminalOdd},
		),
	}
}

// parts fills in the shares of a closed list.
func parts(all ...Share) []Share {
	var total int64
	for _, s := range all {
		total += s.Count
	}
	for i := range all {
		all[i].Share = part(all[i].Count, total)
	}
	return all
}

// named makes the list of what has names of its own, the most frequent first.
func named(c *counts[string]) []Share {
	all := make([]Share, 0, len(c.of)+1)
	for _, name := range slices.Sorted(maps.Keys(c.of)) {
		all = append(all, Share{Name: name, English: name, Chinese: name, Count: c.of[name]})
	}
	slices.SortStableFunc(all, func(x, y Share) int { return cmp.Compare(y.Count, x.Count) })
	if c.others > 0 {
		all = append(all, Share{English: "others", Chinese: "其他", Count: c.others})
	}
	return parts(all...)
}

// part is a share of 1, rounded to four decimals.
func part(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return math.Round(float64(n)/float64(of)*1e4) / 1e4
}

// firstVendor is the vendor ID of the first line that has one in its form.
func firstVendor(data []byte) string {
	for text := range bytes.Lines(data) {
		text = bytes.TrimPrefix(text, byteOrderMark)
		if vendor, _, ok := bytes.Cut(text, separator); ok && isVendor(vendor) {
			return string(vendor)
		}
	}
	return ""
}

func dayText(day calendar.TradingDay) string {
	if day == 0 {
		return ""
	}
	return day.String()
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(regulation.TimeLayout)
}

// softwareOf cuts an AppID that is in its form.
func softwareOf(appID string) (software, version string) {
	at := strings.LastIndexByte(appID, '_')
	return appID[:at], appID[at+1:]
}
