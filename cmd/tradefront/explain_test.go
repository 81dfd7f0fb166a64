package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tradefront/tradefront/internal/auditlog"
)

// TestVisitShowsNoEscapes: what a terminal or a relay sent moves no cell, makes no row, and no terminal obeys it.
func TestVisitShowsNoEscapes(t *testing.T) {
	newSite(t)
	const evil = "a\x1b[2J\nb\tc\u202e"
	var shown [2]string
	for i, text := range []string{"plain", evil} {
		line, err := json.Marshal(auditlog.Entry{
			Time: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), Event: "login", Ref: "4CV33T", FrontID: 1, SessionID: 7, Reason: text, AppID: text, Account: text, Address: text,
			RelayAppID: text, TerminalAddress: text, SubmitID: text,
		})
		if err != nil {
			t.Fatal(err)
		}
		write(t, "audit.jsonl", string(line)+"\n")
		got := tradefront("", "explain", "4CV33T", "audit.jsonl")
		if got.status != exitDone {
			t.Fatalf("%+v", got)
		}
		shown[i] = got.out
	}
	if strings.Count(shown[0], "plain") < 7 {
		t.Errorf("fields are missing:\n%s", shown[0])
	}
	if strings.Count(shown[0], "\n") != strings.Count(shown[1], "\n") {
		t.Errorf("it makes rows:\n%s", shown[1])
	}
	if strings.ContainsFunc(strings.ReplaceAll(shown[1], "\n", ""), func(r rune) bool { return !unicode.IsPrint(r) }) || !strings.Contains(shown[1], `a\x1b[2J\nb\tc`) {
		t.Errorf("%q", shown[1])
	}
}

// TestExplainWithoutDatabase: what the audit log has is shown while PostgreSQL is down.
func TestExplainWithoutDatabase(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig+"store:\n  driver: postgres\n  url: \"postgres://u@127.0.0.1:1/d?sslmode=disable\"\n")
	write(t, "audit.jsonl", `{"time":"2026-01-05T09:00:00+08:00","event":"login","reason":"ok","code":0,"ref":"4CV33T","front_id":1,"session_id":7,`+
		`"address":"203.0.113.9","port":50000,"account":"88888888","record_id":"019b7c1e-5c00-7d4e-8a3b-0123456789ab"}`+"\n")
	play(t, []step{
		{"explain 4CV33T audit.jsonl" + onC, "", 0, "4CV33T: one visit…88888888…warning: the store was not read, so…127.0.0.1:1…", ""},
		{"explain 4CV33T audit.jsonl --lang zh" + onC, "", 0, "…88888888…没有读取存储，因此不显示…", ""},
		{"explain 4CV33A audit.jsonl" + onC, "", 1, "warning: the store was not read…", "tradefront: 4CV33A is in none of 1 audit log: …"},
		{"audit search --ref 4CV33A" + onC, "", 0, "…lines found: 0, files read: 1", "warning: only the audit logs of this machine, …audit.jsonl, were read: …"},
		{"audit search --ref 4CV33T" + onC, "", 0, "…lines found: 1, files read: 1…", ""},
		{"explain 4CV33A" + onC, "", 1, "warning: the store was not read…", "tradefront: 4CV33A is in none of 1 audit log: …"},
	})
}

// TestExplainWithoutSubmitID: a login through a many-to-many relay has no SubmitID, and the line of its terminal no place for one.
func TestExplainWithoutSubmitID(t *testing.T) {
	newSite(t)
	write(t, "tradefront.yaml", siteConfig)
	write(t, "audit.jsonl", `{"time":"2026-01-05T09:00:00+08:00","event":"login","reason":"ok","code":0,"ref":"4CV33T","front_id":1,"session_id":7,`+
		`"address":"10.0.0.9","port":50000,"account":"88888888","relay_app_id":"abcdef_many_1.6.0","relay_mode":"2","terminal_address":"203.0.113.9","terminal_port":5}`+"\n")
	if got := tradefront("", strings.Fields("explain 4CV33T"+onC)...); !strings.Contains(got.out, "as relay abcdef_many_1.6.0 told\n") || strings.Contains(got.out, "SubmitID") {
		t.Errorf("%+v", got)
	}
}

// TestExplainedVisit: the operator on the phone reads which item was wrong, that no address was known, and why a relay's connection ended.
func TestExplainedVisit(t *testing.T) {
	newSite(t)
	for _, c := range []struct {
		what  string
		lines []auditlog.Entry
		want  string
	}{
		{"the item", []auditlog.Entry{{Event: "login", Reason: "illegal_field", Item: "LoginRequest.Remark"}}, "\n  item  LoginRequest.Remark\n"},
		{"an item that is any text", []auditlog.Entry{{Event: "login", Reason: "illegal_field", Item: "a\x1b[31m"}}, "\n  item  \"a\\x1b[31m\"\n"},
		{
			"a wrong answer that begins right",
			[]auditlog.Entry{{Event: "authenticate", Reason: "wrong_answer", RightBlocks: 1}},
			"\n  right blocks of the answer, from the first on: 1 of 8. The authcode is the right one;",
		},
		{"no address", []auditlog.Entry{{Event: "login", FrontID: 7, SessionID: 392}}, "front 7, session 392, from no address\n"},
		{"an address", []auditlog.Entry{{Event: "login", Address: "203.0.113.7", Port: 50001}}, ", from 203.0.113.7 port 50001\n"},
		{
			"the end of a relay's connection",
			[]auditlog.Entry{{Event: "login"}, {Event: "relay_ended", Reason: "ok", Closing: "relay_refusals"}},
			"\n  the connection ended, relay_refusals: a relay sent 1,000 submissions that were refused",
		},
	} {
		var log strings.Builder
		for i := range c.lines {
			c.lines[i].Ref, c.lines[i].Time = "4CV33T", time.Date(2026, 1, 5, 9, 0, i, 0, time.UTC)
			if err := json.NewEncoder(&log).Encode(&c.lines[i]); err != nil {
				t.Fatal(err)
			}
		}
		write(t, "audit.jsonl", log.String())
		if got := tradefront("", "explain", "4CV33T", "audit.jsonl", "--lang", "en"); !strings.Contains(got.out, c.want) {
			t.Errorf("%s: %+v, want %q", c.what, got, c.want)
		}
	}
}
