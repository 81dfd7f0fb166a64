package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// movedGrace is how long the lines are still written to a file that was moved away: a log rotation
// sends its signal within moments, and makes the new file itself.
const movedGrace = 10 * time.Second

// AuditFileObserver is an AuditObserver that is also called when others did something to the file.
// It must not block, nor call the Audit.
type AuditFileObserver interface {
	// AuditFileChanged is called when the file was deleted, cut, or moved without a Reopen.
	AuditFileChanged(err error)
}

// What was done to the file while it was open.
var (
	errAuditDeleted = errors.New("audit log: its file was deleted while it was open: what was in it is lost; " +
		"a new one was begun. Bring the lost lines back from where they were shipped to: reconcile lacks them")
	errAuditCut = errors.New("audit log: its file was cut while it was open (copytruncate?): what came between copy and cut is lost; " +
		"let the rotation move the file and send SIGHUP")
	errAuditMoved = errors.New("audit log: its file was moved away and no SIGHUP came: a new one was begun under the old name; " +
		"keep both, and let the rotation send SIGHUP")
)

// follow checks whether the file still has its name, and continues in a new one if not; err is why there is no new one. lost
// reports that what the last write put into the file is lost. io is held. Moving the file is what log rotation does:
// then nothing is lost, and Reopen is waited for.
func (a *Audit) follow() (lost bool, err error) {
	f, ok := a.file.(*osFile)
	if !ok || !f.regular || !f.ours {
		return false, nil
	}
	open, err := f.Stat()
	if err != nil {
		return false, nil //nolint:nilerr // the last known state remains
	}
	named, err := os.Stat(a.path)
	switch {
	case links(open) == 0:
		return true, a.begin(errAuditDeleted)
	case err == nil && os.SameFile(open, named):
		a.movedAt = time.Time{}
		a.noteSize(open.Size())
		return false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, nil // the folder cannot be read: the file takes lines all the same
	case a.movedAt.IsZero():
		a.movedAt = time.Now()
	case time.Since(a.movedAt) >= movedGrace:
		return false, a.begin(errAuditMoved)
	}
	return false, nil
}

// noteSize finds a file that has become shorter.
func (a *Audit) noteSize(size int64) {
	if size < a.size {
		a.torn = false
		a.changed(errAuditCut)
	}
	a.size = size
}

// begin continues in a new file of the same name.
func (a *Audit) begin(why error) error {
	next, err := a.open(a.path)
	if err != nil {
		a.mark(why)
		return fmt.Errorf("%w; and no other can be made: %w", why, err)
	}
	old := a.file
	a.file, a.torn, a.size, a.movedAt = next, false, 0, time.Time{}
	a.helpers.Go(func() { _, _ = old.Sync(), old.Close() }) // logins need not wait for it
	a.changed(why)
	return nil
}

// changed reports what happened, until the next Reopen.
func (a *Audit) changed(why error) {
	a.mark(why)
	for _, o := range a.observers {
		if o, ok := o.(AuditFileObserver); ok {
			o.AuditFileChanged(why)
		}
	}
}

func (a *Audit) mark(why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fileTrouble = fmt.Errorf("%w (%s, noticed at %s)", why, a.path, time.Now().Format(time.TimeOnly))
}

// lookAtFile is for a time without lines. A write in progress does it itself.
func (a *Audit) lookAtFile() {
	if !a.io.TryLock() {
		return
	}
	defer a.io.Unlock()
	if a.file == nil {
		return
	}
	_, _ = a.follow() // tried again at the next line
}

// links is how many names the file has.
func links(info fs.FileInfo) uint64 {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return uint64(s.Nlink) //nolint:unconvert // the types differ by system
}
