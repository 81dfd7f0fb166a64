// Package daily is the clerk's afternoon in one step: it writes the report of a trading day, checks it, compares it with what
// was answered and stored, and says in one sentence whether the file may be handed in.
//
// # Invariants
//
//   - The verdict is 可以报送 (hand in) only if each step was made and found nothing: export, verify of each file, reconcile, and the
//     day's status afterwards. A step that could not be made is a reason against it, never left out.
//   - A verdict against it names at least one reason, and each reason says what to do next, in Chinese and in English.
//   - Running it again without anything having changed writes the same bytes and says the same.
//   - A file that was handed in is not touched: what came late goes into a supplement.
//
// # States of a day, and what Run writes
//
//	open                       nothing
//	closed                     the full report
//	handed in                  nothing
//	handed in, records late    the supplement
//
// # If we crash
//
// Only the export writes: package settlement says what it leaves. The next run makes the steps anew.
//
// # Bounds
//
// Those of the packages that make the steps. A Result has at most reasonsKept reasons a step; the others are counted.
package daily
