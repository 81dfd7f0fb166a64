package actions

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/store"
)

func TestFoldedActions(t *testing.T) {
	t.Parallel()
	row := func(command, subject string, changes ...store.Change) store.Action {
		return store.Action{User: "u", Host: "h", Command: command, Subject: subject, Changes: changes}
	}
	begins, ends := store.Change{What: outcomeKey, New: begun}, store.Change{What: outcomeKey, Old: begun, New: done}
	all := []store.Action{
		row("report export", "20260105", begins), // killed
		row("report export", "20260105", begins),
		row("account disable", "1", store.Change{What: "state", Old: "enabled", New: "disabled"}),
		row("report export", "20260106", begins), // of another day
		row("report export", "20260105", store.Change{What: "rows", New: "3"}, ends),
	}
	folded := Folded(all)
	if len(folded) != 4 || folded[0].Subject != "20260105" || folded[1].Command != "account disable" || folded[2].Subject != "20260106" {
		t.Fatalf("%+v", folded)
	}
	for i, want := range [][2]string{{"outcome: begun", ""}, {"state: enabled → disabled", ""}, {"outcome: begun", ""}, {"rows: 3", done}} {
		if brief, how := Brief(&folded[i]), Outcome(&folded[i]); brief != want[0] || how != want[1] {
			t.Errorf("row %d: %q, outcome %q", i, brief, how)
		}
	}
	if how := outcomeOf(errors.New("no room\nsecond line")); how != "failed: no room" {
		t.Error(how)
	}
}

func TestBriefNamesTheFirstOfManyChanges(t *testing.T) {
	t.Parallel()
	var a store.Action
	for range changesShown + 1 {
		a.Note("migration", "", "1.sql")
	}
	if got := Brief(&a); got != Changes(&a) {
		t.Error(got)
	}
	a.Note("migration", "", "1.sql")
	const want = "migration: 1.sql; migration: 1.sql; migration: 1.sql; migration: 1.sql; … 2"
	if got := Brief(&a); got != want || len(a.Changes) != changesShown+2 {
		t.Error(got)
	}
}

// TestBriefInChinese: of what is ours, names and values; what is the firm's stays.
func TestBriefInChinese(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]store.Change{
		"状态：启用 → 停用":                        {What: "state", Old: "enabled", New: "disabled"},
		"授权码":                               {What: "authcode"},
		"限定账户：去掉 10001 9999":                {What: "bound_accounts", Old: "10001 9999"},
		"AppID：直连，sm4":                      {What: "app", New: "direct, sm4"},
		"封禁：至 2026-11-30T21:53:38+08:00":    {What: "ban", New: "until 2026-11-30T21:53:38+08:00"},
		"添加：2 行":                            {What: "added", New: "2 rows"},
		"报送文件：a.txt（full），3 行，sha256 0f":    {What: "report", New: "a.txt (full), 3 rows, sha256 0f"},
		"0001archive20260105.zip：已分离 → 已删表": {What: "0001archive20260105.zip", Old: "detached", New: "dropped"},
	} {
		a := store.Action{Changes: []store.Change{c}}
		if got := BriefChinese(&a); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
	a := store.Action{Changes: []store.Change{{What: "rows", New: "3"}, {What: outcomeKey, Old: begun, New: done}}}
	if got := OutcomeChinese(&a) + BriefChinese(&a); got != "完成rows：3" {
		t.Error(got)
	}
	a.Changes[1].New = outcomeOf(errors.New("the file is empty"))
	if got := OutcomeChinese(&a); got != "失败：文件为空" {
		t.Error(got)
	}
}

// TestEachChangeHasChinese: the name of what an action changed, where the source has it as a text.
func TestEachChangeHasChinese(t *testing.T) {
	t.Parallel()
	named := 0
	for _, text := range sources(t, "../command", "../directory", "../store", "../settlement") {
		for _, m := range noted.FindAllStringSubmatch(text, -1) {
			if named++; chinese.Word("change", m[1]) == m[1] {
				t.Errorf("no Chinese for the change %q: add it to words of internal/chinese", m[1])
			}
		}
	}
	if named < 30 {
		t.Errorf("%d changes were found", named)
	}
}

var noted = regexp.MustCompile(`(?i)(?:action|\ba|\bact)\.Note\("([a-z_]+)"`)

func sources(t *testing.T, folders ...string) (texts []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			texts = append(texts, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}
