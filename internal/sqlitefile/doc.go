// Package sqlitefile reads the form of SQLite's files without SQLite, for databases that SQLite
// refuses as damaged: pages (Pages), their rows (Cell), and the write-ahead log (WAL).
//
// It knows no table and no record. It changes nothing, and takes any bytes for
// possible: every length and page number is held against the file before it is followed.
// The formats: https://www.sqlite.org/fileformat2.html.
//
// # Invariants
//
//   - No input makes it panic, loop without end, or take memory that the file does not justify
//     (maxRowLen bounds a row).
//   - The newest version of a page is the one of the last whole commit in the WAL, as SQLite sees it.
//     Older versions in WAL and file are given too.
package sqlitefile
