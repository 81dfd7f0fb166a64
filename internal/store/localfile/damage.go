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

// ForgetDamage removes what NoteDamage wrote, of a store that is sound.
func ForgetDamage(path string) error { return RemoveAll([]string{RealPath(path) + DamageSuffix}) }

// ErrWALAlone: SQLite deletes such a log unread when it opens the file, also to read only.
var ErrWALAlone = fmt.Errorf("%w: its file is gone or empty, its log is not", store.ErrDamaged)

// RefuseWALAlone keeps everybody from opening a store whose log would be deleted for it.
func RefuseWALAlone(path string) error {
	empty, err := IsEmpty(path)
	if err != nil || !empty {
		return err
	}
	log, err := ReadWAL(path)
	if err == nil && len(log.Frames)+len(log.Behind) > 0 {
		err = ErrWALAlone
	}
	return err
}

// ReadWAL reads the WAL of the local store at path, without SQLite. What the disk does not give is
// store.ErrUnread.
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

// NoteDamage writes down for the next CheckLocal what damage was met in use. A large store is not
// checked whole at the start: an index whose entries are not those of its rows fails each
// delete, and a front that opened that file again would refuse logins for ever.
func NoteDamage(path string, damage error) error {
	return files.Write(path+DamageSuffix, []byte(damage.Error()+"\n"), 0o600)
}

// NotedDamage is what NoteDamage wrote, nil if it did not.
func NotedDamage(path string) error {
	said, err := files.Read(path+DamageSuffix, maxNote)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("store: %w", err)
	}
	return fmt.Errorf("%w: met while it was in use: %s", store.ErrDamaged, bytes.TrimSpace(said))
}

// DamageOf makes SQLite's words for a damaged file ErrDamaged. A disk that cannot be read
// is something else: setting the file aside on it would help nobody.
func DamageOf(err error) error {
	if IsDamage(err) {
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	if IsDiskError(err) {
		return fmt.Errorf("%w: %w", store.ErrUnread, err) // nothing is written here: any error of the disk is of a read
	}
	return Classify(err)
}

// FoundDamage is what the answer of PRAGMA integrity_check means: nil, store.ErrDamaged, or
// store.ErrUnread. A page that the disk did not give stands in it like a
// page that is wrong.
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

// pageNotGiven is what SQLite's checkTreePage and checkList say of a read that failed, the second
// without a code.
var pageNotGiven = regexp.MustCompile(`unable to get the page\. error code=(\d+)|failed to get page \d+`)
