// Package postgres keeps records in PostgreSQL, for settlement. Its driver pgx is imported here
// and nowhere else.
//
// # Invariants
//
//   - CopyIn and Put write all records or none. A COPY whose count is not the batch's, or an upsert
//     that does not return each RecordID, is rolled back (store.DroppedError).
//   - nil means durable. COMMIT is never cancelled: if its answer does not come within the batch's
//     patience, the connection is cut and the batch is in doubt (store.InDoubtError). The same holds
//     when COMMIT succeeds with a warning: that is how a server says that the wait for a
//     synchronous standby was cancelled.
//   - Records are never deleted, with one exception: Reassign moves a record to its right trading
//     day, with a fresh arrival, so that it is late there. The day that it left then has fewer
//     records than its exports had lines; table reassigned_from names it.
//   - A reader that cannot be sure to see all rows gets an error (store.ErrRowSecurity).
//
// # What a connection must be
//
// Package pgurl reads the URL, and nothing else decides where it leads. A new connection is
// refused if its database cannot hold what we send (holdsChinese), if a pooler gives its session
// to others (ownSession), if synchronous_commit or fsync is off, or if it cannot write
// (store.UnfitError). Then it gets the settings that statements rely on (relied); Inspect names
// those that the server, the database, the role or the URL has otherwise; timeouts of the URL stay. A connection whose server
// becomes read-only is closed, and the next one finds the new primary.
//
// # What an export saw
//
// A report is read in one Snapshot, and the ledger (table report_export) keeps its Position, in a
// transaction of its own once the file exists. Every row carries the transaction that wrote it
// (column arrival, filled by its default and left alone by upserts), and the position is the
// snapshot itself, txid_current_snapshot(). A row is late if NOT txid_visible_in_snapshot(arrival,
// position): exact in any order in which transactions began and ended, and without a clock.
// Old PostgreSQLs and their relatives have these functions.
//
// A physical backup brings back records, ledger and counters as they were together. A dump
// (pg_dump) does not: arrivals and positions come back as numbers, in a database that counts its
// transactions anew. While its counter is behind, asking for late records is a store.AheadError.
// docs/settlement.md has the statements that mend it; they must be run before the fronts write
// again.
//
// # If we crash
//
// A batch whose COMMIT was not sent is rolled back by the server. One whose COMMIT was sent may be committed: its rows are still in the
// local store, the forwarder sends them as rows in doubt, and Put writes each RecordID once. A report whose file exists while the ledger has
// no line for it is known by its manifest (settlement.Exporter.Export). An Online's lock ends with its connection; the front's next Begin
// replaces the rows.
//
// # Sessions of all fronts
//
// Online is a connection of its own, beside the pool: it holds a lock for as long as the front counts, and nothing that is written on it
// is a record, so that it commits asynchronously. Package online has the rest.
//
// # Rights
//
// The role that migrates owns the tables; deploy/sql/roles.sql gives the others what they need
// (rights.go has the list, CheckRights compares). A front inserts into columns, of which arrival is
// none, reads and updates those that its upsert needs, and makes the partition of a new day
// through a function that runs as the owner, whose search_path ends in pg_temp; so it counts sessions, through two more. Partitions are
// granted to no role: they are reached through their parent. Reassign changes and deletes records:
// the owner runs it.
//
// # Bounds
//
// Connections but Online's, and the time that a batch may take: Options. Days whose partitions are known to
// exist: maxDays. A snapshot reads in constant memory.
package postgres
