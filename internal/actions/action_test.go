package actions

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	name := func(uid string) string { return map[string]string{"1000": "alice", "0": "root"}[uid] }
	for _, tt := range []struct {
		user, uid string
		environ   []string
		by        string
	}{
		{"alice", "1000", nil, "alice@h"},
		{"root", "1000\n", []string{"SUDO_USER=mallory"}, "alice(root)@h"}, // the kernel's word, not the environment's
		{"root", noLogin, []string{"SUDO_USER=alice"}, "alice(root)@h"},
		{"root", "", []string{"A=b"}, "root@h"},
		{"root", "0", []string{"SUDO_USER=mallory"}, "root@h"},
	} {
		i := identity("h", tt.user, tt.uid, tt.environ, name)
		if i.By() != tt.by {
			t.Errorf("%+v: %s", tt, i.By())
		}
	}
	if i, err := Who(os.Environ()); err != nil || i.User == "" || i.Host == "" {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for why, good := range map[string]bool{
		"": true, "客户 要求": true, strings.Repeat("x", MaxWhy): true,
		strings.Repeat("x", MaxWhy+1): false, "a\nb": false, "\xff": false, "\x1b[2J": false,
	} {
		if _, err := New(Identity{}, "c", "s", why); (err == nil) != good {
			t.Errorf("%q: %v", why, err)
		}
	}
	a, err := New(Identity{User: "u", Host: "h"}, "account disable", strings.Repeat("中", MaxValue), "")
	if err != nil || len(a.Subject) > MaxValue || !utf8.ValidString(a.Subject) {
		t.Errorf("%d bytes, %v", len(a.Subject), err)
	}
}

// TestLog: a line in the audit log that is there, and no file where there is none.
func TestLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a, err := New(Identity{User: "root", Real: "alice", Host: "h"}, "account disable", "88888888", "because\u202e")
	if err != nil {
		t.Fatal(err)
	}
	a.Note("state", "enabled", "disabled")
	a.Note("password", "", "")
	for _, none := range []string{"", path} {
		if err := Log(t.Context(), none, 7, a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("a command made an audit log that the front could not write")
	}
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Log(t.Context(), path, 7, a); err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"event": "operator_action", "account": "88888888", "by": "alice(root)@h", "command": "account disable", "subject": "88888888",
		"changes": "state: enabled → disabled; password", "why": "because\u202e", "front_id": 7.0, "action": a.ID.String(),
	} {
		if said[key] != want {
			t.Errorf("%s: %v, want %v", key, said[key], want)
		}
	}
	for command, account := range map[string]string{"session end": "88888888", "subject export": "88888888", "admission ban": ""} {
		a.Command = command
		if e := entry(7, a); e.Account != account {
			t.Errorf("%s: account %q", command, e.Account)
		}
	}
	if strings.Contains(string(line), "\u202e") {
		t.Error("a character that turns text around is in the log as it is")
	}
}
