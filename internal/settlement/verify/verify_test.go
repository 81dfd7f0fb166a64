package verify

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/regulation"
)

// Every fault of the form of a file, by the line it is on. good is one good line, its
// ciphertexts new each time.
func TestFaultsOfTheForm(t *testing.T) {
	s := newSealer()
	good := func() string { return s.good() }
	supplement := func() string { return text64(s.seal(goodSupplement)) }
	withTerminal := func(item string) string { return "TF01@1.0@" + item + "@" + supplement() + "\n" }
	withSupplement := func(item string) string { return "TF01@1.0@@" + item + "\n" }
	twice := good()
	again := good()
	terminal, _, _ := strings.Cut(strings.TrimPrefix(again, "TF01@1.0@"), "@")

	for _, c := range []struct {
		name, content string
		want          []string
		problem       string
	}{
		{"good", good() + good(), nil, ""},
		{"empty", "", []string{"file_empty:0"}, ""},
		{"BOM", "\ufeff" + good() + good(), []string{"bom:1"}, ""},
		{"only a BOM", "\ufeff", []string{"bom:1", "truncated:1"}, ""},
		{"BOM later", good() + "\ufeff" + good(), []string{"vendor_form:2"}, ""},
		{"CRLF", good() + strings.ReplaceAll(good(), "\n", "\r\n"), []string{"crlf:2"}, ""},
		{"CR alone", good() + strings.ReplaceAll(good(), "\n", "\r"), []string{"truncated:2"}, ""},
		{"blank line", good() + "\n" + good(), []string{"blank_line:2"}, ""},
		{"blank last line", good() + "\n", []string{"blank_line:2"}, ""},
		{"blank line with CRLF", good() + "\r\n", []string{"crlf:2", "blank_line:2"}, ""},
		{"truncated", good() + good()[:500], []string{"truncated:2"}, ""},
		{"no LF at the end", good() + strings.TrimSuffix(good(), "\n"), []string{"truncated:2"}, ""},
		{"too long", good() + strings.Repeat("A", maxLine+1) + "\n" + good(), []string{"line_too_long:2"}, ""},
		{"longer than a chunk", good() + strings.Repeat("A", 3*chunkBytes) + "\n" + good() + "\n", []string{"blank_line:4", "line_too_long:2"}, ""},
		{"too long and cut", good() + strings.Repeat("A", 3*chunkBytes), []string{"line_too_long:2"}, ""},
		{"3 items", good() + "TF01@1.0@QQ==\n", []string{"line_items:2"}, "3 items"},
		{"1 item", "TF01\n", []string{"line_items:1"}, "1 item"},
		{"5 items", strings.TrimSuffix(good(), "\n") + "@\n" + good(), []string{"line_items:1"}, "5 items"},
		{"vendor empty", good() + strings.TrimPrefix(good(), "TF01"), []string{"vendor_form:2"}, ""},
		{"vendor long", good() + "12345678" + good(), []string{"vendor_form:2"}, ""},
		{"vendor with a control character", good() + "\x00" + good(), []string{"vendor_form:2"}, ""},
		{"other vendor", good() + strings.Replace(good(), "TF01", "TF02", 1), []string{"vendor_other:2"}, "want TF01"},
		{"version empty", good() + strings.Replace(good(), "@1.0@", "@@", 1), []string{"key_version_form:2"}, ""},
		{"version long", good() + strings.Replace(good(), "@1.0@", "@123456789@", 1), []string{"key_version_form:2"}, ""},
		{"version unknown", good() + strings.Replace(good(), "@1.0@", "@3.0@", 1), []string{"key_version_other:2"}, ""},
		{"version over", good() + strings.Replace(good(), "@1.0@", "@0.9@", 1), []string{"key_version_other:2"}, ""},
		{"version to come", good() + strings.Replace(good(), "@1.0@", "@2.0@", 1), []string{"key_version_other:2"}, ""},
		{"terminal empty", good() + withTerminal(""), nil, ""},
		{"terminal of other length", good() + withTerminal("QUJD"), []string{"terminal_length:2"}, "3 bytes"},
		{"terminal too long", good() + withTerminal(strings.Repeat("QUJD", 1366)), []string{"terminal_too_long:2"}, "4,098 bytes"},
		{"terminal without padding", good() + withTerminal("QQ"), []string{"terminal_base64:2"}, ""},
		{"terminal with bits left over", good() + withTerminal("QR=="), []string{"terminal_base64:2"}, ""},
		{"terminal with CR inside", good() + withTerminal("QUJD\rQUJD"), []string{"terminal_base64:2"}, ""},
		{"terminal in the URL alphabet", good() + withTerminal("Q-_D"), []string{"terminal_base64:2"}, ""},
		{"supplement with a space", good() + withSupplement("QUJD QUJD"), []string{"supplement_base64:2"}, ""},
		{"supplement ends in two CR", good() + strings.ReplaceAll(good(), "\n", "\r\r\n"), []string{"crlf:2", "supplement_base64:2"}, ""},
		{"supplement empty", good() + withSupplement(""), []string{"supplement_empty:2"}, ""},
		{"supplement short", good() + withSupplement("QUJD"), []string{"supplement_length:2"}, "3 bytes"},
		{"line twice", twice + good() + twice, []string{"supplement_twice:3:1", "terminal_twice:3:1"}, ""},
		{"terminal twice", again + good() + withTerminal(terminal), []string{"terminal_twice:3:1"}, ""},
		{"three faults in a line", good() + "TF02@@QQ@QQ\n", []string{"vendor_other:2", "key_version_form:2", "terminal_base64:2", "supplement_base64:2"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, write(t, reportName, c.content), nil)
			o.Versions = append(o.Versions,
				Version{Name: "0.9", NotAfter: time.Date(2025, 12, 31, 15, 30, 0, 0, regulation.Zone)},
				Version{Name: "2.0", NotBefore: time.Date(2026, 1, 5, 15, 30, 0, 0, regulation.Zone)})
			r := mustVerify(t, o)
			expect(t, r, c.want, c.problem)
		})
	}
}

func expect(t *testing.T, r *Report, want []string, problem string) {
	t.Helper()
	got := told(r)
	slices.Sort(got)
	want = slices.Clone(want)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !strings.Contains(problems(r), problem) {
		t.Errorf("problems %q, want %q", problems(r), problem)
	}
	if r.Verdict.Good != (len(r.Faults) == 0) {
		t.Errorf("verdict %+v with %v", r.Verdict, got)
	}
}

func TestFaultsOfTheName(t *testing.T) {
	s := newSealer()
	for _, c := range []struct {
		name, want, problem string
	}{
		{reportName, "", ""},
		{"0001clientinfo20260105.supplement-2.txt", "", ""},
		{"0001clientinfo20260105.supplement-.txt", "file_name:0", "want a date"},
		{"0001clientinfo20260105.supplement-x.txt", "file_name:0", "want a date"},
		{"0001clientinfo20260105.TXT", "file_name:0", "want <unit>clientinfo"},
		{"0001clientinfo.txt", "file_name:0", "want a date"},
		{"0001clientinfo20260230.txt", "file_name:0", "want a date"},
		{"0001clientinfo2026-01-05.txt", "file_name:0", "want a date"},
		{"clientinfo20260105.txt", "file_name:0", "before clientinfo"},
		{"00-1clientinfo20260105.txt", "file_name:0", "before clientinfo"},
		{"12345678901clientinfo20260105.txt", "file_name:0", "before clientinfo"},
		{"report.txt", "file_name:0", "want <unit>"},
		{"0002clientinfo20260105.txt", "file_unit:0", "the name says 0002, want 0001"},
		{"0001clientinfo20260102.txt", "file_day:0", "its logins belong to 20260105"},
		{"0001clientinfo20260104.txt", "file_day:0", "not a trading day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			expect(t, mustVerify(t, options(t, write(t, c.name, s.good()), nil)), want, c.problem)
		})
	}
	// A unit may be called as the middle of the name is.
	o := options(t, write(t, "clientinfoclientinfo20260105.txt", s.good()), nil)
	o.UnitID = "clientinfo"
	expect(t, mustVerify(t, o), nil, "")
	// Without a calendar a weekend is not known to be one, and said not to be looked at.
	o = options(t, write(t, "0001clientinfo20260104.txt", s.good()), nil)
	o.Calendar = nil
	r := mustVerify(t, o)
	expect(t, r, nil, "")
	if r.File.WindowStart != "" || r.File.WindowEnd != "2026-01-04 15:30:00" {
		t.Errorf("window %q to %q", r.File.WindowStart, r.File.WindowEnd)
	}
}

// What was not given is said not to have been looked at.
func TestNotChecked(t *testing.T) {
	s := newSealer()
	path := write(t, reportName, s.good())
	checks := func(r *Report) (all []string) {
		for _, o := range r.NotChecked {
			all = append(all, o.Check)
		}
		return all
	}
	bare := mustVerify(t, Options{Path: path, TempDir: t.TempDir()})
	if got := checks(bare); !slices.Equal(got, []string{"ciphertexts", "window_start", "unit_id", "key_versions"}) || bare.Opened != nil {
		t.Errorf("bare: %v", got)
	}
	if !strings.Contains(bare.Verdict.English, "not opened") || bare.File.VendorID != "TF01" {
		t.Errorf("bare: %+v, vendor %q", bare.Verdict, bare.File.VendorID)
	}
	if full := mustVerify(t, options(t, path, s)); len(full.NotChecked) != 0 || full.Opened == nil {
		t.Errorf("full: %v", checks(full))
	}
}

// The vendor ID of the first line that has one is what the others are held to.
func TestVendorOfTheFirstLine(t *testing.T) {
	s := newSealer()
	o := options(t, write(t, reportName, "\ufeff@@\n"+s.good()+strings.Replace(s.good(), "TF01", "TF02", 1)), nil)
	o.VendorIDs = nil
	expect(t, mustVerify(t, o), []string{"bom:1", "line_items:1", "vendor_other:3"}, "want TF01")
}

// Only some findings are named, those of the lowest lines, and all are counted.
func TestExamplesAreBounded(t *testing.T) {
	s := newSealer()
	line := s.good()
	const n = 1000
	r := mustVerify(t, options(t, write(t, reportName, strings.Repeat(line, n)), nil))
	f := r.Faults[0]
	if f.Kind != "supplement_twice" || f.Count != n-1 || len(f.Examples) != examplesKept {
		t.Fatalf("%s: %d, %d examples", f.Kind, f.Count, len(f.Examples))
	}
	for i, e := range f.Examples {
		if e.Line != int64(i+2) || e.OtherLine != 1 {
			t.Errorf("example %d: %+v", i, e)
		}
	}
	if r.Verdict.Faults != n-1 || r.Lines.Total != n {
		t.Errorf("%+v", r.Verdict)
	}
}

// The file is changed by the hook that tells of progress, so in the middle of the reading.
func TestFileChanges(t *testing.T) {
	change := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		do      func(path string)
		problem string
	}{
		"grows": {func(path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			change(err)
			_, err = f.WriteString("x")
			change(errors.Join(err, f.Close()))
		}, "bytes and has"},
		"shrinks":  {func(path string) { change(os.Truncate(path, 10)) }, "bytes and has 10"},
		"touched":  {func(path string) { change(os.Chtimes(path, time.Time{}, checkedAt)) }, "written to"},
		"removed":  {func(path string) { change(os.Remove(path)) }, "removed"},
		"replaced": {func(path string) { change(os.WriteFile(path+"~", nil, 0o600)); change(os.Rename(path+"~", path)) }, "another file"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealer()
			var content strings.Builder
			for content.Len() < 20*chunkBytes {
				content.WriteString(s.good())
			}
			o := options(t, write(t, reportName, content.String()), nil)
			done := false
			o.Progress = func(int64) {
				if !done {
					done = true
					c.do(o.Path)
				}
			}
			r := mustVerify(t, o)
			if f := r.Faults; len(f) == 0 || f[0].Kind != "file_changed" || !strings.Contains(f[0].Examples[0].Problem, c.problem) {
				t.Errorf("faults %+v, want %q", f, c.problem)
			}
		})
	}
}

func TestCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir: "not a regular file", filepath.Join(dir, "none"): "no such file", "/dev/null": "not a regular file",
	} {
		if r, err := Verify(t.Context(), Options{Path: path}); err == nil || r != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	s := newSealer()
	for name, key := range map[string]Decrypter{"without keys": nil, "with keys": s} {
		ctx, cancel := context.WithCancel(t.Context())
		o := options(t, write(t, reportName, strings.Repeat(s.good(), 2000)), key)
		o.Progress = func(int64) { cancel() }
		if r, err := Verify(ctx, o); !errors.Is(err, context.Canceled) || r != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A temporary folder that cannot be used is an error, never a report without its repeats.
func TestTempDirFails(t *testing.T) {
	// More fingerprints than memory has room for, of the shortest lines that have one.
	content := strings.Repeat("TF01@1.0@@QUJD\n", sortMemory/(printLen+16)+1)
	o := options(t, write(t, reportName, content), nil)
	o.TempDir = filepath.Join(t.TempDir(), "none")
	if r, err := Verify(t.Context(), o); !errors.Is(err, fs.ErrNotExist) || r != nil {
		t.Errorf("%v, %v", r, err)
	}
}

// Each kind has its words, and no two the same one.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := range numKinds {
		about := kinds[k]
		if about.word == "" || about.english == "" || about.chinese == "" || about.advice == "" || about.adviceChinese == "" || seen[about.word] {
			t.Errorf("kind %d: %+v", k, about)
		}
		seen[about.word] = true
	}
}
