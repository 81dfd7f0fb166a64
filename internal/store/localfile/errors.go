package localfile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tradefront/tradefront/internal/store"
)

// Classify gives an error of SQLite the type that callers decide on.
func Classify(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
		// The WAL's index (-shm) cannot grow for want of room. SQLite can make it again from the WAL, and the next
		// commit writes over what this one wrote, so it may be tried.
		return fmt.Errorf("%w: %w", store.ErrDiskFull, err)
	}
	if isReadFailure(e.Code()) {
		return fmt.Errorf("%w: %w", store.ErrUnread, err)
	}
	switch e.Code() & 0xff { // the primary code; the rest says which call it was
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", store.ErrDiskFull, err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", store.ErrBroken, err)
	case sqlite3.SQLITE_BUSY:
		// Another process kept the file locked for the whole busy timeout.
		return fmt.Errorf("%w: %w", store.ErrOverloaded, err)
	}
	return fmt.Errorf("store: local: %w", err)
}

// isReadFailure tells a failed read from a failed write. After a failed read nothing was written, the
// transaction was rolled back, and the next read may succeed: the file is not known to be damaged,
// and stays in use.
func isReadFailure(code int) bool {
	switch code {
	case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS,
		sqlite3.SQLITE_IOERR_FSTAT, sqlite3.SQLITE_IOERR_ACCESS, sqlite3.SQLITE_IOERR_SEEK, sqlite3.SQLITE_IOERR_SHMOPEN,
		sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_IOERR_MMAP:
		return true
	}
	return false
}

// CommitMayPersist reports whether COMMIT, which said err, may have written the transaction to the WAL all the same, so that a
// process that opens the file after a crash finds it there: SQLite writes the frame that ends the transaction before it syncs the WAL
// and before it enters the frames into the WAL's index. It wrote no such frame when the disk was full, or the file locked.
func CommitMayPersist(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err != nil
	}
	code := e.Code() & 0xff
	return code != sqlite3.SQLITE_FULL && code != sqlite3.SQLITE_BUSY
}

// IsDiskError reports whether err is SQLite's, and means that the system failed a read or a write.
func IsDiskError(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_IOERR
}

// IsBusy reports whether err is SQLite's, and means that another process held a lock for too long.
func IsBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// IsDamage reports whether err is SQLite's, and means that the file is not a database, or damaged.
func IsDamage(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// isNoSQLiteTable reports whether err is SQLite's "no such table", which has no code of
// its own.
func isNoSQLiteTable(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_ERROR && strings.Contains(e.Error(), "no such table")
}

// Explain is the error of a read: the context's cause if that ended the read, else err by Classify.
func Explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("store: %w", context.Cause(ctx))
	}
	return Classify(err)
}
