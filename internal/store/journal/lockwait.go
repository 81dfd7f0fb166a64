package journal

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// FrontBusyTimeout is how long a front's commit waits for another process that holds the write lock
// of its local store, and so how long a login waits at most before it is answered 90. Our commands
// hold the lock for moments, and wait DefaultBusyTimeout themselves.
const FrontBusyTimeout = 2 * time.Second

// lockNoticed is how long a wait for the lock may last before readiness reports it.
const lockNoticed = time.Second

// LockedError says that another process held the write lock of the file for the whole busy timeout.
// Nothing was recorded (the gateway answers 90).
type LockedError struct {
	Path   string
	For    time.Duration // since we first waited for it
	Holder string        // "pid 12 (sqlite3)", or "" if it is not known
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.Holder != "" {
		who += ", " + e.Holder + ","
	}
	return fmt.Sprintf("store: %s has held the write lock of %s for %s: a command that was stopped, or sqlite3; "+
		"find it with `fuser -v %s` or `lslocks`, and end it", who, filepath.Base(e.Path), e.For.Round(100*time.Millisecond), e.Path)
}

// Is makes every LockedError an ErrOverloaded.
func (e *LockedError) Is(target error) bool { return target == store.ErrOverloaded }

// lockWait knows since when the writer waits for the file's write lock.
type lockWait struct {
	path  string
	since atomic.Pointer[time.Time] // nil while the writer does not wait; a step of the machine's clock does not move it
}

func (w *lockWait) begin() {
	if w.since.Load() == nil {
		now := time.Now()
		w.since.Store(&now) // the writer alone begins
	}
}

func (w *lockWait) got() { w.since.Store(nil) }

// err is nil if the lock is free, or was not waited for very long.
func (w *lockWait) err(after time.Duration) error {
	since := w.since.Load()
	if since == nil {
		return nil
	}
	waited := time.Since(*since)
	if waited < after {
		return nil
	}
	return &LockedError{w.path, waited, localfile.LockHolder(w.path)}
}
