// Package settlement makes the report: the file of one trading day that the firm hands to
// the monitoring centre. It decides which records belong into the file and what keeps it from being
// written. The file's form is that of package reportfile, the merge of several seats' files
// that of package merge, its check that of package verify, the comparison with logs and store that of package
// reconcile.
//
// # Invariants
//
//   - Every record of the day is in the file, once, or there is no file: a record that
//     would break the form, that belongs to another day or occurs twice is an error which
//     names its RecordID. Nothing is left out to make an export succeed.
//   - The file appears under its name whole, or not at all. A file of that name from
//     before is replaced in one step.
//   - Lines are in the order of their RecordIDs, so that the same records always make the same file.
//   - Memory does not grow with the number of records.
//   - A report never has its name before its manifest, <name>.manifest.json, and the ledger has
//     no export whose file was not there. An export replaces a file of another content only if an
//     export made that, as the ledger or the manifest says.
//   - A full report that was handed in is the day's report in the ledger until an operator forces another one: what comes late is late
//     until a supplement has it.
//   - Records that an operator gave up for good keep no report back; every later report of the day repeats who gave them up,
//     when and why (GiveUp).
//
// # Kinds of exports
//
//	full        every record of a day whose window has closed
//	supplement  <name>.supplement-N.txt: what came after the full export and the
//	            supplements since, by the store's positions; a record is in one of them
//	partial     what is there before the window closes, under the report's own name: its
//	            manifest and the ledger say what it is, and the full export takes its
//	            place; no base for supplements
//
// # States of a day
//
//	open ─▶ closed ─▶ reported ─┬▶ late: records came     ─▶ supplement, or full again
//	                            └▶ left: records moved away ─▶ full again
//
// Status says which, and what to do.
//
// # If we crash
//
// While writing: temporary files .<name><digits> are left beside the places of the report
// and its manifest; they may be removed, the next export does not look at them. After the
// rename and before the directory's fsync: after a power failure the old file, or none, may
// have the name. Export has not returned then.
//
// An Exporter renames the manifest first, then the report, then writes the ledger's line.
// Between manifest and report: the earlier report has its name, or none has, beside a manifest
// that does not match it. Between report and ledger: the manifest explains the report to
// the next export. In both cases the next export repairs it, and Export had not returned.
// See Exporter.Export.
//
// # Bounds
//
// The buffers of a reportfile.Writer, one row, and the counts of the values that a manifest lists.
package settlement
