package logs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
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
	t.Parallel()
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

// TestAuditDeletedOnAFullDisk: the file that is begun after a deletion takes one line and a half. The whole one counts as written,
// and the line after the torn one is a line of its own.
func TestAuditDeletedOnAFullDisk(t *testing.T) {
	a, path, _ := followed(t)
	first, second, third := line(numbered(1)), line(numbered(2)), line(numbered(3))
	begun := &disk{room: len(first) + len(second)/2}
	a.io.Lock()
	a.open = func(string) (auditFile, error) { return begun, nil }
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	whole, err := a.kept(batch{lines: []byte(first + second), entries: 2})
	a.io.Unlock()
	if whole != 1 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d lines are whole, %v; want 1 and ENOSPC", whole, err)
	}
	begun.room = -1
	if whole, err := a.writeLines(batch{lines: []byte(third), entries: 1}); whole != 1 || err != nil {
		t.Errorf("with room again %d lines are whole, %v", whole, err)
	}
	if got := sessions(t, wholeLines(t, begun.content.Bytes())); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("lines of the sessions %v, want 1 and 3:\n%s", got, begun.content.Bytes())
	}
}

// TestAuditMovedWithoutANewFile: a file that was moved has its lines, also when no other can be begun.
func TestAuditMovedWithoutANewFile(t *testing.T) {
	a, path, _ := followed(t)
	a.io.Lock()
	defer a.io.Unlock()
	a.open = func(string) (auditFile, error) { return nil, syscall.EMFILE }
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	a.movedAt = time.Now().Add(-movedGrace)
	if whole, err := a.kept(batch{lines: []byte(line(numbered(1))), entries: 1}); whole != 1 || err != nil {
		t.Errorf("%d lines are kept, %v", whole, err)
	}
	if err := a.Trouble(); !errors.Is(err, errAuditMoved) {
		t.Errorf("trouble: %v", err)
	}
}

// TestAuditMoved: lines go on into a file that a rotation has moved, until the signal; without one
// they go into a new file after a while, and none is lost.
func TestAuditMoved(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
