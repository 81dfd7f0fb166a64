package repair

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
	"github.com/tradefront/tradefront/internal/store/sqlrows"
)

// unfinishedSuffix is that of the name under which a backup is written until it is whole.
const unfinishedSuffix = ".unfinished"

// BackedUp is what a backup holds.
type BackedUp struct {
	Bytes int64
	Days  []store.DayCount
	// Refused are the records in quarantine.
	Refused int64
}

// Backup writes all that is committed in the local store at path into a new file, as of one moment.
// Other processes may use the store meanwhile; their commits do not make the backup begin anew. The
// copy is one file without a WAL, and is checked and synced before it gets its name. An existing file
// is fs.ErrExist, and stays as it is.
//
// While it is written the WAL of the store cannot be folded, and grows. If we crash in here, the copy
// has the name of an unfinished one, which the next backup of that name removes.
func Backup(ctx context.Context, path, to string) (done BackedUp, err error) {
	if localfile.Exists(to) {
		return done, fmt.Errorf("store: backup: %s: %w", to, fs.ErrExist)
	}
	unfinished := to + unfinishedSuffix
	if err := localfile.RemoveAll([]string{unfinished}); err != nil {
		return done, err
	}
	if err := localfile.CreatePrivate(unfinished); err != nil { // SQLite takes an empty one
		return done, fmt.Errorf("store: backup: %w", err)
	}
	defer func() { err = errors.Join(err, localfile.RemoveAll([]string{unfinished})) }()
	if err := copyInto(ctx, path, unfinished); err != nil {
		return done, err
	}
	if done, err = readBackup(ctx, unfinished); err != nil {
		return done, err
	}
	if err := localfile.SyncFile(unfinished); err != nil {
		return done, err
	}
	return done, giveName(unfinished, to)
}

// giveName does not replace a file that came there meanwhile, as a rename would. Where the file system
// has no links, it renames.
func giveName(from, to string) error {
	err := os.Link(from, to)
	if err != nil && !errors.Is(err, fs.ErrExist) && !localfile.Exists(to) {
		err = os.Rename(from, to)
	}
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return localfile.SyncFolder(to)
}

func copyInto(ctx context.Context, path, to string) (err error) {
	db, err := localfile.OpenReadOnly(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("store: backup: %w", localfile.DamageOf(err))
	}
	return nil
}

// readBackup reads what was written, so that a backup that cannot be read fails.
func readBackup(ctx context.Context, path string) (done BackedUp, err error) {
	db, err := localfile.OpenReadOnly(path)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkWhole(ctx, db); err != nil { // no start waits for it
		return done, fmt.Errorf("store: the backup: %w", err)
	}
	if done.Days, err = sqlrows.CountDays(ctx, &sqlrows.Tables{DB: db, Explain: localfile.Explain}); err != nil {
		return done, err
	}
	done.Refused, err = countQuarantine(ctx, db)
	if err != nil {
		return done, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return done, fmt.Errorf("store: %w", err)
	}
	done.Bytes = info.Size()
	return done, nil
}

func countQuarantine(ctx context.Context, db *sql.DB) (n int64, err error) {
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM quarantine").Scan(&n)
	return n, localfile.Explain(ctx, err)
}
