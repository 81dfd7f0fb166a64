// Package prepare puts the population of a load test into a store, and takes it out again.
//
//	Check ─▶ file ─▶ Add: one transaction          loadtest prepare
//	file ─▶ Remove: one transaction                loadtest remove
//
// # Invariants
//
//   - All or nothing: a name that is there already undoes all, and so does an interruption.
//   - A store with accounts is refused unless the operator says that they may be there.
//   - Remove touches the rows alone that Add made: their names, and the microsecond in which the population was drawn.
//   - One slow hash for all accounts: their password is the same. Each login is checked by itself all the same.
//
// # Bounds
//
// Those of the population. Rows are written 200 at a time, and none is kept in memory.
//
// # If we crash
//
// The store is as before. The file is written first: it then names accounts that are not there, and Remove finds none.
package prepare
