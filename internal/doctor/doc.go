// Package deepcheck finds what is wrong around a configuration that is without fault itself: PostgreSQL
// with its schema, rights and settings, the master key on every AppID, the local store, the addresses.
// `config check --deep` prints it.
//
// # Invariants
//
//   - It changes nothing, except that opening a local store of an older version upgrades it, as every
//     command does. A local store that does not exist is not made.
//   - It may run beside a front: the addresses and the local store of that one are left to its /readyz.
//   - No sentence contains a password.
//
// # Bounds
//
// One connection to PostgreSQL, with the patience of the commands. The local store is read once, whole.
// A crash leaves nothing behind.
package deepcheck
