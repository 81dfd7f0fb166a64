package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/files"
)

// birthWord names the file that a new local store is made under.
const birthWord = ".new"

// ensureLocal makes a local store at path (mode 0600), unless there is one. It is the only place
// that creates one: whatever is opened later is opened, never made.
//
// The store is made under another name, with its schema, synced, and gets its name whole: if we
// crash in here, there is none, and the remains go when the next one is made. Who makes one holds a
// lock on the folder.
func ensureLocal(ctx context.Context, path string, opt FileOptions) (err error) {
	if empty, err := isEmpty(path); err != nil {
		return err
	} else if !empty {
		return wrapStore(os.Chmod(path, 0o600))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer folder.Close() // the lock goes with it
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("store: lock %s: %w", folder.Name(), err)
	}
	if empty, err := isEmpty(path); err != nil || !empty {
		return err // another process was quicker
	}
	return bear(ctx, path, opt)
}

func bear(ctx context.Context, path string, opt FileOptions) error {
	unborn := path + birthWord
	// Also what says something of a file that was removed by hand. A journal beside nothing would be
	// played into the new file.
	remains := []string{path + damageWord, path + "-journal"}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		remains = append(remains, unborn+suffix)
	}
	if err := removeAll(remains); err != nil {
		return err
	}
	if err := createPrivate(unborn); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db, err := openSQLite(unborn, opt, 1, nil)
	if err != nil {
		return err
	}
	// The last connection's end folds the log into the file and removes it.
	if err := errors.Join(localError(migrateLocal(ctx, db)), db.Close()); err != nil {
		return errors.Join(err, removeAll(remains))
	}
	if exists(unborn + "-wal") {
		return fmt.Errorf("store: %s: the log of a new store was not folded into it", unborn)
	}
	if err := syncFile(unborn); err != nil {
		return err
	}
	if err := removeAll([]string{path + "-wal", path + "-shm"}); err != nil { // an empty log: refuseLogAlone has seen it
		return err
	}
	if err := os.Rename(unborn, path); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return syncFolder(path)
}

// createPrivate makes an empty file that only we may read, unless there is one: SQLite
// gives its own files the mode of the first. An existing file is not opened, see Local.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// PlayJournal ends what a crash of an older binary left at a store's birth: a journal that SQLite
// must play back, which it cannot where it opens to read only. Without one it does nothing. The
// caller is the only front on the store and has not opened it.
func PlayJournal(ctx context.Context, path string) error {
	path = RealPath(path)
	if !exists(path + "-journal") {
		return nil
	}
	if empty, err := isEmpty(path); err != nil || empty {
		return err // ensureLocal removes it
	}
	db, err := openPlain(path, "rw")
	if err != nil {
		return err
	}
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	if isDamage(err) {
		err = nil // CheckLocal says so
	}
	return errors.Join(localError(err), db.Close())
}

func removeAll(paths []string) error {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

func syncFile(path string) error {
	f, err := files.Open(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return wrapStore(errors.Join(f.Sync(), f.Close()))
}

func wrapStore(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %w", err)
}
