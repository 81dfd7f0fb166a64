package settlement

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// writeBuffer is how many bytes go to the file at once.
const writeBuffer = 256 << 10

// reportPerm lets the settlement's group read the report.
const reportPerm = 0o640

// reportFile is a file that appears under its name whole or not at all.
type reportFile struct {
	path    string
	pending *renameio.PendingFile
	buffer  *bufio.Writer
	hash    hash.Hash
	bytes   int64
}

func createReport(dir, name string) (*reportFile, error) {
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
	pending, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(reportPerm))
	if err != nil {
		return nil, fmt.Errorf("output directory: %w", err)
	}
	f := &reportFile{path: path, pending: pending, hash: sha256.New()}
	f.buffer = bufio.NewWriterSize(io.MultiWriter(pending, f.hash), writeBuffer)
	return f, nil
}

func (f *reportFile) Write(p []byte) (int, error) {
	n, err := f.buffer.Write(p)
	f.bytes += int64(n)
	return n, err
}

// finish makes the whole content durable, still under its temporary name: what can fail
// for want of room has failed after it.
func (f *reportFile) finish() error {
	if err := f.buffer.Flush(); err != nil {
		return err
	}
	return f.pending.Sync()
}

// commit makes the file durable under its name. If we crash after the rename, the
// directory may forget it: only its fsync makes the report certain.
func (f *reportFile) commit() error {
	if err := f.buffer.Flush(); err != nil {
		return err
	}
	if err := f.pending.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.path))
}

// discard removes the temporary file, if commit did not make it the report.
func (f *reportFile) discard() { _ = f.pending.Cleanup() }

func (f *reportFile) sum() (sum [sha256.Size]byte) {
	f.hash.Sum(sum[:0])
	return sum
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
