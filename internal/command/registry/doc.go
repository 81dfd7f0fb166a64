// Package registry has the commands for who may log in, and by which program: account and app.
//
// Each change is one transaction of internal/directory, in either database, with the row of who made it; running fronts follow within
// seconds.
//
// # Invariants
//
//   - A password comes from a file or standard input; an authcode that was made is printed once.
//   - An import changes all accounts of its file or none, and names every wrong line.
//   - What is already as it was asked for is not changed, and is no action.
//
// # What it does not know
//
// How passwords are hashed and authcodes sealed, and what a relay may do: that is internal/command/relays.
package registry
