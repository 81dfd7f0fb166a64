// Package heartbeat reports regularly to PostgreSQL what a front holds, so that a day's report can
// be refused while records of the day are in a front's local store.
//
// Table front has a row for each life of a local store that no other life continued: what the store
// holds by trading day, as the front itself counted, when, and whether the front has stopped. The
// clock is read before the count, so that every record of an instant before it that was committed by
// then is counted or is in PostgreSQL. A report is a durable transaction like a batch's. From it a
// reader concludes of a day:
//
//   - the front runs, or is missing, and was counted after the day's window closed and a margin, with
//     no record of the day: it holds none;
//   - it has stopped, with no record of the day: it holds none, however long ago that was;
//   - anything else: it may hold records of the day, and the report is refused.
//
// # Lives
//
// A life of a store (store.Life) is drawn at each start, and written to the store before it is
// reported, with a number for each report. A process that takes another's place draws its life with its first
// report: what it continues are the reports that the other has made until its end, and a disk without room
// fails the reports, as it fails those of every front, and not the taking over. A report takes the row of the life that it continues:
// one that the store knows, with no more reports than the store knows of. Any other row is that of
// another copy of the file, and stays: a copied or restored file cannot erase what was known.
// Duplicate is another process that is alive with the same FrontID or store.
//
// # Invariants
//
//   - Reports go out one at a time, each with a higher number than the one before.
//   - After Stop no report is sent.
//
// # If we crash
//
// The last report stays. Readers see a front that is missing, and the report of the day is refused
// until the front is back, or is retired by a person.
package heartbeat
