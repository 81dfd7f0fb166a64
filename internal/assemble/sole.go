package assemble

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// SoleFront makes this process the only front on the local store at path, until the file
// is closed or the process ends, however it ends. Commands may open the store beside it:
// they write no records of their own. Two fronts would both forward one journal and write one audit log.
// The lock's file is not behind a link, of which another user could lead root's write elsewhere.
func SoleFront(path string) (*os.File, error) {
	f, err := os.OpenFile(localfile.RealPath(path)+".front", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store.path: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		pid, _ := io.ReadAll(io.LimitReader(f, maxPID))
		return nil, errors.Join(
			fmt.Errorf("store.path: another front (pid %s) uses %s: stop it, or give this one a store.path, audit_log and front.id of its own",
				strings.TrimSpace(string(pid)), path), f.Close())
	}
	NameSoleFront(f)
	return f, nil
}

// NameSoleFront writes this process's number into the lock's file, for people; the lock is what counts. The lock of another
// process, whose descriptor this one was given, is this process's too, and stays when the other ends. To write over a number needs no
// room, which a file that was emptied first would have to find again.
func NameSoleFront(f *os.File) {
	text := fmt.Appendln(nil, os.Getpid())
	if _, err := f.WriteAt(text, 0); err != nil {
		text = nil // no number is less wrong than another process's
	}
	_ = f.Truncate(int64(len(text))) // behind it may be the end of a longer number, which makes it none
}

// FrontPID is the process of the front that holds the store at path, 0 if it is not known, and whether there is one.
func FrontPID(path string) (pid int, runs bool) {
	if !FrontRuns(path) {
		return 0, false
	}
	text, err := files.Read(localfile.RealPath(path)+".front", maxPID)
	if err != nil {
		return 0, true
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid, true
}

// maxPID is how long the text of a process number may be.
const maxPID = 32

// FrontRuns reports whether a front holds the store at path, as far as we may look.
func FrontRuns(path string) bool {
	f, err := os.OpenFile(localfile.RealPath(path)+".front", os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer f.Close() // and the lock with it
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
