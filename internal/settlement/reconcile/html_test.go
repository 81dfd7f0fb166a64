package reconcile

import (
	"bytes"
	"strings"
	"testing"
)

// Each kind has its words in both languages.
func TestKindsHaveChineseWords(t *testing.T) {
	for _, k := range Kinds() {
		if k.WhatChinese == "" || k.DoChinese == "" || k.What == "" || k.Do == "" {
			t.Errorf("%s lacks a text", k.Kind)
		}
		// 上报 is what a relay does, and never what the report for the monitoring centre has (docs/vocabulary.md).
		if strings.Contains(k.WhatChinese, "上报") != strings.Contains(k.What, "submitted") {
			t.Errorf("%s: %q", k.What, k.WhatChinese)
		}
	}
}

func TestPage(t *testing.T) {
	write := func(r *Result) string {
		var b bytes.Buffer
		if err := r.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "http://", "https://"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		return b.String()
	}
	good := &Result{Day: 20260105, Answered: 3, Stored: 3, Reported: 3, Reports: []string{"a.txt"}}
	if page := write(good); !strings.Contains(page, "应答、入库、报送文件三者一致") || !strings.Contains(page, `class="verdict good"`) || strings.Contains(page, "FAULT") {
		t.Error(page)
	}
	good.Reports = nil
	if page := write(good); !strings.Contains(page, "未与报送文件比较") {
		t.Error(page)
	}
	bad := &Result{Day: 20260105, limit: 1000, differences: make(map[Kind]*Differences), Warnings: []string{
		"<script>alert(1)</script>", "7 entries are in several audit logs in the same words, and count once",
	}}
	for range shownOnPage + 7 {
		bad.add(AnsweredNotStored, Difference{RecordID: "r"})
	}
	bad.add(SubmittedAgain, Difference{RecordID: "r", Where: "a:3", Before: "a:1", Detail: "2 entries"})
	page := write(bad)
	for _, want := range []string{"57 处不一致", "已应答但未入库（57）", "其余 42 条", "另有 7 条未列出", "说明 note", "有 7 条日志在多份审计日志中完全相同，只计一次", "7 entries are in several", "<li>r，见 a:3，先前见 a:1，2 条审计记录<br><span class=\"en\">2 entries</span></li>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<li>r"); n != shownOnPage+1 {
		t.Errorf("%d differences are named", n)
	}
}

// TestDifferenceInChinese: what was found of a login is in the language of the text around it. JSON has it in English.
func TestDifferenceInChinese(t *testing.T) {
	t.Parallel()
	const login, zh = "account 8, 2026-01-05 09:00:00, AppID a_b_1.0, front 1, session 7", "资金账户 8，2026-01-05 09:00:00，AppID a_b_1.0，前置 1，会话 7"
	for english, want := range map[string]string{
		login:                               zh,
		login + ", relay a_relay_1.0":       zh + "，中继 a_relay_1.0",
		"10 records are stored":             "库中有 10 条记录",
		"2 entries":                         "2 条审计记录",
		"the same RecordID again; " + login: "同一 RecordID 再次出现；" + zh,
		"answered 异常标识 3, recorded 0; " + login:                                               "应答的异常标识为 3，记录为 0；" + zh,
		"answered as 20260105, stored as 20260106; " + login + ", relay r_s_1":                "应答的交易日为 20260105，入库的交易日为 20260106；" + zh + "，中继 r_s_1",
		"and on 20260106; " + login:                                                           "交易日 20260106 也有一条记录；" + zh,
		"both records have the same supplement":                                               "两条记录的补充获取信息相同",
		"everything from here on: 10000 lines in a row are no entries, so it is no audit log": "自此处起的全部内容：连续 10000 行不是审计记录，因此不是审计日志",
		"not an entry: no event":                                                              "不是审计记录：没有事件",
		"login without a RecordID":                                                            "login 没有 RecordID",
		"supplement: not base64":                                                              "补充获取信息：不是 base64",
		"3 items, want 4":                                                                     "3 项，应为 4 项",
	} {
		d := Difference{RecordID: "r", Other: "o", Where: "f:3", Before: "f:1", Detail: english}
		if got := d.String(); got != "r, and o, at f:3, before at f:1, "+english {
			t.Error(got)
		}
		if got := d.Chinese(); got != "r，及 o，见 f:3，先前见 f:1，"+want {
			t.Errorf("%q: %s", english, got)
		}
	}
}
