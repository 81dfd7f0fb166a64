package settlement

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

// A folder whose file system cannot sync it (older CIFS, FUSE) is a warning: both files are there.
func TestFolderThatCannotBeSynced(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	dir := t.TempDir()
	x := exporter(t, s, dir)
	x.syncFolder = func(string) (bool, error) { return true, nil }
	if d := mustExport(t, x, store.FullExport); !d.Unsynced || !strings.Contains(reportfile.UnsyncedWarning(dir), dir) {
		t.Errorf("%+v", d)
	}
	wantFile(t, reportPath(dir, ""), store.FullExport, recs)
}

// A folder that fails after the manifest has its name leaves no manifest without a report.
func TestNoManifestWithoutItsReport(t *testing.T) {
	s := openLocal(t, filepath.Join(t.TempDir(), "local.db"))
	recs := storetest.Records(day, 3)
	put(t, s, recs...)
	dir := t.TempDir()
	x := exporter(t, s, dir)
	x.syncFolder = func(string) (bool, error) { return false, unix.EIO }
	if _, err := x.Export(t.Context(), day, store.FullExport); !errors.Is(err, unix.EIO) {
		t.Errorf("%v", err)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	x.syncFolder = nil
	mustExport(t, x, store.FullExport)
	wantFile(t, reportPath(dir, ""), store.FullExport, recs)
}
