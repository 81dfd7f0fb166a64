package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/settlement/merge"
)

const mergedName = "0001clientinfo20260105.txt"

// seat writes a report of n lines, those from first on, and returns its path.
func seat(t *testing.T, first, n int) string {
	t.Helper()
	var out bytes.Buffer
	ciphertext := make([]byte, 256)
	for i := first + n; i > first; i-- { // not in order
		copy(ciphertext, fmt.Sprintf("%08d", i))
		text := base64.StdEncoding.EncodeToString(ciphertext)
		out.WriteString("TF01@1.0@" + text + "@" + text + "\n")
	}
	path := filepath.Join(t.TempDir(), mergedName)
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runMerge runs the command to its end.
func runMerge(args ...string) (out, errOut string, status int) {
	cmd := exec.Command(binary, append([]string{"report", "merge"}, args...)...)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	status = exitStatus(cmd.Run())
	return o.String(), e.String(), status
}

func TestMergeCommand(t *testing.T) {
	t.Parallel()
	a, b, out := seat(t, 0, 300), seat(t, 200, 300), t.TempDir()
	text, errOut, status := runMerge(a, b, "--out", out, "-o", "json")
	var done struct {
		Path              string
		Rows              int
		DuplicatesDropped int `json:"duplicates_dropped"`
		SHA256            string
		Inputs            []struct{ Rows int }
	}
	if err := json.Unmarshal([]byte(text), &done); err != nil || status != 0 {
		t.Fatalf("%v, status %d: %s%s", err, status, text, errOut)
	}
	content, err := os.ReadFile(filepath.Join(out, mergedName))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(content); done.Rows != 500 || done.DuplicatesDropped != 100 || len(done.Inputs) != 2 || done.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", done)
	}
	var made merge.Manifest
	if data, err := os.ReadFile(filepath.Join(out, mergedName+".manifest.json")); err != nil || json.Unmarshal(data, &made) != nil ||
		made.Kind != "merged" || made.Rows != 500 || made.SHA256 != done.SHA256 || len(made.Inputs) != 2 || made.Version == "" {
		t.Errorf("%+v, %v", made, err)
	}
	cut := seat(t, 0, 10)
	if err := os.WriteFile(cut+".manifest.json", []byte(`{"kind": "full", "rows": 11, "sha256": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), mergedName)
	if err := os.WriteFile(bad, []byte("TF01@1.0@@QQ==\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, "requires at least 2 arg", []string{a, "--out", out}},
		{2, `"out" not set`, []string{a, b}},
		{1, bad + ":1: the line ends in CRLF", []string{a, bad, "--out", out}},
		{1, cut + " has 10 lines, its manifest says 11", []string{a, cut, "--out", out}},
		{1, "would replace the input", []string{a, b, "--out", filepath.Dir(a)}},
	} {
		if text, errOut, status := runMerge(c.args...); status != c.status || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: status %d, want %d\n%s%s", c.args, status, c.status, text, errOut)
		}
	}
}

// TestMergeKillNine kills a merge while it reads and while it writes: the report from
// before is unchanged, or none if there was none; what is left besides is named as a
// temporary file of the report; and the next merge is not hindered by it.
func TestMergeKillNine(t *testing.T) {
	t.Parallel()
	const lines = 15_000
	a, b := seat(t, 0, lines), seat(t, lines*4/5, lines)
	whole := t.TempDir()
	if _, errOut, status := runMerge(a, b, "--out", whole); status != 0 {
		t.Fatal(errOut)
	}
	want, err := os.ReadFile(filepath.Join(whole, mergedName))
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range []string{"", "before"} {
		for when, size := range map[string]int64{"reading": 0, "writing": 1 << 20} {
			t.Run(when+" "+before, func(t *testing.T) {
				out, there := t.TempDir(), []string{}
				if before != "" {
					there = []string{mergedName, mergedName + ".manifest.json"}
					if err := errors.Join(os.WriteFile(filepath.Join(out, there[0]), []byte(before), 0o600),
						os.WriteFile(filepath.Join(out, there[1]), []byte(`{"kind": "merged"}`), 0o600)); err != nil {
						t.Fatal(err)
					}
				}
				killMerge(t, out, size, a, b)
				content, err := os.ReadFile(filepath.Join(out, mergedName))
				if string(content) != before || (before == "") != errors.Is(err, os.ErrNotExist) {
					t.Errorf("%d bytes are under the report's name, %v", len(content), err)
				}
				wantOnlyTemporary(t, out, there)
				if _, errOut, status := runMerge(a, b, "--out", out); status != 0 {
					t.Fatal(errOut)
				}
				if again, err := os.ReadFile(filepath.Join(out, mergedName)); err != nil || !bytes.Equal(again, want) {
					t.Errorf("after it: %d bytes of %d, %v", len(again), len(want), err)
				}
			})
		}
	}
}

// temporaryName is how doc.go of package settlement names what a crash leaves.
var temporaryName = regexp.MustCompile(`^\.` + regexp.QuoteMeta(mergedName) + `(\.manifest\.json)?[0-9]+$`)

func temporaries(t *testing.T, out string) (found []os.DirEntry) {
	t.Helper()
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if temporaryName.MatchString(e.Name()) {
			found = append(found, e)
		}
	}
	return found
}

func wantOnlyTemporary(t *testing.T, out string, there []string) {
	t.Helper()
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(there, e.Name()) && !temporaryName.MatchString(e.Name()) {
			t.Errorf("left %s", e.Name())
		}
	}
}

// killMerge begins a merge and kills it when its temporary file has more than size bytes.
func killMerge(t *testing.T, out string, size int64, inputs ...string) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"report", "merge", "--out", out}, inputs...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	deadline := time.After(time.Minute)
	for found := false; !found; {
		select {
		case <-look.C:
		case <-deadline:
			_ = cmd.Process.Kill()
			t.Fatal("no temporary file of that size in a minute")
		}
		for _, e := range temporaries(t, out) {
			if info, err := e.Info(); err == nil && info.Size() >= size {
				found = true
			}
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the merge was not killed: %v", err)
	}
}
