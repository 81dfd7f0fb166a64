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
// large embedded store starts soon. Pages that were not checked by then count as sound.
const CheckPatience = 10 * time.Second

// NotedPatience bounds the check of a store in which damage was met in use.
const NotedPatience = time.Minute

// Check checks whether the local store at path can be used, and changes nothing. The caller is the
// only front on it and has not opened it. Check looks, in this order, at
//
//   - the WAL: has it lost a commit (ReadWAL);
//   - the file's header and schema;
//   - every page of the file with the order of its rows, and whether the indexes, by which a report
//     finds its rows, have each row once (PRAGMA integrity_check): for CheckPatience at most, or for
//     NotedPatience if damage was met in use (NoteDamage).
//
// whole says that the last one came to its end; then noted damage was a passing fault. No file is no
// damage.
//
// A failed read is ErrUnread and no damage. A disk may also read something wrong once: a caller that
// would move the store away uses CheckTwice.
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
		// At some places SQLite calls a file malformed after a failed read.
		if unread := readThrough(path); unread != nil {
			return false, unread
		}
	}
	return whole, err
}

// CheckTwice is Check, and another Check if the first finds damage: err is the last one's.
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

// readThrough is an ErrUnread if the file cannot be read to its end.
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

// dropFiles makes the next read of a store's files come from the disk, as far as the system lets us.
// No other process uses them.
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
	if err := checkSchema(ctx, db); err != nil {
		return false, err
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

func checkSchema(ctx context.Context, db *sql.DB) error {
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return localfile.DamageOf(err)
	}
	return nil
}

// checkWhole looks at every page, for as long as that takes.
func checkWhole(ctx context.Context, db *sql.DB) error {
	if err := checkSchema(ctx, db); err != nil {
		return err
	}
	found, err := integrityCheck(ctx, db)
	if err != nil {
		return localfile.DamageOf(err)
	}
	return localfile.FoundDamage(found)
}

// integrityCheck is "ok" or the first fault that SQLite finds. A variable for tests.
var integrityCheck = func(ctx context.Context, db *sql.DB) (found string, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found)
	return found, err
}
