// Package shardmap is a map that is never changed: With makes another one that shares all but the changed parts with it. A
// registry of a million rows, which readers use without a lock, takes over a change of one row by copying some hundred rows.
//
//	readers ── Get ──▶ shards[hash(key)] ──▶ a Go map of some hundred entries
//	With ──▶ the list of shards copied, and those that changed
//
// # Invariants
//
//   - A Map is not changed after it was made; the values are the caller's to leave as they are.
//   - The nil Map is empty.
//
// # Bounds
//
// A shard has perShard entries on average when it is made; With doubles the shards when they hold four times as many.
//
// It writes nothing; a crash leaves nothing.
package shardmap
