package merge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
)

func TestMerge(t *testing.T) {
	a, b, c := line(1), line(2), line(3)
	in := seats(t, lines(c, a, a), lines(b, c), "")
	var read, written []int64
	out := t.TempDir()
	got, err := Merge(t.Context(), Options{
		Inputs: in, OutDir: out,
		Reading: func(done, total int64) { read = append(read, done, total) },
		Writing: func(done, total int64) { written = append(written, done, total) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := lines(a, b, c)
	content, err := os.ReadFile(filepath.Join(out, reportFileName))
	if err != nil || string(content) != want {
		t.Errorf("%v, content:\n%s", err, content)
	}
	one, two := int64(len(lines(a, a, a))), int64(len(lines(a, a, a, a, a)))
	if diff := cmp.Diff(Result{
		Name: reportfile.Name{UnitID: "0001", Day: day}, Path: filepath.Join(out, reportFileName), Manifest: filepath.Join(out, reportFileName+".manifest.json"),
		Inputs: []Input{
			{in[0], 3, 0, sha256.Sum256([]byte(lines(c, a, a))), ""},
			{in[1], 2, 0, sha256.Sum256([]byte(lines(b, c))), ""},
			{in[2], 0, 0, sha256.Sum256(nil), ""},
		},
		Rows: 3, Duplicates: 2, Bytes: int64(len(want)), SHA256: sha256.Sum256([]byte(want)),
	}, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(read, []int64{one, two, two, two, two, two}) || !slices.Equal(written, []int64{0, 5, 5, 5}) {
		t.Errorf("progress: %v, %v", read, written)
	}
	if left := names(t, out); len(left) != 2 { // the report and its manifest
		t.Errorf("left %v", left)
	}
}

// For any lines of the seats, in any order of their names: each line once, in bytewise
// order, which is what sort -u makes.
func TestMergeProperty(t *testing.T) {
	out, temp := t.TempDir(), t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		var (
			paths []string
			all   []string
		)
		for i := range rapid.IntRange(2, 4).Draw(rt, "seats") {
			var content strings.Builder
			for range rapid.IntRange(0, 30).Draw(rt, "rows") {
				l := line(rapid.Uint64Range(0, 40).Draw(rt, "line"))
				all = append(all, l)
				content.WriteString(l + "\n")
			}
			dir := filepath.Join(temp, fmt.Sprint(i))
			_ = os.Mkdir(dir, 0o700)
			path := filepath.Join(dir, reportFileName)
			if err := os.WriteFile(path, []byte(content.String()), 0o600); err != nil {
				rt.Fatal(err)
			}
			paths = append(paths, path)
		}
		got, err := Merge(t.Context(), Options{Inputs: rapid.Permutation(paths).Draw(rt, "order"), OutDir: out})
		if err != nil {
			rt.Fatal(err)
		}
		want := slices.Compact(slices.Sorted(slices.Values(all)))
		content, err := os.ReadFile(got.Path)
		if err != nil || string(content) != strings.Join(append(want, ""), "\n") {
			rt.Fatalf("%v; got:\n%s", err, content)
		}
		if got.Rows != int64(len(want)) || got.Duplicates != int64(len(all)-len(want)) {
			rt.Fatalf("%+v", got)
		}
	})
}

// badSeats are reports with one bad line each.
var badSeats = []struct {
	name, content string
	line          int64
	want          string // the reason
	rejected      string // the line as the file of rejected lines has it; "" if it is there as it is
}{
	{"CRLF", line(1) + "\n" + line(2) + "\r\n", 2, "CRLF", line(2) + "\r"},
	{"BOM", "\ufeff" + line(1) + "\n" + line(2) + "\n", 1, "byte order mark", "\ufeff" + line(1)},
	{"blank line at the end", line(1) + "\n\n", 2, "blank line", ""},
	{"blank line between", line(1) + "\n\n" + line(2) + "\n", 2, "blank line", ""},
	{"only a blank line", "\n", 1, "blank line", ""},
	{"last line without LF", line(1) + "\n" + line(2), 2, "does not end in LF", line(2)},
	{"last line truncated", line(1) + "\n" + line(2)[:300], 2, "does not end in LF", line(2)[:300]},
	{"three items", "TF01@1.0@QQ==\n", 1, "3 items, want 4", "TF01@1.0@QQ=="},
	{"not base64", "TF01@1.0@@Q-==\n", 1, "supplement: not base64", "TF01@1.0@@Q-=="},
	{"no supplement", "TF01@1.0@QQ==@\n", 1, "supplement: empty", "TF01@1.0@QQ==@"},
	{"control character", "TF\x001@1.0@@QQ==\n", 1, "control character", "TF\x001@1.0@@QQ=="},
	{"long", strings.Repeat("A", 8000) + "\n", 1, "longer than", strings.Repeat("A", 8000)},
	{"longer than any buffer", line(1) + "\n" + strings.Repeat("A", 3*reportfile.ReadBuffer+5) + "\n" + line(2) + "\n", 2, "longer than", strings.Repeat("A", 3*reportfile.ReadBuffer+5)},
	{"as long as the buffer", strings.Repeat("A", reportfile.ReadBuffer) + "\n", 1, "longer than", strings.Repeat("A", reportfile.ReadBuffer)},
	{"long without LF", strings.Repeat("A", 2*reportfile.ReadBuffer), 1, "longer than", strings.Repeat("A", 2*reportfile.ReadBuffer)},
	{"UTF-16", "\xff\xfeT\x00F\x00\n", 1, "1 items", "\xff\xfeT\x00F\x00"},
}

func TestMergeRefusesBadLines(t *testing.T) {
	for _, c := range badSeats {
		t.Run(c.name, func(t *testing.T) {
			in, out := seats(t, lines(line(7)), c.content), t.TempDir()
			_, err := Merge(t.Context(), Options{Inputs: in, OutDir: out})
			var bad *BadLinesError
			if !errors.As(err, &bad) || bad.Total != 1 || len(bad.First) != 1 {
				t.Fatalf("%v", err)
			}
			if first := bad.First[0]; first.File != in[1] || first.Line != c.line || !strings.Contains(first.Err.Error(), c.want) {
				t.Errorf("%v, want line %d, %s", first, c.line, c.want)
			}
			if want := fmt.Sprintf("%s:%d: ", in[1], c.line); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--skip-bad") {
				t.Errorf("%v does not say %s, or not what to do", err, want)
			}
			if left := names(t, out); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

func TestMergeWritesRejectedLines(t *testing.T) {
	for _, c := range badSeats {
		t.Run(c.name, func(t *testing.T) {
			in, out := seats(t, lines(line(7)), c.content), t.TempDir()
			rejected := filepath.Join(t.TempDir(), "bad.txt")
			got, err := Merge(t.Context(), Options{Inputs: in, OutDir: out, SkipBad: rejected})
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(rejected)
			if err != nil {
				t.Fatal(err)
			}
			head, put, found := strings.Cut(string(text), "\t")
			if !found || put != c.rejected+"\n" || !strings.HasPrefix(head, fmt.Sprintf("%s:%d: ", in[1], c.line)) || !strings.Contains(head, c.want) {
				t.Errorf("rejected: %.200q", text)
			}
			good := int64(strings.Count(c.content, line(1)+"\n") + strings.Count(c.content, line(2)+"\n"))
			if strings.HasPrefix(c.content, "\ufeff") {
				good-- // what follows the mark is bad
			}
			want := Input{in[1], good, 1, sha256.Sum256([]byte(c.content)), ""}
			if got.Bad != 1 || got.Inputs[1] != want || got.Rows != 1+good {
				t.Errorf("%+v, want %+v", got, want)
			}
			if left := names(t, filepath.Dir(rejected)); len(left) != 1 {
				t.Errorf("left %v", left)
			}
		})
	}
}

func TestMergeNamesManyBadLines(t *testing.T) {
	in := seats(t, strings.Repeat("bad\n", 100), lines(line(1)))
	_, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "100 bad lines") || !strings.Contains(err.Error(), "and 80 more") {
		t.Errorf("%v", err)
	}
}

// Without a bad line there is no file of bad lines.
func TestMergeWithoutBadLinesWritesNoRejectedFile(t *testing.T) {
	dir := t.TempDir()
	in := seats(t, lines(line(1)), lines(line(2)))
	if _, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir(), SkipBad: filepath.Join(dir, "bad")}); err != nil {
		t.Fatal(err)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestMergeRefusesOptions(t *testing.T) {
	good := seats(t, lines(line(1)), lines(line(2)))
	out := t.TempDir()
	named := func(name string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(lines(line(3))), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	linked := filepath.Join(t.TempDir(), reportFileName)
	if err := os.Link(good[0], linked); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), reportFileName)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	present := named("bad.txt")
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"one input", Options{Inputs: good[:1], OutDir: out}, "at least two"},
		{"other company", Options{Inputs: []string{good[0], named("0002clientinfo20260105.txt")}, OutDir: out}, "different companies"},
		{"other day", Options{Inputs: []string{good[0], named("0001clientinfo20260106.txt")}, OutDir: out}, "different days"},
		{"other name", Options{Inputs: []string{good[0], named("report.txt")}, OutDir: out}, "want <unit>clientinfo<YYYYMMDD>.txt"},
		{"no such date", Options{Inputs: []string{good[0], named("0001clientinfo20260230.txt")}, OutDir: out}, "not a day"},
		{"long unit", Options{Inputs: []string{good[0], named("12345678901clientinfo20260105.txt")}, OutDir: out}, "want <unit>"},
		{"input missing", Options{Inputs: []string{good[0], filepath.Join(out, reportFileName)}, OutDir: out}, "no such file"},
		{"input a folder", Options{Inputs: []string{good[0], folder}, OutDir: out}, "not a regular file"},
		{"same path", Options{Inputs: []string{good[0], good[0]}, OutDir: out}, "are the same file"},
		{"hard link", Options{Inputs: []string{good[0], linked}, OutDir: out}, "are the same file"},
		{"over an input", Options{Inputs: good, OutDir: filepath.Dir(good[1])}, "would replace the input"},
		{"out missing", Options{Inputs: good, OutDir: filepath.Join(out, "none")}, "output directory"},
		{"out a file", Options{Inputs: good, OutDir: present}, "output directory"},
		{"no folder for temporary files", Options{Inputs: good, OutDir: out, TempDir: present}, "is not a folder"},
		{"bad file there", Options{Inputs: good, OutDir: out, SkipBad: present}, "is there already"},
		{"bad file is the report", Options{Inputs: good, OutDir: out, SkipBad: filepath.Join(out, ".", reportFileName)}, "the report itself"},
		{"bad file nowhere", Options{Inputs: good, OutDir: out, SkipBad: filepath.Join(out, "none", "bad")}, "--skip-bad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Merge(t.Context(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left := names(t, out); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
	if content, _ := os.ReadFile(good[1]); string(content) != lines(line(2)) {
		t.Error("an input was changed")
	}
}

// An input that changes while it is read, or afterwards until the result has its name, is
// refused.
func TestMergeRefusesInputThatChanges(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grows": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString(lines(line(9)))
			return errors.Join(err, f.Close())
		},
		"shrinks":      func(path string) error { return os.Truncate(path, 0) },
		"same size":    func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
		"is replaced":  replace,
		"disappears":   os.Remove,
		"turns folder": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		for when, at := range map[string]string{"while reading": "read", "while writing": "write"} {
			t.Run(name+" "+when, func(t *testing.T) {
				in, out := seats(t, lines(line(1)), lines(line(2))), t.TempDir()
				done := false
				once := func(int64, int64) {
					if done {
						return
					}
					done = true
					if err := change(in[1]); err != nil {
						t.Error(err)
					}
				}
				o := Options{Inputs: in, OutDir: out, Reading: once}
				if at == "write" {
					o.Reading, o.Writing = nil, once
				}
				if _, err := Merge(t.Context(), o); err == nil || !strings.Contains(err.Error(), "changed while it was read") || !strings.Contains(err.Error(), in[1]) {
					t.Errorf("%v", err)
				}
				if left := names(t, out); len(left) != 0 {
					t.Errorf("left %v", left)
				}
			})
		}
	}
}

// replace puts a file of the same content in the place of path.
func replace(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path+".new", content, 0o600),
		os.Chtimes(path+".new", info.ModTime(), info.ModTime()), os.Rename(path+".new", path))
}

func TestMergeCancelled(t *testing.T) {
	for _, at := range []string{"read", "write"} {
		ctx, cancel := context.WithCancel(t.Context())
		o := Options{Inputs: seats(t, lines(line(1)), lines(line(2))), OutDir: t.TempDir()}
		stop := func(int64, int64) { cancel() }
		if at == "read" {
			o.Reading = stop
		} else {
			o.Writing = stop
		}
		if _, err := Merge(ctx, o); !errors.Is(err, context.Canceled) || len(names(t, o.OutDir)) != 0 {
			t.Errorf("%s: %v, left %v", at, err, names(t, o.OutDir))
		}
	}
}

func TestMergeWarnsOfCopies(t *testing.T) {
	in := seats(t, lines(line(1)), lines(line(2)), lines(line(1)), "", "")
	got, err := Merge(t.Context(), Options{Inputs: in, OutDir: t.TempDir()})
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], in[0]+" and "+in[2]) {
		t.Errorf("%v, %v", got.Warnings, err)
	}
}

// A result from before is replaced, in one step.
func TestMergeReplacesItsResult(t *testing.T) {
	out := t.TempDir()
	path := filepath.Join(out, reportFileName)
	before(t, out)
	if _, err := Merge(t.Context(), Options{Inputs: seats(t, lines(line(2)), lines(line(1))), OutDir: out}); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != lines(line(1), line(2)) {
		t.Errorf("%s, %v", content, err)
	}
}

// A name that is taken by a folder cannot be replaced, which shows last: then the bad lines
// have their file already, and the error says so. The manifest is there, as after a crash.
func TestMergeRenameFails(t *testing.T) {
	out, rejected := t.TempDir(), filepath.Join(t.TempDir(), "bad")
	if err := os.MkdirAll(filepath.Join(out, reportFileName, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	in := seats(t, "bad\n", lines(line(1)))
	_, err := Merge(t.Context(), Options{Inputs: in, OutDir: out, SkipBad: rejected})
	if err == nil || !strings.Contains(err.Error(), "the bad lines are in "+rejected+" already") || len(names(t, out)) != 2 {
		t.Errorf("%v, left %v", err, names(t, out))
	}
}
