// Package durable makes the names in a folder survive a crash.
//
// Some file systems (older CIFS, some FUSE) cannot sync a folder, and say EINVAL or ENOTSUP. That is no
// failure where the file itself was synced: the file system offers no more. Any other error is one.
//
// It is a leaf: it knows nothing of what the folders hold.
package durable

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFolder brings the names in the folder to disk, as far as its file system can.
func SyncFolder(path string) error {
	_, err := SyncFolderTold(path)
	return err
}

// SyncFolderTold is SyncFolder, and says whether the file system cannot: then a crash of the machine may
// undo a rename. The caller has synced the file, and warns.
func SyncFolderTold(path string) (unsupported bool, err error) {
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
