package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxLinks is how many links may follow each other, as the kernel has it.
const maxLinks = 40

// OpenAuditOfDaemon is OpenAudit for a command, of which the daemon's user owns the folder. Run by root, it follows no link that
// another user made: the daemon's user could lead root's write to any file of the machine.
func OpenAuditOfDaemon(path string, observers ...AuditObserver) (*Audit, error) {
	return openAuditBy(path, auditOpenerFor(os.Geteuid()), observers)
}

// auditOpenerFor is how that user opens an audit log of a daemon.
func auditOpenerFor(user int) func(string) (auditFile, error) {
	if user != 0 {
		return openAuditFile
	}
	return openAuditTrusting(0)
}

// openAuditTrusting opens a file by its name, or through links that this user owns.
func openAuditTrusting(user uint32) func(string) (auditFile, error) {
	return func(path string) (auditFile, error) {
		if path == "" {
			return openAuditFile(path)
		}
		file, err := behindLinks(path, user)
		if err != nil {
			return nil, fmt.Errorf("audit log: %w", err)
		}
		f, err := openAuditFlags(file, syscall.O_NOFOLLOW)
		if errors.Is(err, syscall.ELOOP) {
			return nil, fmt.Errorf("audit log: %w", foreignLink(file))
		}
		return f, err
	}
}

// behindLinks is the path to which links lead, all of which that user owns. The last one may become a link before it is opened.
func behindLinks(path string, user uint32) (string, error) {
	for range maxLinks {
		to, owner, err := readLink(path)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL): // no file, or no link
			return path, nil
		case err != nil:
			return "", err
		case owner != user:
			return "", foreignLink(path)
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

func foreignLink(path string) error {
	return fmt.Errorf("%s is a symbolic link that root does not own, and root does not follow it: "+
		"name the file itself as audit_log, or let root make the link", path)
}
