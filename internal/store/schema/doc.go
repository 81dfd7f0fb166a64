// Package schema has the migrations of both databases and runs them.
//
// A new local store is made from migrations/local.sql, which is what all its migrations leave; a test of localfile
// compares both.
//
// A migration is one file for each database, NNNNN_subject.sql. PostgreSQL's are known by their
// traces too (known.go): before anything is changed, the tables that are found must be tradefront's.
// A new migration of PostgreSQL needs a line in traces, and rights in postgres/rights.go and
// deploy/sql/roles.sql.
//
// # Invariants
//
//   - A schema that is newer than this binary, or not known to be tradefront's, is a
//     store.SchemaError, and nothing is changed.
//   - Any number of processes may migrate PostgreSQL at once: they take turns under an advisory
//     lock. SQLite has none, so a local store's migration looks again when it fails.
//
// # If we crash
//
// Each migration is a transaction: whole ones stay, and the next run goes on. The schema of a new local store is one transaction.
package schema
