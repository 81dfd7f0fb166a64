// Package store keeps the record of every accepted login: durable before the
// terminal is answered, in PostgreSQL for settlement soon after, once.
//
// # The way of a record
//
//	gateway ── Log.Append ──▶ local store (SQLite, WAL, synchronous=FULL)
//	                              │ group commit; the login may be answered now
//	                              ▼
//	                          forwarder ── COPY, or an upsert for rows in doubt ──▶ PostgreSQL
//	                              │
//	                              ▼ after PostgreSQL's commit, and only then
//	                          removed from the local store
//
// There is no outage mode. While PostgreSQL is away the local store grows and nothing
// else changes. With the embedded driver there is no forwarder and records stay.
//
// # Invariants
//
//   - Append returns nil only after the commit that holds the record returned.
//   - A RecordID is made once, by the gateway, and kept through every retry. Writing a
//     record again is no second record, on either store.
//   - A row leaves the local store only after PostgreSQL committed it.
//   - Whatever was found at start, and every batch whose fate is not known, is sent by
//     an insert that resolves conflicts by RecordID and still writes (so that a
//     synchronous standby is waited for); only rows never sent before go by COPY.
//   - No public address and no port is in clear in any table: they are inside the
//     supplement's ciphertext.
//
// # If we crash
//
// Before the local commit: the login was not answered, there is no record. After it and
// before the answer: the record counts, the terminal will log in again. While
// forwarding, before or after PostgreSQL's commit: the rows are still in the local
// store and are sent again as rows in doubt.
//
// # Bounds
//
// Appends waiting for a commit, rows a commit, rows and time a forwarded batch:
// Limits names them.
//
// # Who else reads
//
// The registry of AppIDs and the accounts live in PostgreSQL where there is one, else in
// the local store (type Directory); commands change them beside a running daemon.
// PostgreSQL's driver pgx is imported here and nowhere else.
package store
