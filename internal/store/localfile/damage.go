package localfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/sqlitefile"
	"github.com/tradefront/tradefront/internal/store"
)

// ForgetDamage removes what NoteDamage wrote, once the store is found to be sound.
func ForgetDamage(path string) error { return RemoveAll([]string{RealPath(path) + DamageSuffix}) }

// ErrWALAlone says that a WAL lost its file. SQLite deletes such a WAL unread when it opens the file,
// also to read only.
var ErrWALAlone = fmt.Errorf("%w: its file is gone or empty, its log is not", store.ErrDamaged)

// RefuseWALAlone is ErrWALAlone for a store whose WAL SQLite would delete. Every opener calls it
// first.
func RefuseWALAlone(path string) error {
	empty, err := IsEmpty(path)
	if err != nil || !empty {
		return err
	}
	wal, err := ReadWAL(path)
	if err == nil && len(wal.Frames)+len(wal.Behind) > 0 {
		err = ErrWALAlone
	}
	return err
}

// ReadWAL reads the WAL of the local store at path, without SQLite. A failed read is store.ErrUnread.
func ReadWAL(path string) (*sqlitefile.WAL, error) {
	wal, err := sqlitefile.ReadWAL(path + "-wal")
	if errors.Is(err, sqlitefile.ErrUnread) {
		err = fmt.Errorf("%w: %w", store.ErrUnread, err)
	}
	return wal, err
}

// IsEmpty reports whether there is nothing in the file, or no file.
func IsEmpty(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("store: %w", err)
	}
	return info.Size() == 0, nil
}

// NoteDamage notes damage that was met in use, for the next repair.Check. That check need not find it:
// it does not read all of a large store. And an index that does not match its rows fails each delete,
// so a front that opened that file again would refuse every login.
func NoteDamage(path string, damage error) error {
	return files.Write(path+DamageSuffix, []byte(damage.Error()+"\n"), 0o600)
}

// NotedDamage is the damage that NoteDamage noted, nil without one.
func NotedDamage(path string) error {
	note, err := files.Read(path+DamageSuffix, maxNote)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("store: %w", err)
	}
	return fmt.Errorf("%w: met while it was in use: %s", store.ErrDamaged, bytes.TrimSpace(note))
}

// DamageOf makes SQLite's error for a damaged file ErrDamaged. A failed read is ErrUnread instead:
// moving the file away would not help.
func DamageOf(err error) error {
	if IsDamage(err) {
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if IsDiskError(err) {
		return fmt.Errorf("%w: %w", store.ErrUnread, err) // callers only read, so any error of the disk is a failed read
	}
	return Classify(err)
}

// FoundDamage is what the answer of PRAGMA integrity_check means: nil, store.ErrDamaged, or
// store.ErrUnread. The answer reports a page that could not be read as it reports a page that is
// wrong.
func FoundDamage(found string) error {
	if found == "ok" {
		return nil
	}
	if m := pageNotGiven.FindStringSubmatch(found); m != nil {
		if code, err := strconv.Atoi(m[1]); m[1] == "" || err == nil && code&0xff == sqlite3.SQLITE_IOERR {
			return fmt.Errorf("%w: %s", store.ErrUnread, found)
		}
	}
	return fmt.Errorf("%w: %s", store.ErrDamaged, found)
}

// pageNotGiven matches what SQLite's checkTreePage and checkList report for a read that failed, the
// second without a code.
var pageNotGiven = regexp.MustCompile(`unable to get the page\. error code=(\d+)|failed to get page \d+`)
