// Package storage has the commands for what is kept on disk: migrate, local, quarantine and masterkey. They make the schema of the stores this
// program's, look into the local store of this machine, bring back what a damaged one held, and replace the key of the authcodes at rest.
//
// Each prints what another room did: internal/store and its rooms, internal/recovery, internal/auth.
//
// # Invariants
//
//   - A local store that a running front has open is not migrated, and is changed through its journal alone.
//   - What is given up as lost is waived by name, and each report that lacks it has the reason (Env.NewWaiver).
//   - A key is created beside what is there, and replaced in steps of which each can be repeated.
//
// # What it does not know
//
// How records, pages and schemas look.
package storage
