package built

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// keep is for how long a program stays that no run asks for.
const keep = 7 * 24 * time.Hour

// Kept puts the program of that name at path. build makes it, if the cache has none of that name; the name
// has to tell apart all that makes two programs differ.
func Kept(path, name string, build func(path string) error) error {
	return locked(name, func(kept string) error {
		if err := ensure(kept, build); err != nil {
			return err
		}
		return take(path, kept)
	})
}

// Opened is Kept for a file that is read once: the kept one, to be closed by the caller.
func Opened(name string, build func(path string) error) (f *os.File, err error) {
	err = locked(name, func(kept string) error {
		if err := ensure(kept, build); err != nil {
			return err
		}
		f, err = os.Open(kept)
		return err
	})
	return f, err
}

// Folder is Kept for a folder of files: the kept one, which its callers only read. build makes it.
func Folder(name string, build func(path string) error) (path string, err error) {
	err = locked(name, func(kept string) error {
		path = kept
		return ensure(kept, build)
	})
	return path, err
}

// ensure has build make what is not kept.
func ensure(kept string, build func(path string) error) error {
	if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(kept + ".new"); err != nil { // what a killed builder left
		return err
	}
	if err := build(kept + ".new"); err != nil {
		return err
	}
	return os.Rename(kept+".new", kept)
}

// Renewed puts the program of that name at path, after build has brought the kept one up to date.
func Renewed(path, name string, build func(path string) error) error {
	return locked(name, func(kept string) error {
		if err := build(kept); err != nil {
			return err
		}
		return take(path, kept)
	})
}

// locked runs do with the place of that program, one process at a time.
func locked(name string, do func(kept string) error) error {
	dir, err := folder()
	if err != nil {
		return err
	}
	kept := filepath.Join(dir, name)
	lock, err := os.OpenFile(kept+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := flock(lock); err != nil {
		return fmt.Errorf("lock of %s: %w", kept, err)
	}
	if err := do(kept); err != nil {
		return err
	}
	now := time.Now()
	_ = os.Chtimes(lock.Name(), now, now) // for removeOld; a lock that stays old costs one build
	removeOld(dir, now)
	return nil
}

func folder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "tradefront-tests")
	return dir, os.MkdirAll(dir, 0o700)
}

// removeOld removes programs whose lock is older than keep. Their locks stay: they are empty, and
// another process may wait for one.
func removeOld(dir string, now time.Time) {
	locks, _ := filepath.Glob(filepath.Join(dir, "*.lock")) // the only error is a bad pattern
	for _, lock := range locks {
		if info, err := os.Stat(lock); err == nil && now.Sub(info.ModTime()) > keep {
			kept := strings.TrimSuffix(lock, ".lock")
			_ = os.RemoveAll(kept) // best effort: the next run tries again
			_ = os.RemoveAll(kept + ".new")
		}
	}
}

// take makes path a link to the kept program, or a copy where there can be no link. A builder replaces the
// kept program by another file (go build and rename do), and so writes into no linked one.
func take(path, kept string) error {
	if err := os.Link(kept, path); err == nil {
		return nil
	}
	// A process that another goroutine starts meanwhile would have the copy open for writing until its own program begins, and the kernel
	// runs no program that is open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	from, err := os.Open(kept)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
