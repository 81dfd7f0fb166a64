package main

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/settlement/reconcile"
)

// TestDifferencesInTheReadersLanguage: of a difference, the kind, what to do and its details.
func TestDifferencesInTheReadersLanguage(t *testing.T) {
	newSite(t)
	const line = `{"time":"2026-01-05T09:00:00+08:00","event":"login","reason":"ok","code":0,"front_id":1,"session_id":7,"app_id":"client_demo_1.0",` +
		`"account":"88888888","address":"203.0.113.9","port":50000,"record_id":"019b7c1e-5c00-7d4e-8a3b-0123456789ab","trading_day":"20260105","flag":"0"}` + "\n"
	write(t, "audit.jsonl", strings.Repeat(line, 2)+strings.Repeat(strings.Replace(line, "89ab", "89ac", 1), 2))
	facts := reconcile.FactsOf(reconcile.AnsweredTwice)
	for language, want := range map[string][]string{
		"en": {"FAULT: answered twice (2)", facts.Do, "    019b7c1e-5c00-7d4e-8a3b-0123456789ab, at audit.jsonl:2, before at audit.jsonl:1, 2 entries\n", "and 1 more"},
		"zh": {"错误：同一记录应答两次（2）", facts.DoChinese, "    019b7c1e-5c00-7d4e-8a3b-0123456789ab，见 audit.jsonl:2，先前见 audit.jsonl:1，2 条审计记录\n", "另有 1 项"},
	} {
		got := tradefront("", strings.Fields("reconcile --day 20260105 --limit 1 --audit audit.jsonl --lang "+language+onC)...)
		for _, text := range want {
			if !strings.Contains(got.out, text) {
				t.Errorf("%s lacks %q: %+v", language, text, got)
			}
		}
	}
}
