// Package extsort sorts byte records that need not fit in memory: in bytewise order, equal
// records kept as often as they were added.
//
//	s := extsort.New(dir, 32<<20)
//	defer s.Close()
//	for … { err := s.Add(record) }
//	r, err := s.Sort()
//	for { record, err := r.Next() } // io.EOF after the last
//
// # How
//
// Records collect in memory. When it is full they are sorted and appended to a temporary
// file as one run. Sort merges the runs while Reader hands them out; if there are more than
// can be merged at once, some are merged into longer ones first. What fits in memory never
// touches the disk.
//
//	states: adding ──Sort──▶ reading ──Close──▶ closed      (Close is allowed in each)
//
// # The temporary file
//
// One file holds all runs. A run is a sequence of blocks, a block is
//
//	length of the payload (4 bytes) | CRC-32C of it (4 bytes) | payload
//
// and the payload is whole records, each behind its length as a uvarint. A block is checked
// before a record of it is handed out, and io.EOF comes only after exactly as many records
// as were added: what a disk garbles or loses is an ErrDamaged, never a record less.
//
// # Bounds
//
// Memory: that of New and one block (at most 32 KiB), however much is added, and one block alone as long as the records fit;
// merging reads into the same memory. A record has at most MaxRecord bytes. Disk: the records once; once more
// for each time that they had to be merged beforehand, which 32 MiB of memory need from 18 GiB
// of records on. File descriptors: one.
//
// # If we crash
//
// The file has no name from the moment after its creation, so that the system frees it with
// the process, however it ends. Where a system cannot unlink an open file, or if we crash
// in that moment, a file tradefront-sort-<digits> is left in the folder and may be removed.
//
// After an error every call but Close returns that error.
//
// A Sorter and its Reader are for one goroutine.
package extsort
