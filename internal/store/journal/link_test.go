package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/internal/store/journal"
)

// TestRootOpensNoStoreBehindALinkOfOthers: the daemon's user owns the folder of its local store, and a command that root runs does nothing
// to a file that a link of that user leads to; its mode was changed before. A link of root's own is followed.
func TestRootOpensNoStoreBehindALinkOfOthers(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a link of another user")
	}
	dir := t.TempDir()
	victim, link := filepath.Join(dir, "victim"), filepath.Join(dir, "tradefront.db")
	if err := errors.Join(os.WriteFile(victim, []byte("root:x:0:0\n"), 0o600), os.Chmod(victim, 0o644), os.Symlink(victim, link),
		os.Lchown(link, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(t.Context(), link, journal.Options{}); err == nil || !strings.Contains(err.Error(), "root does not follow it") {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	other := filepath.Join(dir, "other.db")
	j, err := journal.Open(t.Context(), other, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Close(), os.Remove(link), os.Symlink(other, link)); err != nil {
		t.Fatal(err)
	}
	if j, err = journal.Open(t.Context(), link, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}
