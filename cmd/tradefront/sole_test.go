package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/tradefront/tradefront/internal/store"
)

func TestSoleFront(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	first, err := soleFront(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = soleFront(path)
	if err == nil || !strings.Contains(err.Error(), "another front (pid "+strconv.Itoa(os.Getpid())+") uses") {
		t.Errorf("the second front: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := soleFront(path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	_ = again.Close()
}

// TestSoleFrontByAnyName: one store is one store, whatever it is called.
func TestSoleFrontByAnyName(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "local.db", "")
	if err := errors.Join(os.Symlink("local.db", "link.db"), os.Symlink(dir, filepath.Join(dir, "folder"))); err != nil {
		t.Fatal(err)
	}
	first, err := soleFront(filepath.Join(dir, "local.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, name := range []string{"local.db", "./local.db", "link.db", "folder/local.db", "folder/link.db", filepath.Join(dir, "link.db")} {
		if second, err := soleFront(name); err == nil {
			_ = second.Close()
			t.Errorf("a second front uses the same store as %s", name)
		}
	}
}

// A store that failed makes the front not ready until a probe shows that it works again.
func TestLocalHealth(t *testing.T) {
	local, err := store.OpenLocal(t.Context(), filepath.Join(t.TempDir(), "local.db"), store.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var h localHealth
	if ready, _ := h.check(); !ready {
		t.Error("not ready at the start")
	}
	h.note(store.ErrDiskFull)
	if ready, reason := h.check(); ready || !strings.Contains(reason, "disk full") {
		t.Errorf("after a failed commit: %v, %s", ready, reason)
	}
	h.probe(local, zap.NewNop())(context.Background())
	if ready, reason := h.check(); !ready {
		t.Errorf("after a good probe: %s", reason)
	}
	if err := local.Close(); err != nil {
		t.Fatal(err)
	}
	h.note(store.ErrDiskFull)
	h.probe(local, zap.NewNop())(context.Background())
	if err := h.trouble(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after a failed probe: %v", err)
	}
}
