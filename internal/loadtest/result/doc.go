// Package result is what a load test found: a document that a firm keeps for years, as JSON, text and one page of HTML, and what
// was asserted of it.
//
//	loadtest ─▶ Result ─▶ Judge(assertions) ─▶ JSON │ text │ HTML │ latency by percentile
//	              ▲
//	            Merge ◀── results of several generators
//
// # Invariants
//
//   - A latency begins at the instant at which the visit was to begin, whether or not the generator or the front was ready: a front
//     that pauses for a second is charged for every visit of that second. The service time, from the first system call of the
//     visit, is beside it.
//   - Each visit that began is counted once: logged in, refused by a code, failed, or broken off when the run was ended early.
//   - What a hostile visit got counts as an error only where it is not the answer that docs/protocol.md asks for.
//   - Merge adds: counts, seconds and histograms of the merged result are those of one generator that had done it all.
//
// # Bounds
//
// Histograms have three significant digits, from a microsecond to MaxLatency; what takes longer is counted there. There is one line a second
// of the run, of at most MaxSeconds; later ones are added to the last.
//
// No files, no clock: a crash leaves what the caller had written.
package result
