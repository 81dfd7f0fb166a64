package files

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFolder brings the names in the folder to disk, as far as its file system can: a crash of the
// machine then leaves what was created, renamed or removed in it. Some file systems (older CIFS, some
// FUSE) cannot sync a folder and return EINVAL or ENOTSUP. That is no error: they offer no more than the
// sync of the file itself.
func SyncFolder(path string) error {
	_, err := TrySyncFolder(path)
	return err
}

// TrySyncFolder is SyncFolder, and reports a file system that cannot sync folders: there a crash of the
// machine may undo a rename, of which the caller warns.
func TrySyncFolder(path string) (unsupported bool, err error) {
	return syncFolder(path, (*os.File).Sync)
}

func syncFolder(path string, sync func(*os.File) error) (unsupported bool, err error) {
	dir, err := os.Open(path)
	if err != nil {
		return false, err
	}
	err = sync(dir)
	unsupported = errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP)
	if unsupported {
		err = nil
	}
	if err = errors.Join(err, dir.Close()); err != nil {
		return false, fmt.Errorf("sync of folder %s: %w", path, err)
	}
	return unsupported, nil
}
