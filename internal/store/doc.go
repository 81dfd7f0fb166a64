// Package store keeps the record of every accepted login: durable before the
// terminal is answered, in PostgreSQL for settlement soon after, once.
//
// # The way of a record
//
//	gateway ── Log.Append ──▶ Local (SQLite, WAL, synchronous=FULL)
//	                              │ group commit; the login may be answered now
//	                              ▼
//	                          Forwarder ── COPY, or an upsert for rows in doubt ──▶ Postgres
//	                              │
//	                              ▼ after PostgreSQL's commit, and only then
//	                          removed from Local
//
// There is no outage mode. While PostgreSQL is away the local store grows and nothing
// else changes. With the embedded driver there is no forwarder and records stay.
//
// # What a front knows without PostgreSQL
//
// AppIDs and accounts are PostgreSQL's; a front reads them from its Mirror in the local store
// always, and only Refresh asks PostgreSQL. So a front that starts without it starts like any
// other. The mirror has its own tables; those of the embedded driver are not touched.
//
// Whether PostgreSQL takes records is asked once a second beside the batches (Probe), and the
// schema is checked again whenever it was away: nothing is written into one that is not ours.
//
// # What PostgreSQL knows of a front
//
// Table front has a row for each life of a local store that no other continued (Presence): what it holds by trading day, as the
// front itself counted, when, and whether it said goodbye. The clock is read before the
// count, so that every record of an instant before it that was committed by then is counted
// or is in PostgreSQL. A word is a durable transaction like a batch's. From it:
//
//   - running or silent, counted after a window closed and a margin, none of that day: it holds none;
//   - goodbye, none of that day: it holds none, however long ago that was;
//   - anything else: it may hold records of the day, and the report refuses.
//
// A row is a life of a store (Life): drawn at each start, written to the store before it is
// reported, with a number for each report. A report takes the row of the life that it
// continues, which is one that the store knows, with no more reports than the store knows of.
// Any other is another copy's, and its row stays: a copied or restored file cannot wipe out
// what was known.
//
// # Invariants
//
//   - Append returns nil only after the commit that holds the record returned. It waits no longer
//     than its ctx: a record that still waits for its turn is withdrawn then, and never written;
//     of one that a commit has taken it says ErrInDoubt.
//   - A RecordID is made once, by the gateway, and kept through every retry. Writing a
//     record again is no second record, on either store.
//   - A row leaves the local store only after PostgreSQL committed it and said so of that row:
//     a COPY whose count is not the batch's, an upsert that does not return each RecordID, is
//     rolled back.
//   - Whatever was found at start, and every batch whose fate is not known, is sent by
//     an insert that resolves conflicts by RecordID and still writes (so that a
//     synchronous standby is waited for); only rows never sent before go by COPY.
//   - What a terminal's ciphertext hashes to (table seen_terminal) is written in the commit
//     that holds its record, stays when the record is forwarded, and goes when its day is
//     over: of a login that was answered, a replay is known also after a restart. (A store
//     that is set aside takes its hashes with it.)
//   - What leaves the local store is what was appended: a row carries a checksum (CRC-32C, over
//     all columns but seq) from its append on, and one that does not match goes into
//     quarantine and nowhere else. SQLite has none, and forwards a flipped byte as it is.
//   - No public address and no port is in clear in any table: they are inside the
//     supplement's ciphertext.
//
// # States of a row
//
//	queued ─▶ committed locally ─▶ sent ─┬▶ committed in PostgreSQL ─▶ removed locally
//	                ▲       │            ├▶ in doubt: sent again, by upsert, until it is known
//	                │       └─ altered ─▶├▶ in quarantine, somebody is told
//	                │                    ├▶ refused for its data: in quarantine too
//	                │                    └▶ dropped, or its day is not taken: it waits, and is sent again
//	                └──── Release, if sound ────────┴──── Discard, if altered ─▶ gone
//
// A batch that PostgreSQL refuses for its data is halved until the guilty row is alone, so
// that it never stops the others. Any other failure is PostgreSQL's, not a row's: the
// forwarder waits and tries again.
//
// # One day's trouble
//
// PostgreSQL may answer and not take the records of a day (DayError: its partition is
// detached and in the way, locked, without room), or drop rows without an error (DroppedError:
// a trigger). Neither is a fault of the records, and neither may hold up others:
//
//	all together, by COPY ── a batch fails so ─▶ day by day, by upsert ── no trouble is left ─▶ all together
//
// Day by day each pass takes a batch of each day in the order of RecordIDs, which the index has:
// a backlog of a day that is not taken costs nothing. A day that is not taken is tried again
// after a pause that doubles. Of a batch that lacks rows, the others are sent again without
// them; the rows that are left are tried again with such a pause, a batch at a time, while new
// ones of the day go on. Nothing of it is kept: a start knows all rows as in doubt, and meets
// the same trouble.
//
// What is removed locally is removed by its seq, row for row, never "all up to". The mark up
// to which everything is done (sent) means that below it each row is in PostgreSQL, in
// quarantine, or left here; once one was left, the mark moves after the removal, so that a
// row that is still here is one that is left, and who waits for it (Wait) is told its day's trouble.
// The mark moves for each day on its own, so that nobody waits for another day's backlog.
//
// What may be a day's is what PostgreSQL states of a statement. That it is out of reach, shuts
// down, is read-only, has another schema, or does not answer in time is everybody's.
//
// # What counts as PostgreSQL's commit
//
// COMMIT is never cancelled. If its answer does not come within the batch's patience, the
// connection is cut and the batch is in doubt. So it is when COMMIT succeeds with a
// warning: that is how a server says that the wait for a synchronous standby was
// cancelled. A connection whose synchronous_commit is off, or that cannot write, is
// refused; one that becomes read-only is thrown away.
//
// # What a connection must be
//
// Its URL is read by package pgurl and nothing else decides where it leads. A new connection
// is refused if its database cannot hold what we send (holdsChinese), or if a pooler gives
// its session to others (ownSession): two connections that are open at once have two server
// processes, and keep them. Then it gets the settings that statements rely on (relied);
// Inspect names those that the server, the database or the role has otherwise.
//
// # What an export saw
//
// A report is read in one Snapshot, and the ledger (table report_export) keeps its
// Position, in a transaction of its own once the file stands. Late records of a day are
// those that the position does not cover:
//
//   - PostgreSQL: every row carries the transaction that wrote it (column arrival, filled by
//     its default and left alone by upserts), and the position is the snapshot itself,
//     txid_current_snapshot(). A row is late if NOT txid_visible_in_snapshot(arrival,
//     position). That is exact whatever the order in which transactions began and ended;
//     no clock is asked. These functions are in old and in derived PostgreSQLs too.
//   - SQLite: the position is the highest seq, and a row is late if its seq is higher. That
//     is exact because one writer at a time commits, and gives out its seqs inside its
//     transaction, above all that it finds: those of records and those of positions.
//
// Records are never deleted, with one exception: Reassign moves a provisional record to
// its right day, with a fresh arrival, so that it is late there; the day it left then has
// fewer records than its exports had lines, and stands in table reassigned_from.
//
// # After a restore
//
// A physical backup brings back records, ledger and counters as they were together. A dump
// (pg_dump) does not: arrivals and positions come back as numbers, in a database that
// counts its transactions anew. While its counter is behind, asking for late records is an
// AheadError. docs/settlement.md has the statements that mend it; they must be run
// before the fronts write again. A copied SQLite file needs nothing: seq is in it.
//
// # If we crash
//
// Before the local commit: the login was not answered, there is no record. After it and
// before the answer: the record counts, the terminal will log in again. While
// forwarding, before or after PostgreSQL's commit: the rows are still in the local
// store and are sent again as rows in doubt. A local file that fails to write or to
// sync is not written to again until the process is started anew (ErrBroken). One that
// cannot be read at a moment can at the next (ErrUnread), and is not known to be damaged.
//
// A local store is made under another name, with its schema, and gets its name whole
// (Ensure): a crash at its birth leaves none. Everything else opens what is there.
//
// # Who else has its files
//
// SQLite opens by name, and a front that goes on in files whose names mean others answers
// logins that the next start does not find. So a writer looks after each commit, before it
// tells anybody, whether file, log and index are the ones that it opened (place, ErrMoved), and
// so does each new connection. A front without logins asks once a second (Reach).
//
// Another process may hold the write lock: a commit waits for LocalOptions.BusyTimeout, then it
// and all that came meanwhile are a LockedError, so that a login waits once and not for each that
// came before it. The holder is named where /proc/locks tells it.
//
// # A damaged local store
//
//	sound ─▶ damaged ─▶ moving aside ─▶ set aside (path.corrupt-TIME) ─▶ recovered
//	  ▲                                      │
//	  └── a new one, with what Adopt took ◀──┘
//
// Before a front opens its store it looks for damage, and if there seems to be some once more
// (CheckTwice): a disk may give something wrong once. A damaged store moves aside
// whole (MoveAside), and the front begins a new one; a file beside it names the
// move until its end, so that a crash between two renames is made good by the next start
// (FinishAside) and nobody opens half of it: an old log on a new file would be one more
// damage. Recover reads what was set aside page by page without SQLite (ReadAside), takes each row
// that is well-formed to the byte and matches its checksum, and puts it in, once. Damage that is
// met while running is ErrBroken until then, and stands in path.damaged for that start, whose
// check may not find it.
//
// # Bounds
//
// Rows waiting for a local commit: LocalOptions.QueueRows. Rows a local commit:
// MaxCommitRows. Hashes of the day: as many as the gateway remembers. Rows and time a forwarded batch: ForwarderOptions. Time a batch may
// take in PostgreSQL: PostgresOptions.BatchPatience. Memory: the queue, one commit and
// one batch, and while AppIDs or accounts change, all of them twice.
//
// What the local store holds is bounded by LocalOptions.Bounds: by bytes, rows, age and the
// disk's free space. Measure looks once a second; at a bound Append is a FullError until the
// bound is left by a tenth, while the forwarder's work goes on; what Append looks at is what
// readiness shows (Full), also while the log cannot be folded for want of room. The log cannot be cut while a
// report is read, so the reader gives up at LocalOptions.LogBytes (ErrLogLong); then SQLite, or
// Measure where no commit comes any more, folds it into the file and cuts it.
//
// # Who else reads
//
// The registry of AppIDs and the accounts live in PostgreSQL where there is one, else in
// the local store (type Directory); commands change them beside a running daemon.
// PostgreSQL's driver pgx is imported here and nowhere else.
//
// # Rights in PostgreSQL
//
// The role that migrates owns the tables; deploy/sql/roles.sql gives the others what they
// need (rights.go has the list, CheckRights compares). A front inserts into columns, of
// which arrival is none, reads and updates those that its upsert needs, and makes the
// partition of a new day through a function that runs as the owner, whose search_path
// ends in pg_temp. Partitions are granted to nobody: they are reached through their parent.
// Reassign changes and deletes records: the owner runs it.
package store
