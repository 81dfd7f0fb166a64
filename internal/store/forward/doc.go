// Package forward moves records from a front's journal to PostgreSQL, and says of each login when
// it may be answered (Recorder).
//
// # Invariants
//
//   - A row leaves the journal only after PostgreSQL committed it and said so of that row.
//   - Rows found at start, and rows of a batch whose fate is not known, are sent by an insert that
//     resolves conflicts by RecordID and still writes, so that a synchronous standby is waited
//     for. Only rows that were never sent before go by COPY.
//   - Submissions of operator relays may come again under their RecordID, here or at another front. The
//     first content stays in PostgreSQL; of an upsert the forwarder asks which of them another front brought
//     (Destination.StoredByOthers), so that the counts of all fronts together do not exceed the rows.
//   - A batch that PostgreSQL refuses for its data is halved until the guilty row is alone, which
//     is quarantined: it never stops the others. Any other failure is PostgreSQL's, not a row's:
//     the forwarder waits and tries again.
//   - Below the mark up to which everything is done (sent), each row is in PostgreSQL, in
//     quarantine, or left in the journal for its day's trouble. Once a row was left, the mark moves
//     only after the removal, so that a row that is still in the journal is one that was left, and
//     a caller of Wait is told its day's trouble. The mark moves for each day by itself: no login
//     waits for another day's backlog.
//
// Whether PostgreSQL takes records is asked once a second beside the batches (Probe). After an
// outage the schema is checked again: nothing is written into one that is not this binary's.
//
// # States
//
// PostgreSQL may answer and not take the records of a day (store.DayError: the day's partition is
// detached and in the way, locked, or without room), or drop rows without an error
// (store.DroppedError: a trigger). Neither is a fault of the records, and neither may hold up
// others:
//
//	all together, by COPY ── a batch fails so ─▶ day by day, by upsert ── no trouble is left ─▶ all together
//
// Day by day, each pass takes a batch of each day in the order of RecordIDs, which the index has:
// a backlog of a day that is not taken costs nothing. A day that is not taken is tried again
// after a pause that doubles. Of a batch that lacks rows, the others are sent again without them;
// the rows that are left are tried again with such a pause, a batch at a time, while new ones of
// the day go on. The forwarder keeps nothing of this: a start takes all rows for rows in doubt,
// and meets the same trouble.
//
// A day's trouble is what PostgreSQL states of a statement. That it is out of reach, shuts down,
// is read-only, has another schema, or does not answer in time concerns all days.
//
// # Bounds
//
// Rows and time of a batch, pauses after failures: Options. Memory: one batch. How long an answer
// waits for PostgreSQL: RecorderOptions.Patience.
//
// # If we crash
//
// The rows of the batch are still in the journal, and the next start sends them as rows in doubt.
package forward
