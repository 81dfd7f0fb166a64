package verify

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A cut exactly between two lines leaves a file that is good in itself: only the manifest
// beside it can tell.
func TestManifest(t *testing.T) {
	s := newSealer()
	content := s.good() + s.good()
	manifest := func(rows int, content string) string {
		return fmt.Sprintf(`{"rows": %d, "sha256": "%x"}`, rows, sha256.Sum256([]byte(content)))
	}
	for _, c := range []struct {
		name, manifest string
		want           []string
		problem        string
	}{
		{"none", "", nil, ""},
		{"right", manifest(2, content), nil, ""},
		{"a line is gone", manifest(3, content+"x\n"), []string{"file_manifest:0"}, "2 lines, the manifest says 3"},
		{"another content", manifest(2, "x"), []string{"file_manifest:0"}, "another SHA-256"},
		{"torn", `{"rows": 2`, []string{"file_manifest:0"}, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, reportName, content)
			if c.manifest != "" {
				if err := os.WriteFile(path+".manifest.json", []byte(c.manifest), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, mustVerify(t, options(t, path, nil)), c.want, c.problem)
		})
	}
}

// What must not be handed in yet is told: by its manifest, or by the clock.
func TestPartial(t *testing.T) {
	s := newSealer()
	content := s.good()
	manifest := func(rest string) string {
		return fmt.Sprintf(`{"rows": 1, "sha256": "%x", %s}`, sha256.Sum256([]byte(content)), rest)
	}
	closed := checkedAt.Truncate(24 * time.Hour).Add(15*time.Hour + 30*time.Minute - 8*time.Hour)
	for _, c := range []struct {
		name, manifest string
		now            time.Time
		want           []string
		problem        string
	}{
		{"partial", manifest(`"kind": "partial"`), checkedAt, []string{"file_partial:0"}, "its manifest says so"},
		{"partial, and still open", manifest(`"kind": "partial"`), closed.Add(-time.Second), []string{"file_partial:0"}, "its manifest says so"},
		{"full", manifest(`"kind": "full"`), checkedAt, nil, ""},
		{"merged", manifest(`"kind": "merged", "inputs": [{"kind": "full"}, {}]`), checkedAt, nil, ""},
		{"merged from partial ones", manifest(`"kind": "merged", "inputs": [{"kind": "full"}, {"kind": "partial"}, {"kind": "partial"}]`), checkedAt, []string{"file_partial:0"}, "merged from one"},
		{"no manifest, window open", "", closed.Add(-time.Nanosecond), []string{"file_partial:0"}, "closes at 2026-01-05 15:30:00"},
		{"no manifest, window just closed", "", closed, nil, ""},
		{"no time of the check", "", time.Time{}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, write(t, reportName, content), nil)
			if o.Now = c.now; c.manifest != "" {
				if err := os.WriteFile(o.Path+".manifest.json", []byte(c.manifest), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := mustVerify(t, o)
			expect(t, r, c.want, c.problem)
			word := WordGood
			if len(c.want) > 0 {
				word = WordPartial
			}
			if r.Verdict.Word != word || r.Verdict.Good != (word == WordGood) || len(r.Faults) != len(c.want) {
				t.Errorf("%+v", r.Verdict)
			}
			for _, f := range r.Faults {
				if !strings.Contains(f.English, "never hand it in") || !strings.Contains(f.Chinese, "切勿报送") {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// A report that was written although a front may hold logins of the day.
func TestIncomplete(t *testing.T) {
	s := newSealer()
	content := s.good()
	o := options(t, write(t, reportName, content), nil)
	manifest := fmt.Sprintf(`{"kind": "full", "rows": 1, "sha256": "%x", "fronts_missing": [{"front_id": 2, "host": "b", "problem": "holds 4 records"}]}`,
		sha256.Sum256([]byte(content)))
	if err := os.WriteFile(o.Path+".manifest.json", []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	r := mustVerify(t, o)
	expect(t, r, []string{"file_incomplete:0"}, "front 2 (host b) holds 4 records")
	if r.Verdict.Good || r.Verdict.Word != WordIncomplete || len(r.Faults) != 1 || !strings.HasPrefix(r.Verdict.English, "INCOMPLETE") {
		t.Errorf("%+v", r.Verdict)
	}
}

// The verdict is one word, by the worst that is known of the file; a report that took the place of
// one that was handed in lacks nothing for it.
func TestVerdictIsOneWord(t *testing.T) {
	s := newSealer()
	good := s.good()
	waived := func(kind string) string {
		return `, "waived": [{"kind": "` + kind + `", "where": "w", "what": "x", "waived_by": "a@b", "reason": "r"}]`
	}
	for _, c := range []struct {
		content, manifest string
		want              Word
	}{
		{good, `"kind": "full"`, WordGood},
		{good, `"kind": "full"` + waived("report_handed_in"), WordGood},
		{good, `"kind": "full"` + waived("front_holds"), WordIncomplete},
		{good, `"kind": "partial"` + waived("front_holds"), WordPartial},
		{good + "\n", `"kind": "partial"` + waived("front_holds"), WordFaulty},
		{"", `"kind": "full"`, WordGood},
	} {
		o := options(t, write(t, reportName, c.content), nil)
		data := fmt.Sprintf(`{%s, "rows": %d, "sha256": "%x"}`, c.manifest, strings.Count(c.content, "\n"), sha256.Sum256([]byte(c.content)))
		if err := os.WriteFile(o.Path+".manifest.json", []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		r := mustVerify(t, o)
		if r.Verdict.Word != c.want || r.Verdict.Good != (c.want == WordGood) {
			t.Errorf("%s: %+v", c.manifest, r.Verdict)
		}
		if c.content == "" && !strings.Contains(r.Verdict.English, "EMPTY") {
			t.Errorf("%+v", r.Verdict)
		}
		var page strings.Builder
		if err := r.WriteHTML(&page); err != nil || strings.Contains(page.String(), `class="verdict good"`) != (c.want == WordGood) {
			t.Errorf("%s: the page has another verdict, %v", c.manifest, err)
		}
	}
}

// A version that the operator did not name is taken for RSA's: the advice says how to name it.
func TestAdviceToNameVersion(t *testing.T) {
	s := newSealer()
	sm2 := "TF01@2.0@@" + text64(make([]byte, 180)) + "\n"
	for _, c := range []struct {
		name  string
		o     func(o *Options)
		named bool
	}{
		{"nothing known", func(o *Options) { o.Versions, o.Complete = nil, false }, false},
		{"another version known", func(o *Options) { o.Complete = false }, false},
		{"known by a configuration", func(o *Options) {
			o.Versions = append(o.Versions, Version{Name: "2.0"})
		}, true},
		{"not in the configuration", func(*Options) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, write(t, reportName, s.good()+sm2), nil)
			c.o(&o)
			r := mustVerify(t, o)
			at := slices.IndexFunc(r.Faults, func(f Finding) bool { return f.Kind == "supplement_length" })
			if at < 0 {
				t.Fatalf("%v", told(r))
			}
			f := r.Faults[at]
			if got := strings.Contains(f.Advice, "--config or --private-key") && strings.Contains(f.AdviceZH, "--private-key"); got == c.named {
				t.Errorf("%s %s", f.Advice, f.AdviceZH)
			}
		})
	}
}
