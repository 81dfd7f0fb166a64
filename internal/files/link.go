package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// maxLinks is how many links may follow each other, as the kernel has it.
const maxLinks = 40

// privateMode is that of a file that its owner alone may use.
const privateMode = 0o600

// ForeignLinkError names a symbolic link that another user made.
type ForeignLinkError struct{ Path string }

func (e *ForeignLinkError) Error() string { return e.Path + " is a symbolic link of another user" }

// BehindLinks is the path to which links lead, all of which that user owns; else the error is a *ForeignLinkError. The last one
// may become a link before it is opened.
func BehindLinks(path string, user uint32) (string, error) {
	for range maxLinks {
		to, owner, err := readLink(path)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL): // no file, or no link
			return path, nil
		case err != nil:
			return "", err
		case owner != user:
			return "", &ForeignLinkError{path}
		}
		if !filepath.IsAbs(to) {
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			to = filepath.Join(folder, to)
		}
		path = to
	}
	return "", fmt.Errorf("%s: %w", path, syscall.ELOOP)
}

// MakePrivate gives an existing file the mode 0600. It follows no link: root would else take the mode of any file of the machine, at the
// wish of who owns the folder. The file is not opened for reading, so that locks of this process on it stay.
func MakePrivate(path string) error { return makePrivate(path) }
