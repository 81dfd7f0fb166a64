// Package logs is what a front and a relay agent write: the audit log, with the entries of all rooms, and the application log. Package
// auditlog reads audit logs. Rooms on the way of a login import it, so that it has neither metrics nor a listener: those are in package ops.
//
// # Audit log
//
// One JSON line for each authentication, login, logout, malformed message and login that
// could not be answered, in a file of its own: append-only, and complete but for floods. It has
// the true reason beside the reference that the terminal was shown, and accounts and addresses
// in clear.
//
// Log encodes in the caller and appends to a queue in memory; one goroutine takes all that
// is queued and writes it with one write call. There is no timer: while one write is in
// progress, the next one fills, and before a write that nothing kept waiting, the writer lets the
// other goroutines run that can: the logins of a commit share a write.
//
//	states: open ──Close──▶ draining ──last write, fsync──▶ closed
//	                            └──ctx ends──▶ Close returns; the writer continues to try
//
// Log never waits, because event loops call it: while a write hangs, up to maxQueued entries
// wait; further ones are dropped, counted and reported to the observers, at the first drop
// and then once a second. LogWritten returns when the write call that has its line returned;
// a caller that answers a login after it knows that the operating system has the evidence. All
// calls that wait for one write share one channel, which is closed once. Close and Reopen end
// with their context, even if the file hangs. Trouble is why the log does not work, for the
// readiness.
//
// If a write fails, the entries that were not written whole are lost; they are counted and
// reported to the observers, and the front continues: the record of a login is in the store, the
// audit log is evidence beside it. A line torn by the failure remains torn, and the next
// write begins on a line of its own. If the process is killed, what was queued is lost
// (microseconds to milliseconds of entries, or all that a hanging file left in the queue), but
// nothing for which LogWritten returned nil; if the machine fails, what the kernel had not
// written out. When the file is next opened a torn last line is ended, so that each later entry
// has a line of its own.
//
// After each write the log checks whether the file still has its name. Lines that were written to
// a file that was deleted are written to a new one too, before any call returns that waits for
// them. If the file was moved, the log waits for Reopen for a while (movedGrace); if it was cut,
// Trouble reports it.
//
// What a peer sent is in the log as valid UTF-8, at most maxText bytes, and without anything
// that could break a line, or hide or reverse text.
//
// Lines that cost an attacker nothing (refusals, authentications) come out of budgets by source,
// network and front; those that are over are counted, and reported by one line of
// EventSuppressed a minute and source, before Reopen, and at Close. While the file's disk has less
// than twice what the store must keep free, all of them are only counted. A line with a RecordID,
// or of an accepted login, is never left out. Bounds: budgetSources buckets a level, maxSummaries
// counts. A crash loses the counts of the last minute, for lines that were never written.
//
// # Application log
//
// JSON on standard error. Accounts and addresses enter it only as Masked and MaskedAddr. MalformedLog bounds what it has of malformed
// messages: malformedBySource and malformedByFront, of malformedSources sources; what is left out is counted in the next line.
//
// Nothing here is global: each object is made, handed on and closed by its owner.
package logs
