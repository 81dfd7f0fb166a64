// Package reports has the commands of the clerk: report, reconcile, calendar and key. They take a trading day from its calendar and keys to
// the file for the monitoring centre, its proof, and the receipt.
//
// Each prints what internal/settlement and its rooms found; report day has all steps of an afternoon in one, internal/settlement/daily.
//
// # Invariants
//
//   - A day that is not complete is exported only if an operator waived what it lacks, and the output says so.
//   - What is wrong with a day is printed with its next step.
//   - Verifying takes the configuration's keys or test keys that are named, and needs no store.
//
// # What it does not know
//
// Which records belong into a report, and what its lines look like.
package reports
