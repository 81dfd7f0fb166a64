package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// After Close the store is one file, which can be copied: SQLite folds its log back only
// when the last connection is truly closed, with no statement left open.
func TestCloseLeavesOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := journal.Open(t.Context(), filepath.Join(dir, "local.db"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), storetest.Records(storetest.Day, 40)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 {
		t.Errorf("%v are left, want local.db alone", files)
	}
}
