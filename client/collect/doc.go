// Package collect is the terminal's collection library (4.3): it reads what the specification asks of the machine that it runs
// on, says of each item where it came from, whether it is missing and what to do then, and encrypts the string under the
// monitoring centre's public key. A terminal sends the outcome in its login:
//
//	Collect(ctx, Options) ──▶ Result ── Seal(Key) ──▶ TerminalInfo ──▶ client.LoginRequest
//	                            └── Items, Missing, Flag, Explain: for the user, before a login fails
//
// The collector folder makes a C library of it; docs/collector.md is for those who embed either, and says why no other library reads the
// machine.
//
// # Invariants
//
//   - No cgo, no process started, no file written, no network packet sent, no environment read. Calls may run at once from any goroutine,
//     and keep nothing between them.
//   - Collect never fails because of what a machine has or lacks: each item has a State. Its error is the context's, or of a
//     system that has no collector.
//   - The string has the items, the order and the maxima of internal/terminalinfo, for any bytes that the sources had, and is never
//     longer than one RSA block.
//   - The time is UTC+8 by arithmetic; the machine's zone is not read.
//   - A placeholder that a maker left ("To Be Filled By O.E.M.", zeros) is not a value: the item is missing.
//   - A Result prints masked: only Item.Clear, Result.Text and ExplainClear return values.
//
// # States of an item
//
//	present         the value is in the string
//	cut             the value is in the string, cut to its maximum
//	absent          no source has it                                    missing
//	denied          a source has it, and this process may not read it   missing
//	foreign         the sources have a placeholder                      missing
//	not_applicable  this machine has no such item: one of two addresses  not missing
//
// Flag is '0' if no item is missing, '3' if at least one is, '1' if there is nothing but type and time; '2' is the front's to find.
//
// # Bounds
//
// A file is read up to maxFile bytes, a table of mounts up to maxMounts; of disks under a file system maxDepth layers are followed; of
// interfaces maxLinks are looked at. A call takes about a millisecond, and no longer than the kernel takes to answer.
// No goroutine is left, and a crash leaves nothing.
package collect
