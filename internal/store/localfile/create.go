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
	"github.com/tradefront/tradefront/internal/store/schema"
)

// newSuffix names the file that a new local store is made under.
const newSuffix = ".new"

// Ensure creates a local store at path (mode 0600), which FileOf gave, unless there is one. Nothing else creates one:
// Open opens a file that is there.
//
// The store is created under another name, with its schema, synced, and then renamed. If we crash in
// here, there is no store, and the next Ensure removes the remains. Ensure holds a lock on the folder
// meanwhile.
func Ensure(ctx context.Context, path string, opt Options) (err error) {
	if empty, err := IsEmpty(path); err != nil {
		return err
	} else if !empty {
		return wrapStore(files.MakePrivate(path))
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
	unfinished := path + newSuffix
	// A note about the damage of a file that was removed by hand is not about the new one, and SQLite
	// would play a rollback journal that lost its file into the new file.
	remains := []string{path + DamageSuffix, path + "-journal"}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		remains = append(remains, unfinished+suffix)
	}
	if err := RemoveAll(remains); err != nil {
		return err
	}
	if err := CreatePrivate(unfinished); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db, err := Open(unfinished, opt, 1, nil)
	if err != nil {
		return err
	}
	// The end of the last connection folds the WAL into the file and removes it.
	if err := errors.Join(Classify(schema.CreateLocal(ctx, db)), db.Close()); err != nil {
		return errors.Join(err, RemoveAll(remains))
	}
	if Exists(unfinished + "-wal") {
		return fmt.Errorf("store: %s: the WAL of a new store was not folded into it", unfinished)
	}
	if err := SyncFile(unfinished); err != nil {
		return err
	}
	if err := RemoveAll([]string{path + "-wal", path + "-shm"}); err != nil { // RefuseWALAlone has seen that this WAL is empty
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return SyncFolder(path)
}

// CreatePrivate creates an empty file of mode 0600, unless there is one: SQLite gives its WAL and
// index the mode of the main file. An existing file is not opened: closing it would drop the locks of
// this process's connections to it (see journal.Journal).
func CreatePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return files.MakePrivate(path)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// PlayRollbackJournal ends what a crash of an older binary left while it created a store: a rollback
// journal that SQLite must play back, which it cannot do where it opens to read only. Without one it
// does nothing. The caller is the only front on the store and has not opened it.
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
		err = nil // repair.Check reports it
	}
	return errors.Join(Classify(err), db.Close())
}

// RemoveAll removes those of the files that are there.
func RemoveAll(paths []string) error {
	for _, p := range paths {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

// SyncFile makes the content of a file durable.
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
