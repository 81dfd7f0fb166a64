package logs

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/tradefront/tradefront/internal/files"
)

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
		file, err := files.BehindLinks(path, user)
		if foreign, is := errors.AsType[*files.ForeignLinkError](err); is {
			err = foreignLink(foreign.Path)
		}
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

func foreignLink(path string) error {
	return fmt.Errorf("%s is a symbolic link that root does not own, and root does not follow it: "+
		"name the file itself as audit_log, or let root make the link", path)
}
