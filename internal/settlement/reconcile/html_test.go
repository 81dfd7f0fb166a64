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
	if page := write(good); !strings.Contains(page, "应答、入库、上报三者一致") || !strings.Contains(page, `class="verdict good"`) || strings.Contains(page, "FAULT") {
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
	bad.add(SubmittedAgain, Difference{RecordID: "r"})
	page := write(bad)
	for _, want := range []string{"57 处不一致", "已应答但未入库（57）", "其余 42 条", "另有 7 条未列出", "说明 note", "有 7 条日志在多份审计日志中完全相同，只计一次", "7 entries are in several"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, "<li>r"); n != shownOnPage+1 {
		t.Errorf("%d differences are named", n)
	}
}
