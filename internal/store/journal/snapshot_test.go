package journal_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestLocalExportDoesNotSort: a sorter would hold the day in memory.
func TestLocalExportDoesNotSort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	storetest.OpenJournalAt(t, path, journal.Options{})
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+journal.LocalLinesSQL, int64(storetest.Day), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	if len(plan) != 1 || rows.Err() != nil {
		t.Errorf("%q, %v, want one search along the index", plan, rows.Err())
	}
}
