// Package settlement makes the report: the file of one trading day that the firm hands to
// the monitoring centre.
//
// # The file
//
// <期货公司统一标识>clientinfo<YYYYMMDD>.txt, UTF-8, one record a line, LF after each line,
// the last one too:
//
//	交易软件厂商ID@加密密钥版本@BASE64(terminal ciphertext)@BASE64(supplement ciphertext)
//
// BASE64 is the standard alphabet with padding and without line breaks. The third item is
// empty if the terminal sent nothing. Lines stand in the order of their RecordIDs, so that
// the same records always make the same file.
//
// # Invariants
//
//   - Every record of the day is in the file, once, or there is no file: a record that
//     would break the form, that belongs to another day or stands twice is an error which
//     names its RecordID. Nothing is left out to make an export succeed.
//   - The file appears under its name whole, or not at all. A file of that name from
//     before is replaced in one step.
//   - Memory does not grow with the number of records.
//   - A report, a merged one too, never stands without its manifest, <name>.manifest.json,
//     and what the ledger knows stands. A file of another content is replaced by an
//     export only if an export made it, as ledger or manifest say.
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
// be there. Export has not returned then, so nobody was told otherwise.
//
// An Exporter renames the manifest first, then the report, then writes the ledger's line.
// Between manifest and report: the report from before stands, or none, beside a manifest
// that does not match it. Between report and ledger: the manifest explains the report to
// the next export. In both cases exporting again mends it, and nobody was told that it was
// done. See Exporter.Export.
//
// # Bounds
//
// fileBuffers of writeBuffer bytes on their way to the disk, one row, and the counts of the
// values that a manifest lists.
//
// # Merge
//
// The main seat's report is merged with those of the secondary seats: each different line
// once, in bytewise order, sorted outside memory (package extsort). A bad line, an input of
// another unit or day, one that changes meanwhile or is not what the manifest beside it
// tells of ends the merge without a file. Bad lines that are put aside have their file before
// the report has its name, and so has the merged file's manifest, of kind merged: an export
// does not replace a merged file, nor a merge an export.
package settlement
