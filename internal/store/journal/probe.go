package journal

import (
	"context"
	"database/sql"
)

// probeBytes is more than a commit of a few logins writes: where there is room for a probe, there is
// room for them.
const probeBytes = 64 << 10

// Probe commits a row that is no record: nil means that the store takes commits. It is for a store
// whose last commit failed. While the disk hangs it returns when ctx ends, with ctx's error.
func (l *Journal) Probe(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.writer.probe(ctx, &request{writes: true, work: func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "INSERT OR REPLACE INTO probe (only_row, filler) VALUES (1, randomblob(?))", probeBytes)
		return err
	}})
}

// Reach takes the write lock and gives it back, and checks that the files are at their place. It costs
// no sync. A front calls it once a second, so that it knows also while no login comes. For ctx see
// Probe.
func (l *Journal) Reach(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.writer.probe(ctx, &request{work: func(context.Context, *sql.Conn) error { return nil }})
}

// HeldUp is a *LockedError while the writer has waited for another process for longer than
// lockNoticed.
func (l *Journal) HeldUp() error { return l.writer.lock.err(lockNoticed) }

func (w *writer) probe(ctx context.Context, r *request) error {
	if err := w.doWithin(ctx, r); err != nil {
		return err
	}
	return w.at.Check()
}
