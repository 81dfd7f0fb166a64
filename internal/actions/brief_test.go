package actions

import (
	"errors"
	"testing"

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
