// Package store is the contract of the stores: what a record is, what callers may ask of a
// place that keeps records, and the errors that they decide on. It contains no SQL and opens no
// file; the rooms below it do.
//
//	gateway ── forward.Recorder.Append ──▶ journal (SQLite, WAL, synchronous=FULL)
//	                                          │ group commit; the login may be answered now
//	                                          ▼
//	                                       forward ── COPY, or an upsert for rows in doubt ──▶ postgres
//	                                          │
//	                                          ▼ after PostgreSQL's commit, and only then
//	                                       removed from the journal
//
// There is no outage mode. While PostgreSQL is away the journal grows and nothing else changes.
// With the embedded driver there is no forwarder, and the records stay in the journal.
//
//	journal     the local store of a front, and the whole store where there is no PostgreSQL
//	forward     moves records from a journal to PostgreSQL; says when a login may be answered
//	postgres    PostgreSQL; the only import of its driver
//	heartbeat   reports regularly to PostgreSQL what a front holds
//	online      counts the sessions of accounts over all fronts
//	localfile   how the file of a local store is made, opened and moved; the only import of SQLite
//	repair      local stores that no front has open: check, back up, salvage, recover
//	schema      the migrations of both databases
//	sqlrows     SQL and conversions that both databases share
//	storetest   what every Store must do, as a test; fixtures of the stores' tests
//
// # Invariants
//
//   - A RecordID is made once, by the gateway, and kept through every retry. Writing a record
//     again makes no second record, in either store.
//   - What leaves the journal is what was appended: Record.Checksum goes with the row from its
//     append on, and a row that does not match it is quarantined.
//   - No public address and no port is in clear in any table: they are inside the supplement's
//     ciphertext.
//   - A report is refused while an Obstacle of its day is neither gone nor covered by a Waiver.
//
// # States of a record
//
//	queued ─▶ committed locally ─▶ sent ─┬▶ committed in PostgreSQL ─▶ removed locally
//	                ▲       │            ├▶ in doubt: sent again, by upsert, until it is known
//	                │       └─ altered ─▶├▶ quarantined; the observer is told
//	                │                    ├▶ refused for its data: quarantined too
//	                │                    └▶ dropped, or its day is not taken: it waits, and is sent again
//	                └──── Release, if sound ────────┴──── Discard, if altered ─▶ gone
//
// # If we crash
//
// Before the local commit the login was not answered, and there is no record. After it and
// before the answer the record counts; the terminal logs in again, which makes another. While a
// batch is forwarded, before or after PostgreSQL's commit, its rows are still in the journal, and
// the next start sends them as rows in doubt.
package store
