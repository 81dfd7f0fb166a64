package store

import (
	"errors"
	"fmt"
)

// The errors that callers decide on. All others are faults.
var (
	// ErrNotFound says that there is no such record, AppID or account.
	ErrNotFound = errors.New("store: not found")
	// ErrExists says that the AppID or account is there already.
	ErrExists = errors.New("store: exists already")
	// ErrSound says that a record in quarantine is as it was appended, and is not discarded.
	ErrSound = errors.New("store: the record is sound")
	// ErrOverloaded says that the queue is full, and nothing was recorded (the gateway answers 90).
	ErrOverloaded = errors.New("store: too many records wait for a commit")
	// ErrUnavailable says that PostgreSQL, whose commit the answer waits for, is out of reach (the
	// gateway answers 8). The record may exist, and if it does it will be forwarded.
	ErrUnavailable = errors.New("store: PostgreSQL is out of reach")
	// ErrUnconfirmed comes with ErrUnavailable: the record is in the local store and will be
	// forwarded, although its login is answered 8.
	ErrUnconfirmed = errors.New("store: recorded locally, not confirmed by PostgreSQL in time")
	// ErrInDoubt says that ctx ended while the local store's commit was under way, or that the commit failed after it may
	// have written the record. The record is there or not, and counts if it is (the gateway answers 8).
	ErrInDoubt = errors.New("store: it is not known whether the record is there")
	// ErrDenied says that the role of the database's URL has not the right to do that.
	ErrDenied = errors.New("store: the database role may not do this")
	// ErrRowSecurity says that row-level security is on, and could have hidden rows from the
	// statement. Nothing was read or written.
	ErrRowSecurity = errors.New("store: row-level security is switched on and could hide records from this role, so nothing was read or written; " +
		"switch it off as the owner of the table, ALTER TABLE … DISABLE ROW LEVEL SECURITY")
	// ErrClosed says that Close was called before; nothing was recorded.
	ErrClosed = errors.New("store: closed")
	// ErrWALTooLong says that a read of the local store was given up: the WAL, which cannot be
	// folded into the file while it is read, grew to journal.Options.WALBytes.
	ErrWALTooLong = errors.New("store: the local store's log grew too long while it was read; try again when fewer logins come in")
	// ErrDiskFull says that the local store's disk is full. Nothing of the batch was recorded,
	// and the next batch is tried again (the gateway answers 90).
	ErrDiskFull = errors.New("store: disk full")
	// ErrUnread says that the disk failed to read the local store's file. Nothing was recorded, and
	// the next attempt may succeed; the file is not known to be damaged.
	ErrUnread = errors.New("store: the local store's file cannot be read")
	// ErrBroken says that the local store's file failed to write or to sync, or is damaged. An
	// fsync that failed is never tried again: every append gets this error until the process is
	// restarted. The commit that met it may have written its records: it says ErrInDoubt too.
	ErrBroken = errors.New("store: the local store's file has failed")
)

// IsLocal reports whether err comes from the local store. A forwarder meets these errors too, and
// PostgreSQL is not their cause.
func IsLocal(err error) bool {
	for _, local := range []error{ErrOverloaded, ErrDiskFull, ErrUnread, ErrBroken, ErrMoved, ErrFull} {
		if errors.Is(err, local) {
			return true
		}
	}
	return false
}

// SchemaError says that a database's schema is not the one of this binary.
type SchemaError struct {
	Current int64 // version found, 0 for an empty database
	Wanted  int64 // version of this binary
	// Trouble is why not even a migration may touch it, and what to do; "" if one may.
	Trouble string
}

func (e *SchemaError) Error() string {
	if e.Trouble != "" {
		return "store: " + e.Trouble
	}
	advice := "run `tradefront migrate --config FILE`"
	if e.Current > e.Wanted {
		advice = "use a newer tradefront"
	}
	return fmt.Sprintf("store: the schema has version %d, this binary needs %d: %s", e.Current, e.Wanted, advice)
}

// Is makes every SchemaError an ErrSchema.
func (e *SchemaError) Is(target error) bool { return target == ErrSchema }

// ErrSchema is what errors.Is finds in a *SchemaError.
var ErrSchema = errors.New("store: schema version")

// RefusedError says that PostgreSQL refused a batch for what is in it: nothing of the
// batch was recorded, and trying it again is of no use.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return "store: PostgreSQL refuses the data: " + e.Err.Error() }

// Unwrap returns PostgreSQL's error.
func (e *RefusedError) Unwrap() error { return e.Err }

// InDoubtError says that a batch may or may not have been committed: the connection
// ended, patience ran out, or a synchronous standby did not confirm.
type InDoubtError struct{ Err error }

func (e *InDoubtError) Error() string {
	return "store: the batch's fate is not known: " + e.Err.Error()
}

// Unwrap returns what ended the commit.
func (e *InDoubtError) Unwrap() error { return e.Err }

// DeniedError says that the role of the database's URL has not the right to do something. It
// is an ErrDenied.
type DeniedError struct{ Err error }

func (e *DeniedError) Error() string {
	return "the role of the database's URL has not the right to do this (deploy/sql/roles.sql grants it): " + e.Err.Error()
}

// Is makes every DeniedError an ErrDenied.
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }

// Unwrap returns PostgreSQL's error.
func (e *DeniedError) Unwrap() error { return e.Err }

// UnfitError says why a connection to a running server is not used: the server, or what is before
// it, would lose or alter records.
type UnfitError struct{ Reason string }

func (e *UnfitError) Error() string { return e.Reason }

// ErrFull says that a bound of the local store is reached; nothing was recorded (the gateway answers
// 90). errors.Is finds it in a *FullError.
var ErrFull = errors.New("store: the local store is full")

// ErrDamaged says that the local store's file or WAL is not what was written.
var ErrDamaged = errors.New("store: the local store is damaged")

// ErrMoved says that the files that a running front has open are not the ones that its paths name:
// they were moved, removed or replaced. The next start would not find what is committed now, so no
// login is answered with success until they are back. Records that were committed before that was seen are in the files that were
// moved: their callers get ErrInDoubt too.
var ErrMoved = errors.New("store: the local store's files are not at their place")
