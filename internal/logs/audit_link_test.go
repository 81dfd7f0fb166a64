package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinksOfOthersAreNotFollowed: a file by its name and one behind the user's own links is opened, one behind another user's link is
// not, and nothing is written there.
func TestLinksOfOthersAreNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	link := func(name, to string) string {
		path := filepath.Join(dir, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.WriteFile(file, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := link("one", "file")
	two := link("two", one)
	dangling := link("dangling", "nothing")
	me := uint32(os.Geteuid())
	others := openAuditTrusting(me + 1)
	for _, path := range []string{one, two, dangling} {
		f, err := others(path)
		if err == nil {
			_ = f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), path+" is a symbolic link that root does not own") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "torn" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file behind another's link was made: %v", err)
	}
	for _, path := range []string{file, filepath.Join(dir, "new")} {
		f, err := others(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	mine := openAuditTrusting(me)
	for _, path := range []string{one, two} {
		f, err := mine(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(filepath.Base(path) + "\n")); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "torn\none\ntwo\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := mine(link("loop", "loop")); err == nil {
		t.Error("a link to itself")
	}
}

// TestRootFollowsNoLinkOfOthers: which user a command runs as decides. Where the test runs as root the whole of a command is tried.
func TestRootFollowsNoLinkOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	target := filepath.Join(dir, "target")
	if err := errors.Join(os.WriteFile(target, nil, 0o600), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	root := os.Geteuid() == 0
	if root {
		if err := os.Lchown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := auditOpenerFor(0)(path); err == nil {
		t.Errorf("root follows a link of another user: %v", f.Close())
	}
	f, err := auditOpenerFor(1000)(path)
	if err != nil {
		t.Fatalf("another user's command follows no link: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if !root {
		return
	}
	if a, err := OpenAuditOfDaemon(path); err == nil || !strings.Contains(err.Error(), "root does not follow it") {
		t.Errorf("%v, %v", a, err)
	}
	if err := errors.Join(os.Remove(path), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	a, err := OpenAuditOfDaemon(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.LogWritten(t.Context(), full()), a.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(target); err != nil || !strings.HasPrefix(string(text), `{"time":`) {
		t.Errorf("%q, %v", text, err)
	}
}
