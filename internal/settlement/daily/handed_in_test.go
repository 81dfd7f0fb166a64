package daily

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/chinese"
	"github.com/tradefront/tradefront/internal/settlement/merge"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// merged writes a file of that name whose manifest says what it was merged of.
func merged(t *testing.T, content string, inputs ...[32]byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "0001clientinfo20260105.txt")
	sum := sha256.Sum256([]byte(content))
	m := merge.Manifest{Kind: reportfile.MergedKind, SHA256: hex.EncodeToString(sum[:])}
	for _, in := range inputs {
		m.Inputs = append(m.Inputs, merge.ManifestFile{SHA256: hex.EncodeToString(in[:])})
	}
	b, err := json.Marshal(m)
	if err = errors.Join(err, os.WriteFile(path, []byte(content), 0o600), os.WriteFile(reportfile.ManifestName(path), b, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNotedBy: a note is of each export up to its number, and each must be in one of the files or be noted before.
func TestNotedBy(t *testing.T) {
	t.Parallel()
	a := newAfternoon(t)
	a.wrote(t, store.FullExport, 1, "0001clientinfo20260105.txt", "full\n")
	a.wrote(t, store.SupplementExport, 2, "0001clientinfo20260105.supplement-1.txt", "one\n")
	a.wrote(t, store.SupplementExport, 4, "0001clientinfo20260105.supplement-2.txt", "two\n")
	chain := a.exports
	sum := func(i int) [32]byte { return chain[i].SHA256 }
	at := func(i int) string { return filepath.Join(a.dir, chain[i].File) }
	second := sha256.Sum256([]byte("of the second seat"))
	for name, c := range map[string]struct {
		paths    []string
		toHandIn []store.Export
		want     int
		refusal  string
	}{
		"the report":                           {paths: []string{at(0)}, toHandIn: chain, want: 1},
		"all":                                  {paths: []string{at(2), at(0), at(1)}, toHandIn: chain, want: 4},
		"a supplement after the report":        {paths: []string{at(1)}, toHandIn: chain[1:], want: 2},
		"a supplement alone":                   {paths: []string{at(1)}, toHandIn: chain, refusal: chain[0].File + " is not noted"},
		"without the one between":              {paths: []string{at(0), at(2)}, toHandIn: chain, refusal: chain[1].File + " is not noted"},
		"merged before there was a supplement": {paths: []string{merged(t, "m", sum(0), second)}, toHandIn: chain, want: 1},
		"merged with the supplements":          {paths: []string{merged(t, "m", second, sum(2), sum(1), sum(0))}, toHandIn: chain, want: 4},
		"merged, and a supplement":             {paths: []string{merged(t, "m", sum(0), second), at(1)}, toHandIn: chain, want: 2},
		"merged without the report":            {paths: []string{merged(t, "m", second, sum(1))}, toHandIn: chain, refusal: "was not merged of " + chain[0].File},
	} {
		got, err := NotedBy(t.Context(), c.paths, chain, c.toHandIn)
		if got != c.want || (err != nil) != (c.refusal != "") || err != nil && !strings.Contains(err.Error(), c.refusal) {
			t.Errorf("%s: %d, %v; want %d, %q", name, got, err, c.want, c.refusal)
		}
	}
}

// The refusal is there in Chinese.
func TestNotNamedInChinese(t *testing.T) {
	t.Parallel()
	err := &NotNamedError{Missing: &store.Export{File: "a.txt"}, Held: &store.Export{File: "b.txt", Day: day}}
	if got := chinese.Of(err.Error()); !strings.HasPrefix(got, "a.txt 尚未登记为已报送，而 b.txt") || strings.Contains(got, "monitoring") {
		t.Error(got)
	}
	for why, want := range map[string]string{
		"is not what the day's exports wrote (sha256 0a1b), and no manifest of a merge explains it": "a.txt 不是当日各次导出的内容（sha256 0a1b），也没有合并清单可以说明其来源：报送的是哪个文件？",
		"differs from its manifest":                    "a.txt 与其清单不符：报送的是",
		"was not merged of b.txt, which the day needs": "a.txt 不是由当日所需的 b.txt 合并而成的：报送的是",
	} {
		if got := chinese.Of((&NotExportedError{"a.txt", why}).Error()); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
