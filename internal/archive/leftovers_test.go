package archive

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestSweepLeftovers: what a killed run left of an archive goes, also of a day that is archived by now. What is young may be that of a run
// that lives; what is another's, and archives themselves, stay.
func TestSweepLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stay := []string{
		"0001archive20260310.zip", ".0001archive20260310.zip", ".0002archive20260310.zip77", ".0001archive20260310.zip7x", ".0001archive2026031.zip77",
		"0001archive20260310.zip77", ".0001clientinfo20260310.txt77", ".0001archive20260311.zip88",
	}
	for _, name := range append(slices.Clone(stay), ".0001archive20260310.zip77", ".0001archive20260310-2.zip9") {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == ".0001archive20260311.zip88" { // of a run that lives
			continue
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	SweepLeftovers(dir, "0001")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	slices.Sort(stay)
	if !slices.Equal(left, stay) {
		t.Errorf("%v are left, want %v", left, stay)
	}
}
