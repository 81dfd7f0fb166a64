package localfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
	log, err := sqlitefile.ReadWAL(path + "-wal")
	if err == nil && len(log.Frames)+len(log.Behind) > 0 {
		err = ErrWALAlone
	}
	return err
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
