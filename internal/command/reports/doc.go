// Package reports has the commands of the clerk: report, reconcile, calendar and key. They take a trading day from its calendar and keys to
// the file for the monitoring centre, its proof, and the receipt.
//
// They print what internal/settlement and its rooms find, and write down what the clerk decides: a waiver, a receipt, a day that is moved.
// report day has all steps of an afternoon in one, internal/settlement/daily.
//
// # Invariants
//
//   - A day that is not complete is exported only if an operator waived what it lacks, and the output says so. A partial export
//     (--partial) asks for none, and its manifest says that it is one.
//   - What is wrong with a day is printed with its next step.
//   - report verify takes versions from the configuration and private keys of tests that are named, and needs no store.
//
// # What it does not know
//
// Which records belong into a report, and what its lines look like.
package reports
