package reportfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// OutputError adds to an error of a file in the output folder what to do about it; other
// errors, those of the store and its sockets too, it leaves alone. With any error, nothing
// half-written has a final name.
func OutputError(dir string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	if !errors.As(err, &path) && !errors.As(err, &link) {
		return err
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("the disk of %s has no room for the report; nothing was changed there: make room, or write into another folder: %w", dir, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%s may not be written to; nothing was changed there: change its rights, or write into another folder: %w", dir, err)
	}
	return err
}

// UnsyncedWarning is for who wrote into a folder that its file system cannot sync.
func UnsyncedWarning(dir string) string {
	return dir + " is on a file system that cannot sync folders: the files are on disk, but if the machine stops now they may " +
		"lose their names; look that they are there before you hand in, or write to a local disk"
}
