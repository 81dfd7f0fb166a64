package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// leftoverAge is how old a temporary file must be to count as left by a killed run: between closing its
// file and renaming it, a run that lives holds no lock.
const leftoverAge = time.Minute

// Create begins a file that will replace the one at path, if that is there, once
// CloseAtomicallyReplace returned. Until then it is under a temporary name beside it, which
// Cleanup removes.
//
// Crash here: the temporary file stays, with perm. The next Create for path removes it.
func Create(path string, perm fs.FileMode) (*renameio.PendingFile, error) {
	dir := filepath.Dir(path)
	removeLeftovers(path)
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(perm))
	if err != nil {
		return nil, err
	}
	// The lock tells others that this run lives. On a file system without locks no leftovers are
	// removed either: see removeLeftovers.
	_ = unix.Flock(int(pending.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return pending, nil
}

// Write replaces the file at path by one with data, whole or not at all, and is done when a crash of the machine does not undo it.
func Write(path string, data []byte, perm fs.FileMode) error {
	pending, err := Create(path, perm)
	if err != nil {
		return err
	}
	_, err = pending.Write(data)
	if err == nil {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return errors.Join(err, pending.Cleanup())
	}
	return syncNames(filepath.Dir(path))
}

// syncNames is SyncFolder. A variable for tests.
var syncNames = SyncFolder

// removeLeftovers removes the temporary files that killed runs left beside path.
func removeLeftovers(path string) { removeUnlocked(Leftovers(path)) }

// Sweep removes the temporary files that killed runs left in dir of files whose name is one of those: of a file that is whole by now,
// and so is not created again.
func Sweep(dir string, is func(name string) bool) {
	removeUnlocked(leftovers(dir, func(name string) bool {
		of, temporary := strings.CutPrefix(strings.TrimRight(name, digits), ".")
		return temporary && len(of)+len(".") < len(name) && is(of)
	}))
}

// removeUnlocked removes files that no run holds. One that cannot be removed is no reason not to write.
func removeUnlocked(names []string) {
	for _, name := range names {
		f, err := Open(name)
		if err != nil {
			continue
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.Remove(name)
		}
		_ = f.Close()
	}
}

// Leftovers are the temporary files of path that are no longer written to.
func Leftovers(path string) []string {
	prefix := "." + filepath.Base(path)
	return leftovers(filepath.Dir(path), func(name string) bool {
		number, ours := strings.CutPrefix(name, prefix)
		return ours && number != "" && strings.Trim(number, digits) == ""
	})
}

const digits = "0123456789"

func leftovers(dir string, is func(name string) bool) (left []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if !is(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > leftoverAge {
			left = append(left, filepath.Join(dir, e.Name()))
		}
	}
	return left
}
