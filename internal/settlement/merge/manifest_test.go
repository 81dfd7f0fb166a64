package merge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/settlement/verify"
	"github.com/tradefront/tradefront/internal/store"
)

// manifestOf is what an export of that content would write, as far as a merge looks at it.
func manifestOf(kind store.ExportKind, content string) string {
	return fmt.Sprintf(`{"kind": %q, "rows": %d, "sha256": "%x"}`, kind, strings.Count(content, "\n"), sha256.Sum256([]byte(content)))
}

// beside writes the manifest of a file.
func beside(t testing.TB, path, manifest string) {
	t.Helper()
	if err := os.WriteFile(reportfile.ManifestName(path), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
}

// An input that is not what its manifest tells of is refused, or told with --skip-bad.
func TestMergeComparesManifests(t *testing.T) {
	a, b := lines(line(1), line(2)), lines(line(3))
	for _, c := range []struct{ name, manifest, want string }{
		{"right", manifestOf(store.FullExport, a), ""},
		{"of a supplement", manifestOf(store.SupplementExport, a), ""},
		{"of a merged file", manifestOf(reportfile.MergedKind, a), ""},
		{"cut between two lines", manifestOf(store.FullExport, lines(line(1), line(2), line(9))), "has 2 lines, its manifest says 3"},
		{"another content", manifestOf(store.FullExport, lines(line(1), line(9))), "another SHA-256"},
		{"torn", `{"rows": 2`, "not a manifest"},
		{"empty object", `{}`, "has 2 lines, its manifest says 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out := seats(t, a, b), t.TempDir()
			beside(t, in[0], c.manifest)
			_, err := Merge(t.Context(), Options{Inputs: in, OutDir: out})
			var differing *ManifestsError
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want == "":
				return
			case !errors.As(err, &differing) || len(differing.Problems) != 1 || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), in[0]):
				t.Fatalf("%v, want %s", err, c.want)
			}
			if left := names(t, out); len(left) != 0 {
				t.Errorf("left %v", left)
			}
			got, err := Merge(t.Context(), Options{Inputs: in, OutDir: out, SkipBad: filepath.Join(t.TempDir(), "bad")})
			if err != nil || got.Rows != 3 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], c.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Bad lines are named first: they say more than that the file is another one.
func TestMergeNamesBadLinesBeforeManifests(t *testing.T) {
	in := seats(t, lines(line(1))+"bad\n", lines(line(2)))
	beside(t, in[0], manifestOf(store.FullExport, lines(line(1), line(3))))
	var bad *BadLinesError
	if _, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir()}); !errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
}

// The merged file of a partial report is one too: it is said now, and in its manifest.
func TestMergeWarnsOfPartial(t *testing.T) {
	a := lines(line(1))
	in := seats(t, a, lines(line(2)))
	beside(t, in[0], manifestOf(store.PartialExport, a))
	got, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir()})
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], in[0]+" is a partial report") {
		t.Fatalf("%+v, %v", got, err)
	}
	if m := mergeManifest(t, got.Manifest); m.Inputs[0].Kind != store.PartialExport || m.Inputs[1].Kind != "" {
		t.Errorf("%+v", m)
	}
}

func mergeManifest(t testing.TB, path string) (m Manifest) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMergeManifest(t *testing.T) {
	a, b := lines(line(2), line(1)), lines(line(2))+"bad\n"
	out := t.TempDir()
	at := time.Date(2026, 1, 5, 16, 0, 0, 0, regulation.Zone)
	o := Options{
		Inputs: seats(t, a, b), OutDir: out, SkipBad: filepath.Join(t.TempDir(), "bad"), Version: "v1",
		Waiver: Waiver{At: at, By: "clerk@desk", Reason: "the seat is closed"},
	}
	got, err := Merge(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	want := Manifest{
		File: reportFileName, Kind: "merged", UnitID: "0001", TradingDay: "20260105", Vendors: map[string]int64{"TF01": 2}, Rows: 2,
		Bytes: int64(len(a)), SHA256: sum(lines(line(1), line(2))), Version: "v1",
		Inputs: []ManifestFile{{reportFileName, "", 2, 0, sum(a)}, {reportFileName, "", 1, 1, sum(b)}},
		Waived: []reportfile.Waived{{Obstacle: store.Obstacle{
			Day: day, Kind: LinesRejected, Where: "input 2, " + reportFileName, Records: 1,
			What: "has 1 bad lines, which the merged file lacks", Next: "get the file anew from the seat and merge again; the lines are in bad",
		}, At: at, By: "clerk@desk", Reason: "the seat is closed"}},
	}
	if diff := cmp.Diff(want, mergeManifest(t, got.Manifest)); diff != "" {
		t.Error(diff)
	}
	// A merge replaces what a merge made, with its manifest.
	o.Inputs, o.SkipBad = seats(t, a, lines(line(5))), ""
	if got, err = Merge(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if m := mergeManifest(t, got.Manifest); m.Rows != 3 || len(m.Waived) != 0 {
		t.Errorf("%+v", m)
	}
}

// What was waived of an input, and that one is not what its manifest tells of, is in the merged file's manifest,
// and verify repeats it.
func TestMergeRepeatsWaivers(t *testing.T) {
	a, b := lines(line(1)), lines(line(2))
	in := seats(t, a, b)
	beside(t, in[0], fmt.Sprintf(`{"kind": "full", "rows": 1, "sha256": "%x", "waived": [{"kind": "front_holds", "where": "front 2 (host b)",
		"what": "holds 4 records of the day", "records": 4, "waived_by": "clerk@seat", "reason": "burned"}]}`, sha256.Sum256([]byte(a))))
	beside(t, in[1], manifestOf(store.FullExport, a))
	o := Options{Inputs: in, OutDir: t.TempDir(), SkipBad: filepath.Join(t.TempDir(), "bad"), Waiver: Waiver{By: "clerk@desk", Reason: "--skip-bad"}}
	got, err := Merge(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	m := mergeManifest(t, got.Manifest)
	if len(m.Waived) != 2 || m.Waived[0].By != "clerk@seat" || m.Waived[0].Records != 4 || m.Waived[1].Kind != ManifestDiffers || m.Waived[1].Reason != "--skip-bad" {
		t.Errorf("%+v", m.Waived)
	}
	r, err := verify.Verify(t.Context(), verify.Options{Path: got.Path, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(r.Faults)
	for _, want := range []string{"front 2 (host b) holds 4 records of the day; waived by clerk@seat", "is not what its manifest tells of; waived by clerk@desk"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

// An export that comes while the merge runs is not replaced either.
func TestMergeMeetsExport(t *testing.T) {
	out := t.TempDir()
	came := func(int64, int64) { beside(t, filepath.Join(out, reportFileName), manifestOf(store.FullExport, "")) }
	_, err := Merge(t.Context(), Options{Inputs: seats(t, lines(line(1)), lines(line(2))), OutDir: out, Writing: came})
	if err == nil || !strings.Contains(err.Error(), "an export made (full)") {
		t.Errorf("%v", err)
	}
	if left := names(t, out); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}
