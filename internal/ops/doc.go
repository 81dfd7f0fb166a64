// Package ops is what people and machines look at: the audit log, metrics, the admin
// listener with its health pages, and the application log.
//
// # Audit log
//
// One JSON line for each authentication, login, logout, malformed message and login that
// could not be answered, in a file of its own: append-only, unsampled but for floods. It holds the true reason beside
// the reference that the terminal was shown, and accounts and addresses in clear.
//
// Log encodes in the caller and appends to a queue in memory; one goroutine takes all that
// is queued and writes it with one write call. No timer gathers: while one write is on its
// way, the next fills.
//
//	states: open ──Close──▶ draining ──last write, fsync──▶ closed
//	                            └──ctx ends──▶ given up; the writer tries on
//
// Log never waits, since event loops call it: behind a file that hangs, maxQueued entries
// wait, and further ones are dropped, counted and told to the observers, at the first drop
// and then once a second. LogWritten returns when the write call that has its line returned;
// whoever answers a login after it has its evidence in the operating system's hands. All
// that wait for one write share one channel, which is closed once. Close and Reopen end with
// their context, whatever the file does. Trouble says why the log does not take what it is
// given, for the readiness.
//
// If a write fails, the entries that were not written whole are lost; they are counted and
// told to the observers, and the front goes on: the record of a login is in the store, the
// audit log is evidence beside it. A line torn by the failure remains torn, and the next
// write begins on a line of its own. If the process is killed, what was queued is lost (microseconds to milliseconds of
// entries, or all that a hanging file left in the queue), but nothing for which LogWritten
// returned nil; if the machine fails, what the kernel had not written out. A torn last line
// is ended when the file is next opened, so that each later entry has a line of its own.
//
// After each write it is looked whether the file still has its name: lines that went into a file
// that was deleted go into a new one too, before anybody is told that they are written. A file that
// was moved waits for Reopen for a while (movedGrace), and one that was cut is told of.
//
// Whatever strangers sent is valid UTF-8, at most maxText bytes, and without anything that
// could break a line, hide or turn around text, once it stands in the log.
//
// Lines that cost a stranger nothing (refusals, authentications) come out of budgets by source,
// network and front; what is over is counted and told by one line of EventSuppressed a minute
// and source, before Reopen, and at Close. While the file's disk has less than twice what the
// store must keep free, all of them are only counted. A line with a RecordID, or of an accepted
// login, is never left out. Bounds: budgetSources buckets a level, maxSummaries counts. If we
// crash, the counts of the last minute are gone; the lines that they stand for never were.
//
// # Metrics
//
// All in a registry of their own, prefixed tradefront_. Label values come from closed
// enumerations of the callers, never from a terminal, and start at zero (Preset).
//
// # Admin listener
//
// Plain HTTP on loopback by default, reading only: /metrics, /healthz (the process lives),
// /readyz (it can serve, and if not, why not), and /debug/pprof/ if asked for. Header
// sizes, times and the number of scrapes at once are bounded.
//
// # Application log
//
// JSON on standard error. Accounts and addresses enter it only as Masked and MaskedAddr.
//
// Nothing here is global: each object is made, handed on and closed by its owner.
package ops
