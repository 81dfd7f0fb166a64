package assemble

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/storetest"
)

func TestSoleFront(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	first, err := SoleFront(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = SoleFront(path)
	if err == nil || !strings.Contains(err.Error(), "another front (pid "+strconv.Itoa(os.Getpid())+") uses") {
		t.Errorf("the second front: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := SoleFront(path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	_ = again.Close()
}

// TestSoleFrontByAnyName: one store is one store under any name.
func TestSoleFrontByAnyName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := errors.Join(os.WriteFile("local.db", nil, 0o600), os.Symlink("local.db", "link.db"), os.Symlink(dir, filepath.Join(dir, "folder"))); err != nil {
		t.Fatal(err)
	}
	first, err := SoleFront(filepath.Join(dir, "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, name := range []string{"local.db", "./local.db", "link.db", "folder/local.db", "folder/link.db", filepath.Join(dir, "link.db")} {
		if second, err := SoleFront(name); err == nil {
			_ = second.Close()
			t.Errorf("a second front uses the same store as %s", name)
		}
	}
}

// TestHalfMovedStoreOfAFront: while a front moves a damaged store away, a command does not open what is left: that would begin another WAL.
func TestHalfMovedStoreOfAFront(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	storetest.CloseIt(t, storetest.OpenJournalAt(t, path, journal.Options{}))
	front, err := SoleFront(path)
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	if err := os.WriteFile(path+".set-aside", []byte("local.db.corrupt-20260105T010203Z"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := localfile.RefuseHalfMoved(path)
	for _, got := range []error{localfile.SameSchema(t.Context(), path), open(t, path)} {
		if want == nil || got == nil || !strings.Contains(got.Error(), want.Error()) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// open is the error of OpenLocal.
func open(t *testing.T, path string) error {
	t.Helper()
	local, err := OpenLocal(t.Context(), &config.Config{Store: config.Store{Path: path}})
	if err == nil {
		storetest.CloseIt(t, local)
	}
	return err
}
