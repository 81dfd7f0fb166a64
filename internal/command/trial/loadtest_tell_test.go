package trial

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/loadtest/result"
)

// TestEachOutputReplacesItsKindAlone: a slip of the hand takes no result for a page of it, and no result that is put together.
func TestEachOutputReplacesItsKindAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	r := &result.Result{
		Format: result.Format, IDs: []string{"A"}, Scenario: "churn", Target: "127.0.0.1:1", Generators: 1, Seconds: []result.Second{},
		Login: result.NewLatency(), Service: result.NewLatency(), Refused: map[string]int{}, Failed: map[string]int{}, Hostile: map[string]int{},
		Again: map[string]int{}, Counts: result.Counts{Begun: 1, LoggedIn: 1},
	}
	r.Login.Record(1)
	r.Judge(nil)
	files := map[string]string{"--save": at("r.json"), "--html": at("r.html"), "--hdr": at("r.hlog")}
	first := tellLoadtest{save: files["--save"], html: files["--html"], hdr: files["--hdr"], lang: "en"}
	if err := first.keep(r); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(files["--save"], at("link.json")); err != nil {
		t.Fatal(err)
	}
	before := textsOf(t, files)
	for flag := range files {
		for kind, path := range files {
			got := mergeIn(t, files["--save"], "--lang", "en", flag, path)
			switch {
			case path == files["--save"] && (got.status == 0 || !strings.Contains(got.err, "is one of the results that are put together")):
				t.Errorf("%s over the input: status %d, %q", flag, got.status, got.err)
			case flag != kind && (got.status == 0 || !strings.Contains(got.err, flag+": ")):
				t.Errorf("%s over a file of %s: status %d, %q", flag, kind, got.status, got.err)
			case flag == kind && path != files["--save"] && got.status != 0:
				t.Errorf("%s over one of its kind: %q", flag, got.err)
			}
		}
	}
	for _, path := range []string{at("link.json"), folder + "/./r.json"} {
		got := mergeIn(t, files["--save"], "--lang", "zh", "--save", path)
		if got.status == 0 || !strings.Contains(got.err, "是要合并的结果之一；请另选文件名") {
			t.Errorf("%s: status %d, %q", path, got.status, got.err)
		}
	}
	if err := keptResult.write(at("r.html"), []byte("{}"), nil); err == nil {
		t.Error("a page that came while the run went on is replaced by a result")
	}
	if got := textsOf(t, files); got["--save"] != before["--save"] || !strings.HasPrefix(got["--html"], "<!") || !strings.HasPrefix(got["--hdr"], "#") {
		t.Errorf("a file was replaced: %.60q, %.60q, %.60q", got["--save"], got["--html"], got["--hdr"])
	}
	other := at("other.json")
	if err := (&tellLoadtest{save: other}).keep(r); err != nil {
		t.Fatal(err)
	}
	if got := mergeIn(t, files["--save"], "--lang", "en", "--save", other); got.status != 0 {
		t.Errorf("over another result: %q", got.err)
	}
}

// TestAResultThatCannotBeSavedIsNotLost: it is written elsewhere, and the error says where. What another run wrote meanwhile stays.
func TestAResultThatCannotBeSavedIsNotLost(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "r.json")
	r := &result.Result{Format: result.Format, Scenario: "churn", Login: result.NewLatency(), Service: result.NewLatency(), Counts: result.Counts{Begun: 1}}
	one, two := tellLoadtest{save: path, lang: "en"}, tellLoadtest{save: path, lang: "en"}
	for _, run := range []*tellLoadtest{&one, &two} {
		if err := run.check(nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := two.keep(r); err != nil {
		t.Fatal(err)
	}
	before := textsOf(t, map[string]string{"": path})[""]
	r.Counts.Begun = 2
	wantRescued(t, one.keep(r), "r.json was written by another run while this one went on, and stays", 2)
	if now := textsOf(t, map[string]string{"": path})[""]; now != before {
		t.Errorf("%q, was %q", now, before)
	}
	gone := tellLoadtest{save: filepath.Join(folder, "gone", "r.json"), lang: "en"}
	wantRescued(t, gone.keep(r), "no such file or directory", 2)
}

// wantRescued wants an error that says that, and names a file with the result.
func wantRescued(t *testing.T, err error, says string, begun int) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Fatalf("%v, want %q", err, says)
	}
	_, behind, _ := strings.Cut(err.Error(), "; the result is in ")
	path, _, _ := strings.Cut(behind, ": move it")
	r, err := result.Read(path)
	if err != nil || r.Counts.Begun != begun {
		t.Fatalf("%v, %+v", err, r)
	}
	if err := os.Remove(path); err != nil {
		t.Error(err)
	}
}

// textsOf has the text of each file.
func textsOf(t *testing.T, paths map[string]string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

// ended is what `loadtest merge` left behind.
type ended struct {
	status   int
	out, err string
}

// mergeIn runs `loadtest merge` as the program does.
func mergeIn(t *testing.T, args ...string) ended {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append([]string{"loadtest", "merge"}, args...)
	status := command.New(args, nil, strings.NewReader(""), &out, &errOut).Run(t.Context(), func(e *command.Env, _ []string) *cobra.Command {
		root := &cobra.Command{Use: "tradefront", SilenceErrors: true, SilenceUsage: true}
		root.AddCommand(NewLoadtest(e))
		return root
	}, args)
	return ended{status, out.String(), errOut.String()}
}
