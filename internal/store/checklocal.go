package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tradefront/tradefront/internal/files"
)

// CheckPatience bounds the check of a local store's pages at start, so that a front with a
// large embedded store is up soon. What was not looked at by then is not known to be damaged.
const CheckPatience = 10 * time.Second

// NotedPatience bounds the check of a store in which damage was met in use.
const NotedPatience = time.Minute

// ErrDamaged says that the local store's file or log is not what was written.
var ErrDamaged = errors.New("store: the local store is damaged")

// CheckLocal looks whether the local store at path can be used, and changes nothing. The
// caller is the only front on it and has not opened it. Looked at are, in this order: that
// the log has lost no commit (readWAL); the file's header and
// schema; every page of the file with the order of its rows, and that the indexes have each row
// once, by which a report finds them: for CheckPatience at most (PRAGMA integrity_check), or for
// NotedPatience if damage was met in use (noteDamage). whole says that it came to the end; then
// what was noted was a passing fault. No file is no damage.
//
// It is one look. A disk that does not give a page is ErrUnread and no damage; and since a disk may
// also give something wrong once, whoever sets a store aside looks twice (CheckTwice).
func CheckLocal(ctx context.Context, path string) (whole bool, err error) {
	path = RealPath(path)
	log, err := readWAL(path + "-wal")
	if err != nil {
		return false, err
	}
	if damage := log.damaged(); damage != nil {
		return false, fmt.Errorf("%w: %w", ErrDamaged, damage)
	}
	empty, err := isEmpty(path)
	switch {
	case err != nil:
		return false, err
	case empty && len(log.frames) > 0:
		return false, errLogAlone
	case empty:
		return true, nil
	}
	if whole, err = checkNoted(ctx, path); errors.Is(err, ErrDamaged) {
		// A page that is not given makes SQLite call a file malformed at some places.
		if unread := readThrough(path); unread != nil {
			return false, unread
		}
	}
	return whole, err
}

// CheckTwice is CheckLocal, and if that finds damage, once more: err is what the last look said.
func CheckTwice(ctx context.Context, path string) (whole bool, first, err error) {
	if whole, first = CheckLocal(ctx, path); !errors.Is(first, ErrDamaged) {
		return whole, first, first
	}
	dropFiles(path)
	whole, err = CheckLocal(ctx, path)
	return whole, first, err
}

func checkNoted(ctx context.Context, path string) (whole bool, err error) {
	noted := notedDamage(path)
	if noted == nil {
		return checkPages(ctx, path, CheckPatience)
	}
	if !errors.Is(noted, ErrDamaged) {
		return false, noted
	}
	switch whole, err = checkPages(ctx, path, NotedPatience); {
	case err == nil && !whole:
		err = noted
	case errors.Is(err, ErrDamaged):
		err = fmt.Errorf("%w; %w", noted, err)
	}
	return whole, err
}

// readThrough is an ErrUnread if the disk does not give the whole file.
func readThrough(path string) error {
	dropFiles(path)
	f, err := files.Open(path)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer f.Close()
	if _, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, math.MaxInt64)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnread, err)
	}
	return nil
}

// dropFiles has the next look at the files of a store read from the disk, as far as the system
// follows. The caller is the only one that uses them.
func dropFiles(path string) {
	for _, suffix := range []string{"", "-wal"} {
		if f, err := files.Open(RealPath(path) + suffix); err == nil {
			dropCached(f)
			_ = f.Close() // it was read
		}
	}
}

// ForgetDamage removes what noteDamage wrote, of a store that is sound.
func ForgetDamage(path string) error { return removeAll([]string{RealPath(path) + damageWord}) }

// errLogAlone: SQLite deletes such a log unread when it opens the file, also to read only.
var errLogAlone = fmt.Errorf("%w: its file is gone or empty, its log is not", ErrDamaged)

// refuseLogAlone keeps everybody from opening a store whose log would be deleted for it.
func refuseLogAlone(path string) error {
	empty, err := isEmpty(path)
	if err != nil || !empty {
		return err
	}
	log, err := readWAL(path + "-wal")
	if err == nil && len(log.frames)+len(log.behind) > 0 {
		err = errLogAlone
	}
	return err
}

// isEmpty reports whether there is nothing in the file, or no file.
func isEmpty(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("store: %w", err)
	}
	return info.Size() == 0, nil
}

// noteDamage writes down for the next CheckLocal what damage was met in use. A large store is not
// checked whole at the start: an index whose entries are not those of its rows fails each
// delete, and a front that opened that file again would refuse logins for ever.
func noteDamage(path string, damage error) error {
	return files.Write(path+damageWord, []byte(damage.Error()+"\n"), 0o600)
}

// notedDamage is what noteDamage wrote, nil if it did not.
func notedDamage(path string) error {
	said, err := files.Read(path+damageWord, maxNote)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("store: %w", err)
	}
	return fmt.Errorf("%w: met while it was in use: %s", ErrDamaged, bytes.TrimSpace(said))
}

func checkPages(ctx context.Context, path string, patience time.Duration) (whole bool, err error) {
	db, err := openReadOnly(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return checkOpened(ctx, db, patience)
}

func checkOpened(ctx context.Context, db *sql.DB, atMost time.Duration) (whole bool, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, damageOf(err)
	}
	patience, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	found, err := integrityCheck(patience, db)
	switch {
	case patience.Err() != nil && ctx.Err() == nil:
		return false, nil
	case err != nil:
		return false, damageOf(err)
	}
	return found == "ok", foundDamage(found)
}

// foundDamage reads what integrity_check says. A page that the disk did not give stands in it like a
// page that is wrong.
func foundDamage(found string) error {
	if found == "ok" {
		return nil
	}
	if m := pageNotGiven.FindStringSubmatch(found); m != nil {
		if code, err := strconv.Atoi(m[1]); m[1] == "" || err == nil && code&0xff == sqlite3.SQLITE_IOERR {
			return fmt.Errorf("%w: %s", ErrUnread, found)
		}
	}
	return fmt.Errorf("%w: %s", ErrDamaged, found)
}

// pageNotGiven is what SQLite's checkTreePage and checkList say of a read that failed, the second
// without a code.
var pageNotGiven = regexp.MustCompile(`unable to get the page\. error code=(\d+)|failed to get page \d+`)

// integrityCheck is "ok" or the first fault that SQLite finds.
func integrityCheck(ctx context.Context, db *sql.DB) (found string, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found)
	return found, err
}

// damageOf makes SQLite's words for a damaged file ErrDamaged. A disk that cannot be read
// is something else: setting the file aside on it would help nobody.
func damageOf(err error) error {
	if isDamage(err) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if isDiskError(err) {
		return fmt.Errorf("%w: %w", ErrUnread, err) // nothing is written here: any error of the disk is of a read
	}
	return localError(err)
}

// openReadOnly opens the file at path without the right to change it: no checkpoint at its
// end either, which would write the log's pages into the file.
func openReadOnly(path string) (*sql.DB, error) {
	if err := refuseLogAlone(RealPath(path)); err != nil {
		return nil, err
	}
	return openPlain(path, "ro")
}

// openPlain is one connection to the file at path, which changes no setting of it.
func openPlain(path, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: url.Values{
		"mode":          {mode},
		"_busy_timeout": {strconv.FormatInt(DefaultBusyTimeout.Milliseconds(), 10)},
	}.Encode()}
	connector, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}
