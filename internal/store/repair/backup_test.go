package repair_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/repair"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// TestBackupUnderLoad: a backup ends while commits come one after the other, and what was answered
// before it began is in the store that is restored from it. Nothing is overwritten.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "local.db"), filepath.Join(dir, "backup.db")
	storetest.WriteFile(t, backup+".unfinished", []byte("of a backup that was killed"))
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	before := storetest.Records(storetest.Day, 500)
	storetest.AppendAll(t, l, before)
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				rec := storetest.Record(storetest.Day)
				if _, err := l.Append(context.Background(), &rec); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	did, err := repair.Backup(t.Context(), path, backup)
	cancel()
	load.Wait()
	if err != nil || len(did.Days) != 1 || did.Days[0].Records < 500 || did.Bytes == 0 {
		t.Fatalf("%+v, %v", did, err)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := repair.Backup(t.Context(), path, backup); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one over the first: %v", err)
	}

	restored := filepath.Join(t.TempDir(), "local.db")
	storetest.Rename(t, backup, restored)
	if whole, err := repair.Check(t.Context(), restored); !whole || err != nil {
		t.Errorf("whole %v, %v", whole, err)
	}
	r := storetest.OpenJournalAt(t, restored, journal.Options{})
	found := storetest.Stored(t, r, storetest.Day)
	if int64(len(found)) != did.Days[0].Records {
		t.Errorf("%d records, the backup told of %d", len(found), did.Days[0].Records)
	}
	for _, rec := range before {
		if _, ok := found[rec.ID]; !ok {
			t.Errorf("%v is not in the backup", rec.ID)
		}
	}
	after := storetest.Record(storetest.Day)
	storetest.AppendAll(t, r, []store.Record{after})
	if got := storetest.Stored(t, r, storetest.Day); len(got) != len(found)+1 {
		t.Error("the restored store takes no records")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.unfinished")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestBackupOfDamage: a damaged store gives no backup, and no file.
func TestBackupOfDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "local.db")
	l := storetest.OpenJournalAt(t, path, journal.Options{})
	storetest.AppendAll(t, l, storetest.Records(storetest.Day, 400))
	storetest.CloseIt(t, l)
	b := storetest.ReadFile(t, path)
	for page := len(b) / 4096 / 2; ; page++ {
		if b[page*4096] == 0x0d {
			b[page*4096] = 0x77
			break
		}
	}
	storetest.WriteFile(t, path, b)
	if _, err := repair.Backup(t.Context(), path, filepath.Join(dir, "backup.db")); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("%v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "backup*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
