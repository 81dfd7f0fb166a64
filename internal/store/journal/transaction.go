package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/store/localfile"
)

// transactHere is transact of records, and fails if the files are not the ones that the next start will find. An error is an
// ErrInDoubt if the records may be found all the same: COMMIT failed after it may have written them, or the second check failed, and
// they are in the files that were moved. The first check keeps a front whose files were moved from writing on to them; it is left out
// where the second one of the commit before was a moment ago.
func (w *writer) transactHere(conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	inTurn := w.inTurn
	w.inTurn = false
	if !inTurn {
		if err := w.at.Check(); err != nil {
			return err
		}
	}
	err := w.transact(conn, f)
	if _, mayPersist := errors.AsType[*commitError](err); mayPersist {
		w.doubt = mayBeThere(err)
		return w.doubt
	}
	if err != nil {
		return err
	}
	w.doubt = nil // SQLite wrote over what a commit before had left in the WAL
	if err := w.at.Check(); err != nil {
		return mayBeThere(err)
	}
	w.inTurn = true
	return nil
}

// mayBeThere is err of a commit whose records may be there. It stays what err is: readiness and the forwarder decide by that.
func mayBeThere(err error) error { return fmt.Errorf("%w: %w", store.ErrInDoubt, err) }

// commitError is what COMMIT said, if the WAL may hold the transaction all the same. The process does not see it there, but the
// recovery after a crash would.
type commitError struct{ error }

func (e *commitError) Unwrap() error { return e.error }

// transact runs f in a transaction and commits. It is never cancelled. Its result is known, but for a commitError. If we crash before
// COMMIT has returned, the WAL holds the whole transaction or, after recovery, nothing of it.
func (w *writer) transact(conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	if broken := w.broken.Load(); broken != nil {
		return *broken
	}
	ctx := context.Background()
	w.lock.begin()
	err := w.inTransaction(ctx, conn, f)
	if localfile.IsBusy(err) {
		if locked := w.lock.err(0); locked != nil {
			return locked
		}
	}
	w.lock.got()
	if err == nil {
		return nil
	}
	if atCommit, is := errors.AsType[*commitError](err); is {
		return &commitError{w.noteBroken(localfile.Classify(atCommit.error))} // outside of what later commits are told
	}
	return w.noteBroken(localfile.Classify(err))
}

// noteBroken stops all writing if err, of a write or of the forwarder's read, says that the file failed
// or is damaged. It notes damage for the next start, whose check may not find it.
func (w *writer) noteBroken(err error) error {
	if !errors.Is(err, store.ErrBroken) || w.broken.Load() != nil {
		return err
	}
	broken := fmt.Errorf("%w; restart to recover the file", err)
	if localfile.IsDamage(err) {
		broken = fmt.Errorf("%w; restart: the front then sets the file aside and starts anew", err)
		if err := localfile.NoteDamage(w.at.Path, err); err != nil {
			broken = fmt.Errorf("%w (that could not be noted for the start: %w)", broken, err)
		}
	}
	w.broken.CompareAndSwap(nil, &broken)
	return err
}

func (w *writer) inTransaction(ctx context.Context, conn *sql.Conn, f func(context.Context, *sql.Conn) error) error {
	if err := w.direct.run(ctx, &w.direct.begin); err != nil {
		return err
	}
	w.lock.got()
	err := f(ctx, conn)
	if err == nil {
		if err = w.direct.run(ctx, &w.direct.commit); localfile.CommitMayPersist(err) {
			err = &commitError{err}
		}
	}
	if err != nil {
		// Some failures have ended the transaction already. Then ROLLBACK fails, and only the first
		// error matters.
		_ = w.direct.run(ctx, &w.direct.rollback)
	}
	return err
}

// MaxSeq is the highest seq in the file, 0 if it holds nothing. The positions of exports
// count: a seq that an export could have seen is never given to a later record.
func MaxSeq(ctx context.Context, conn *sql.Conn) (seq int64, err error) {
	err = conn.QueryRowContext(ctx, `SELECT max(
		coalesce((SELECT max(seq) FROM record), 0),
		coalesce((SELECT max(seq) FROM quarantine), 0),
		coalesce((SELECT max(position) FROM report_export), 0),
		coalesce((SELECT max(arrival) FROM reassigned_from), 0))`).Scan(&seq)
	return seq, err
}
