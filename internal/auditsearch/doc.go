// Package auditsearch finds the lines of audit logs that fit a filter: of several fronts and relay agents, rotated and gzipped
// ones too, in the order of time, each as soon as it is known to be next.
//
//	files ──▶ families (the rotated files of one log, by their first entries) ──▶ those that may have lines of the time ──┐
//	                                                                                                                      ▼
//	                                       found ◀── filter ◀── the earliest line of all that are open ◀── merge, opens a file
//	                                                                                                       when its time has come
//
// # Invariants
//
//   - It reads; it changes nothing.
//   - A file that could not be read, or not to its end, and each damaged line is counted and named in the result: what is not
//     found may be there. It is an error if no file could be read.
//   - A line that fits is never left out. The quick look at a line's bytes that spares most of them the parser may only let
//     too many pass.
//   - A file is passed over for its time only if the next file of its family begins before the time that is looked for, and, unless it is gzipped,
//     its own last line is before it too.
//
// # Bounds
//
// Memory is that of the files that are open at once, at most maxOpen, with one line each. Where more than that overlap in time,
// the further ones follow when one has ended, and lines are no longer in the order of time. maxProblems problems are named; more
// are counted. maxReasons reasons are counted by themselves.
//
// A crash leaves nothing.
package auditsearch
