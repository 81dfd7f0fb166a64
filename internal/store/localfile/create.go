package localfile

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

// newSuffix names the file that a new local store is made under.
const newSuffix = ".new"

// Ensure makes a local store at path (mode 0600), unless there is one. It is the only place
// that creates one: whatever is opened later is opened, never made.
//
// The store is made under another name, with its schema, synced, and gets its name whole: if we
// crash in here, there is none, and the remains go when the next one is made. Who makes one holds a
// lock on the folder.
func Ensure(ctx context.Context, path string, opt Options) (err error) {
	if empty, err := IsEmpty(path); err != nil {
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
	if empty, err := IsEmpty(path); err != nil || !empty {
		return err // another process was quicker
	}
	return create(ctx, path, opt)
}

func create(ctx context.Context, path string, opt Options) error {
	unborn := path + newSuffix
	// Also what says something of a file that was removed by hand. A journal beside nothing would be
	// played into the new file.
	remains := []string{path + DamageSuffix, path + "-journal"}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		remains = append(remains, unborn+suffix)
	}
	if err := RemoveAll(remains); err != nil {
		return err
	}
	if err := CreatePrivate(unborn); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db, err := Open(unborn, opt, 1, nil)
	if err != nil {
		return err
	}
	// The last connection's end folds the log into the file and removes it.
	if err := errors.Join(Classify(Migrate(ctx, db)), db.Close()); err != nil {
		return errors.Join(err, RemoveAll(remains))
	}
	if Exists(unborn + "-wal") {
		return fmt.Errorf("store: %s: the log of a new store was not folded into it", unborn)
	}
	if err := SyncFile(unborn); err != nil {
		return err
	}
	if err := RemoveAll([]string{path + "-wal", path + "-shm"}); err != nil { // an empty log: RefuseWALAlone has seen it
		return err
	}
	if err := os.Rename(unborn, path); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return SyncFolder(path)
}

// CreatePrivate makes an empty file that only we may read, unless there is one: SQLite
// gives its own files the mode of the first. An existing file is not opened, see Local.
func CreatePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// PlayRollbackJournal ends what a crash of an older binary left at a store's birth: a journal that SQLite
// must play back, which it cannot where it opens to read only. Without one it does nothing. The
// caller is the only front on the store and has not opened it.
func PlayRollbackJournal(ctx context.Context, path string) error {
	path = RealPath(path)
	if !Exists(path + "-journal") {
		return nil
	}
	if empty, err := IsEmpty(path); err != nil || empty {
		return err // Ensure removes it
	}
	db, err := openPlain(path, "rw")
	if err != nil {
		return err
	}
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	if IsDamage(err) {
		err = nil // CheckLocal says so
	}
	return errors.Join(Classify(err), db.Close())
}

func RemoveAll(paths []string) error {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

func SyncFile(path string) error {
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
