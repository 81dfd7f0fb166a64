// Package repair works on local stores that no front has open: it checks them before a start, backs
// them up, and recovers the records of a damaged one.
//
// Before a front opens its store, it looks for damage, and if there seems to be some, once more
// (CheckTwice): a disk may give something wrong once. A damaged store is moved away whole
// (localfile.MoveCorrupt), and the front begins a new one, into which Adopt copies the tables that
// are no records. Recover reads the damaged files page by page without SQLite (ReadCorrupt), takes
// each row that is well-formed to the byte and matches its checksum, and puts it into the new store,
// once. Damage that is met in use stops writing (store.ErrBroken) and is noted in PATH.damaged for
// the next start, whose check may not find it.
//
// # Invariants
//
//   - A check changes nothing. A disk that does not give a page is store.ErrUnread, and no damage.
//   - Recover run twice puts no record in twice, and undoes nothing that was done to a record since:
//     neither its trading day nor its place before an export's position.
//   - A backup is complete under its name, or has none. It does not begin anew when a record is
//     committed meanwhile.
//
// # Bounds
//
// A check at start: CheckPatience, or NotedPatience where damage was met in use. Recovery: a batch
// of recoverRows rows in memory.
//
// # If we crash
//
// A recovery that ended early is run again. Unfinished backups have a name of their own
// (.unfinished), and the next one removes them.
package repair
