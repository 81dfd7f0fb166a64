package repair

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestABackupIsCheckedWhole: however long that takes. A check at a start ends after some seconds, and calls the rest sound: a backup that is told
// to be checked must not.
func TestABackupIsCheckedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 3))
	storetest.CloseIt(t, l)
	checks := 0
	ask := integrityCheck
	defer func() { integrityCheck = ask }()
	integrityCheck = func(ctx context.Context, db *sql.DB) (string, error) {
		if _, bounded := ctx.Deadline(); bounded {
			t.Error("the check of a backup has a time at which it ends")
		}
		checks++
		return ask(ctx, db)
	}
	if _, err := Backup(t.Context(), path, path+".backup"); err != nil || checks != 1 {
		t.Errorf("%d checks, %v", checks, err)
	}
	integrityCheck = func(context.Context, *sql.DB) (string, error) {
		return "Tree 4 page 230: btreeInitPage() returns error code 11", nil
	}
	if _, err := Backup(t.Context(), path, path+".damaged"); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a damaged copy: %v", err)
	}
	if _, err := os.Stat(path + ".damaged"); err == nil {
		t.Error("a damaged copy has its name")
	}
}
