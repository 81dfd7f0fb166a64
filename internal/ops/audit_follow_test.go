package ops

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fileTally collects what the observer was called with about the file.
type fileTally struct{ changes chan error }

func (fileTally) AuditWritten(int)             {}
func (fileTally) AuditFailed(int, error)       {}
func (f fileTally) AuditFileChanged(err error) { f.changes <- err }
func written(t *testing.T, a *Audit, reason string) {
	t.Helper()
	e := full()
	e.Reason = reason
	if err := a.LogWritten(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// holdsReason reports which of the reasons the file contains.
func holds(t *testing.T, path string, reasons ...string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != len(reasons) {
		t.Errorf("%s has %d lines, want %d:\n%s", path, n, len(reasons), b)
	}
	for _, r := range reasons {
		if !strings.Contains(string(b), `"reason":"`+r+`"`) {
			t.Errorf("%s lacks %s:\n%s", path, r, b)
		}
	}
}

func followed(t *testing.T) (a *Audit, path string, f fileTally) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	f = fileTally{make(chan error, 10)}
	a, err := OpenAudit(path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return a, path, f
}

// TestAuditDeleted: a file that was deleted without a signal is begun anew with the next line, which
// is in it, or within a second or so without one; Trouble reports it until the next Reopen.
func TestAuditDeleted(t *testing.T) {
	a, path, f := followed(t)
	written(t, a, "lost")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	written(t, a, "kept")
	written(t, a, "more")
	holds(t, path, "kept", "more")
	if err := <-f.changes; !errors.Is(err, errAuditDeleted) {
		t.Error(err)
	}
	if err := a.Trouble(); !errors.Is(err, errAuditDeleted) || !strings.Contains(err.Error(), path) {
		t.Errorf("trouble: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := <-f.changes; !errors.Is(err, errAuditDeleted) { // and no line comes
		t.Error(err)
	}
	holds(t, path)
	if err := a.Reopen(t.Context()); err != nil || a.Trouble() != nil {
		t.Errorf("%v, %v", err, a.Trouble())
	}
}

// TestAuditDeletedWithItsFolder: as long as there is no place for a new file, lines are lost, and Trouble reports it.
func TestAuditDeletedWithItsFolder(t *testing.T) {
	a, path, f := followed(t)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := a.LogWritten(t.Context(), full()); !errors.Is(err, errAuditDeleted) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a line into a deleted file: %v", err)
	}
	if err := a.Trouble(); !errors.Is(err, errAuditDeleted) {
		t.Errorf("trouble: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	written(t, a, "kept")
	holds(t, path, "kept")
	<-f.changes
}

// TestAuditMoved: lines go on into a file that a rotation has moved, until the signal; without one
// they go into a new file after a while, and none is lost.
func TestAuditMoved(t *testing.T) {
	a, path, f := followed(t)
	written(t, a, "first")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	written(t, a, "second")
	a.io.Lock()
	a.movedAt = a.movedAt.Add(-movedGrace)
	a.io.Unlock()
	if err := <-f.changes; !errors.Is(err, errAuditMoved) { // with no further line
		t.Error(err)
	}
	written(t, a, "third")
	holds(t, path+".1", "first", "second")
	holds(t, path, "third")
	if err := a.Trouble(); !errors.Is(err, errAuditMoved) {
		t.Errorf("trouble: %v", err)
	}
}

// TestAuditCut: Trouble reports a file that was cut, which takes the next line at its beginning.
func TestAuditCut(t *testing.T) {
	a, path, f := followed(t)
	written(t, a, "first")
	written(t, a, "second")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-f.changes:
		if !errors.Is(err, errAuditCut) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is told")
	}
	written(t, a, "third")
	holds(t, path, "third")
}
