package repair

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// CheckPatience bounds the check of a local store's pages at start, so that a front with a
// large embedded store is up soon. What was not looked at by then is not known to be damaged.
const CheckPatience = 10 * time.Second

// NotedPatience bounds the check of a store in which damage was met in use.
const NotedPatience = time.Minute

// Check looks whether the local store at path can be used, and changes nothing. The
// caller is the only front on it and has not opened it. Looked at are, in this order: that
// the log has lost no commit (ReadWAL); the file's header and
// schema; every page of the file with the order of its rows, and that the indexes have each row
// once, by which a report finds them: for CheckPatience at most (PRAGMA integrity_check), or for
// NotedPatience if damage was met in use (NoteDamage). whole says that it came to the end; then
// what was noted was a passing fault. No file is no damage.
//
// It is one look. A disk that does not give a page is ErrUnread and no damage; and since a disk may
// also give something wrong once, whoever sets a store aside looks twice (CheckTwice).
func Check(ctx context.Context, path string) (whole bool, err error) {
	path = localfile.RealPath(path)
	log, err := localfile.ReadWAL(path)
	if err != nil {
		return false, err
	}
	if damage := log.Damaged(); damage != nil {
		return false, fmt.Errorf("%w: %w", store.ErrDamaged, damage)
	}
	empty, err := localfile.IsEmpty(path)
	switch {
	case err != nil:
		return false, err
	case empty && len(log.Frames) > 0:
		return false, localfile.ErrWALAlone
	case empty:
		return true, nil
	}
	if whole, err = checkNoted(ctx, path); errors.Is(err, store.ErrDamaged) {
		// A page that is not given makes SQLite call a file malformed at some places.
		if unread := readThrough(path); unread != nil {
			return false, unread
		}
	}
	return whole, err
}

// CheckTwice is CheckLocal, and if that finds damage, once more: err is what the last look said.
func CheckTwice(ctx context.Context, path string) (whole bool, first, err error) {
	if whole, first = Check(ctx, path); !errors.Is(first, store.ErrDamaged) {
		return whole, first, first
	}
	dropFiles(path)
	whole, err = Check(ctx, path)
	return whole, first, err
}

func checkNoted(ctx context.Context, path string) (whole bool, err error) {
	noted := localfile.NotedDamage(path)
	if noted == nil {
		return checkPages(ctx, path, CheckPatience)
	}
	if !errors.Is(noted, store.ErrDamaged) {
		return false, noted
	}
	switch whole, err = checkPages(ctx, path, NotedPatience); {
	case err == nil && !whole:
		err = noted
	case errors.Is(err, store.ErrDamaged):
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
		return fmt.Errorf("%w: %w", store.ErrUnread, err)
	}
	return nil
}

// dropFiles has the next look at the files of a store read from the disk, as far as the system
// follows. The caller is the only one that uses them.
func dropFiles(path string) {
	for _, suffix := range []string{"", "-wal"} {
		if f, err := files.Open(localfile.RealPath(path) + suffix); err == nil {
			dropCached(f)
			_ = f.Close() // it was read
		}
	}
}

func checkPages(ctx context.Context, path string, patience time.Duration) (whole bool, err error) {
	db, err := localfile.OpenReadOnly(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return checkOpened(ctx, db, patience)
}

func checkOpened(ctx context.Context, db *sql.DB, atMost time.Duration) (whole bool, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, localfile.DamageOf(err)
	}
	patience, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	found, err := integrityCheck(patience, db)
	switch {
	case patience.Err() != nil && ctx.Err() == nil:
		return false, nil
	case err != nil:
		return false, localfile.DamageOf(err)
	}
	return found == "ok", localfile.FoundDamage(found)
}

// integrityCheck is "ok" or the first fault that SQLite finds.
func integrityCheck(ctx context.Context, db *sql.DB) (found string, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found)
	return found, err
}
