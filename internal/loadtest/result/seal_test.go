package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAChangedResultIsRefused: whichever figure was changed; not one whose spaces were, nor one of a program before there was a SHA-256,
// which says so, also after it was put together with others.
func TestAChangedResultIsRefused(t *testing.T) {
	t.Parallel()
	r := ran(10)
	r.Counts.Refused, r.Refused["90"] = 1, 1
	if r.Judge(nil); r.Good {
		t.Fatal("good")
	}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	read := func(text string) (*Result, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Read(path)
	}
	if r, err := read(strings.ReplaceAll(string(text), "\n  ", "\n\t ")); err != nil || r.Unsealed || len(r.SHA256) != 64 {
		t.Errorf("other spaces: %v, %+v", err, r)
	}
	for _, change := range []struct{ from, to string }{
		{`"good": false`, `"good": true`},
		{`"refused": 1`, `"refused": 0`},
		{`"logged_in": 10`, `"logged_in": 99`},
		{`"target": "127.0.0.1:1"`, `"target": "127.0.0.1:2"`},
		{`"elapsed_seconds": 2`, `"elapsed_seconds": 2.0`},
		{`"scenario":`, `"note": "x", "scenario":`},
	} {
		changed := strings.Replace(string(text), change.from, change.to, 1)
		if _, err := read(changed); err == nil || changed == string(text) || !strings.Contains(err.Error(), "was changed after it was written") {
			t.Errorf("%s: %v", change.to, err)
		}
	}
	for _, other := range []string{"<!DOCTYPE html>", string(text[:len(text)/2])} {
		if _, err := read(other); err == nil || !strings.Contains(err.Error(), "it is no result of a load test, or not whole") {
			t.Errorf("%.20q: %v", other, err)
		}
	}
	old, err := read(regexp.MustCompile(`"sha256": "[0-9a-f]{64}",`).ReplaceAllString(string(text), ""))
	if err != nil || !old.Unsealed {
		t.Fatalf("of an earlier program: %v, %+v", err, old)
	}
	other := ran(1)
	if err := other.Merge(old); err != nil || !other.Unsealed {
		t.Errorf("put together: %v, unsealed %v", err, other.Unsealed)
	}
}

// TestAResultThatIsPrintedAgainHasItsSHA256: the page of the run and that of `merge` with the file alone name the same file.
func TestAResultThatIsPrintedAgainHasItsSHA256(t *testing.T) {
	t.Parallel()
	r := ran(10)
	r.Again = map[string]int{}
	r.Compare(3)
	all, err := ParseAssertions([]string{"multiple>=2", "p99<1s"})
	if err != nil {
		t.Fatal(err)
	}
	r.Judge(all)
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Compare(again.Peak)
	asserted, err := again.Asserted()
	if err != nil {
		t.Fatal(err)
	}
	again.Judge(asserted)
	if err := again.Seal(); err != nil || again.SHA256 != r.SHA256 {
		t.Errorf("%v: %s, was %s", err, again.SHA256, r.SHA256)
	}
}
