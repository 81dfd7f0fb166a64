// Package merge makes one report of those of the main and the secondary seats: each different line
// once, in bytewise order, sorted outside memory (package extsort), with a manifest of its own.
//
// # Invariants
//
//   - The same inputs in any order make the same file.
//   - A bad line, an input of another unit or day, one that changes meanwhile or differs from the
//     manifest beside it ends the merge without a file. With Options.SkipBad bad lines go into
//     a file of rejected lines and a difference from a manifest is a warning.
//   - Rejected lines have their file before the report has its name, and so has the merged file's
//     manifest, of kind merged.
//   - An export does not replace a merged file, nor a merge an export.
//
// # If we crash
//
// Temporary files .<name><digits> are left beside the places of the report, of its manifest and of the
// file of rejected lines; they may be removed. Merge says what a crash leaves between two renames.
//
// # Bounds
//
// sortMemory bytes of lines in memory, twice the inputs on disk for the sort, maxVendors vendor IDs in the
// manifest, maxBadNamed bad lines in an error.
package merge
