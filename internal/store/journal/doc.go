// Package journal is the local store of a front: a record is durable here before its login is
// answered. Where there is no PostgreSQL it is the whole store.
//
// One goroutine writes (writer.go). What is appended while a commit is on its way makes the next
// commit: there is no timer. Several processes may open one file, so commands work beside a
// running daemon. What runs at each commit is prepared once and goes past database/sql (direct.go);
// the highest seq is asked for only where SQLite says that the file changed since the last commit.
//
// # Invariants
//
//   - Append returns nil only after the commit that holds the record returned. It waits no longer
//     than its ctx: a record that still waits for its turn is withdrawn then, and never written;
//     of one that a commit has taken it says ErrInDoubt. It says so too where COMMIT failed and may
//     have written, and where the files were moved during the commit: after any other error the record
//     never appears, also not after a crash.
//   - A seq is given out once. Seqs of records, of quarantined rows and of exports' positions
//     count, also those of rows that were removed.
//   - Rows are removed by their seqs, never "all up to". Each day's count of removed rows changes
//     in the same transaction. A submission (UUIDv8) that a relay sends again after its row has left is a
//     row again, and counts once: table forwarded_submission remembers those that were counted, for as
//     long as a front may take their SubmitIDs. One that another front brought first does not count.
//   - What a terminal's ciphertext hashes to (table seen_terminals) is written in the commit that
//     holds its record, stays when the record is forwarded, and goes when its day is over: a
//     replay is known also after a restart. A store that is moved away as corrupt takes its
//     hashes with it.
//   - A position of an export is the highest seq that it saw. One writer at a time commits, and
//     gives out its seqs inside its transaction, so a record with a higher seq is late.
//
// # Other processes
//
// SQLite opens files by name. A front that goes on in files whose names mean others would answer
// logins that the next start does not find. So the writer looks after each commit, before it
// answers its callers, whether file, WAL and index are the ones that it opened (localfile.Place,
// store.ErrMoved), and so does each new connection. A front without logins asks once a second
// (Reach).
//
// Another process may hold the write lock. A commit waits for Options.BusyTimeout; then it and
// all that came meanwhile get a LockedError, so that a login waits once, and not once for each
// that came before it. Linux tells the holder (/proc/locks).
//
// # Bounds
//
// Rows that wait for a commit: Options.QueueRows. Rows of a commit: MaxCommitRows. What the store
// may hold: Options.Bounds, by bytes, rows, age and the disk's free space. Measure looks once a
// second; at a bound Append is a FullError until the bound is left by a tenth, while removal goes
// on. What Append decides by is what readiness shows (Full), also while the WAL cannot be folded
// for want of room. SQLite cannot fold the WAL while a report is read, so the reader gives up at
// Options.WALBytes (store.ErrWALTooLong); then SQLite, or Measure where no commit comes any more,
// folds it into the file and cuts it.
//
// # If we crash
//
// The WAL holds whole transactions or, after recovery, nothing of them. A file that fails to
// write or to sync is not written to again until the process is started anew (store.ErrBroken).
// One that cannot be read at a moment can be at the next (store.ErrUnread), and is not known to be
// damaged.
package journal
