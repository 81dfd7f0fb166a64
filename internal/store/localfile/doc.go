// Package localfile makes, opens and moves the file of a local store. The SQLite driver is imported
// here, and by what runs nowhere else.
//
// A local store is one SQLite database in WAL mode: PATH, PATH-wal, and the index PATH-shm. Beside
// them may be PATH.damaged (what damage was met in use), PATH.set-aside (a move that is under way)
// and PATH.corrupt-TIME (a damaged store that was moved away).
//
// # Invariants
//
//   - Ensure alone creates a store: under another name, with its schema, synced, and renamed whole.
//     Everything else opens what is there.
//   - Of one process and store, every connection has the same files (Place): a name that means
//     another file is store.ErrMoved.
//   - No process opens a store whose WAL lost its file: SQLite would delete the WAL unread.
//   - A damaged store moves whole (MoveCorrupt), and nothing of it is deleted. PATH.set-aside names
//     the move until its end, so that no old WAL ever meets a new file.
//
// # States
//
//	sound ─▶ damaged ─▶ moving ─▶ corrupt (PATH.corrupt-TIME) ─▶ recovered (PATH.recovered-TIME)
//	  ▲                              │
//	  └── a new one, with what repair.Adopt took ◀──┘
//
// # If we crash
//
// While a store is made there is none, and the next Ensure removes the remains. Between two renames
// of a move, the next start finishes it (FinishMove).
package localfile
