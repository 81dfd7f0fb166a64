package reportfile

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/tradefront/tradefront/internal/files"
)

const (
	// writeBuffer is how many bytes go to the file at once; there are fileBuffers of them.
	writeBuffer = 256 << 10
	fileBuffers = 4
	// writebackBytes is how far the disk may fall behind before it is told to write:
	// otherwise the fsync at the end would wait for gigabytes.
	writebackBytes = 64 << 20
	// Perm lets the settlement's group read the report.
	Perm = 0o640
)

// Writer makes a file that appears under its name whole or not at all. A goroutine of
// its own hashes and writes what Write has gathered, so that one processor reads records
// and makes lines while the other does that. Its methods are for one goroutine.
type Writer struct {
	path    string
	pending *renameio.PendingFile
	bytes   int64 // given to Write

	buffer []byte      // being filled
	full   chan []byte // to be written
	empty  chan []byte
	ended  chan struct{} // closed when the goroutine has ended
	closed bool          // full is
	failed bool          // Write has returned the error

	syncFolder SyncFolder
	unsynced   bool // the folder's file system cannot sync it
	described  bool // the manifest has its name

	// Owned by the goroutine until ended.
	disk    io.Writer // pending, but for tests
	hash    hash.Hash
	written int64
	flushed int64 // what the disk was told to write
	err     error // the first; nothing is written after it
}

// SyncFolder makes the names in a folder durable; unsupported if its file system cannot.
type SyncFolder func(path string) (unsupported bool, err error)

// Create begins the file of that name in dir, which must exist, under a temporary name. The caller
// must call Discard in the end, also after Commit.
func Create(dir, name string) (*Writer, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("output directory: %s is not there: make it, or name another", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("output directory: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("output directory: %s is not a directory", dir)
	}
	path := filepath.Join(dir, name)
	// The temporary file must be in the same directory: rename works within one file system.
	pending, err := files.Create(path, Perm)
	if err != nil {
		return nil, fmt.Errorf("output directory: %w", err)
	}
	f := &Writer{
		path: path, pending: pending, disk: pending, hash: sha256.New(),
		syncFolder: files.TrySyncFolder,
		full:       make(chan []byte, fileBuffers), empty: make(chan []byte, fileBuffers), ended: make(chan struct{}),
	}
	for range fileBuffers {
		f.empty <- make([]byte, 0, writeBuffer)
	}
	f.buffer = <-f.empty
	go f.run()
	return f, nil
}

// FailOn lets tests put a disk that fails in the place of the temporary file, and a folder that cannot be
// synced in the place of the real one; nil leaves what is there. It must be called before Write.
func (f *Writer) FailOn(disk io.Writer, syncFolder SyncFolder) {
	if disk != nil {
		f.disk = disk
	}
	if syncFolder != nil {
		f.syncFolder = syncFolder
	}
}

// Write gathers p. It returns an error of the disk as soon as that is known; Finish returns it at
// the latest.
func (f *Writer) Write(p []byte) (int, error) {
	if f.failed {
		return 0, f.err
	}
	f.bytes += int64(len(p))
	for rest := p; len(rest) > 0; {
		n := min(len(rest), cap(f.buffer)-len(f.buffer))
		f.buffer = append(f.buffer, rest[:n]...)
		rest = rest[n:]
		if len(f.buffer) == cap(f.buffer) {
			f.full <- f.buffer
			select {
			case f.buffer = <-f.empty:
			case <-f.ended: // early, so there is an error
				f.failed = true
				return 0, f.err
			}
		}
	}
	return len(p), nil
}

// run writes what is full until there is no more, or until the first error.
func (f *Writer) run() {
	defer close(f.ended)
	for b := range f.full {
		f.hash.Write(b)
		n, err := f.disk.Write(b)
		f.written += int64(n)
		if err != nil {
			f.err = err
			return
		}
		if f.written-f.flushed >= writebackBytes {
			startWriteback(f.pending.File, f.flushed, f.written-f.flushed)
			f.flushed = f.written
		}
		f.empty <- b[:0]
	}
}

// end waits until all that was gathered is with the system. A second call does nothing.
func (f *Writer) end() error {
	if !f.closed {
		f.closed = true
		select {
		case f.full <- f.buffer:
		case <-f.ended: // early
		}
		close(f.full)
	}
	<-f.ended
	return f.err
}

// Finish makes the whole content durable, still under its temporary name: what can fail
// for want of room has failed after it.
func (f *Writer) Finish() error {
	if err := f.end(); err != nil {
		return err
	}
	return f.pending.Sync()
}

// Commit makes the file durable under its name. If we crash after the rename, the
// folder may forget the name: only its fsync makes the report certain.
func (f *Writer) Commit() (err error) {
	if err := f.end(); err != nil {
		return err
	}
	if err := f.pending.CloseAtomicallyReplace(); err != nil {
		return err
	}
	f.unsynced, err = f.syncFolder(filepath.Dir(f.path))
	return err
}

// PutManifest gives the file its manifest, whole or not at all, and durable. The manifest must have its
// name before the report has: an export would take a report without one for a foreign file.
func (f *Writer) PutManifest(m *Manifest) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := files.Write(ManifestName(f.path), append(data, '\n'), Perm); err != nil {
		return err
	}
	f.described = true
	_, err = f.syncFolder(filepath.Dir(f.path)) // Commit keeps whether the folder can be synced
	return err
}

// RemoveOrphan removes the manifest of a report that could not be given its name, if PutManifest put it there: what had the manifest's
// name before, as a folder, is not ours.
func (f *Writer) RemoveOrphan() {
	if f.described {
		RemoveOrphan(f.path)
	}
}

// Discard removes the temporary file, if Commit did not make it the report.
func (f *Writer) Discard() {
	_ = f.end() // what did not arrive is not wanted
	_ = f.pending.Cleanup()
}

// Path is the name that Commit gives the file.
func (f *Writer) Path() string { return f.path }

// Bytes is how many bytes were given to Write.
func (f *Writer) Bytes() int64 { return f.bytes }

// Unsynced reports, after Commit, that the folder's file system cannot sync it: see UnsyncedWarning.
func (f *Writer) Unsynced() bool { return f.unsynced }

// Sum is the SHA-256 of the whole file, once Finish or Commit has returned.
func (f *Writer) Sum() (sum [sha256.Size]byte) {
	f.hash.Sum(sum[:0])
	return sum
}
