package assemble

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
