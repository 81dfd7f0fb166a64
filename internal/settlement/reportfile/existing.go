package reportfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/files"
)

// Sum is the SHA-256 and the number of lines of a file.
func Sum(ctx context.Context, path string) (sum [sha256.Size]byte, lines int64, err error) {
	f, err := files.Open(path)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	hash, buffer := sha256.New(), make([]byte, writeBuffer)
	for {
		n, err := f.Read(buffer)
		hash.Write(buffer[:n])
		lines += int64(bytes.Count(buffer[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			break
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return sum, 0, err
		}
	}
	hash.Sum(sum[:0])
	return sum, lines, nil
}

// KeepBeside gives a report and its manifest a second name, NAME.replaced-1 or the next that is free,
// under which no command takes it for a report. If we crash after it, the report has both names.
func KeepBeside(path string) (kept string, err error) {
	if kept, err = freeName(path); err != nil {
		return "", err
	}
	if err := secondName(path, kept); err != nil {
		return "", fmt.Errorf("the file that is there cannot be kept: %w", err)
	}
	if err := secondName(ManifestName(path), ManifestName(kept)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("its manifest cannot be kept: %w", err)
	}
	return kept, nil
}

// SetAside gives a report such a name in place of its own; its manifest stays.
func SetAside(path string) (kept string, err error) {
	if kept, err = freeName(path); err != nil {
		return "", err
	}
	if err := os.Rename(path, kept); err != nil {
		return "", fmt.Errorf("the file that is there cannot be set aside: %w", err)
	}
	return kept, files.SyncFolder(filepath.Dir(path))
}

func freeName(path string) (string, error) {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.replaced-%d", path, n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
}

// secondName is a link, or a copy where the file system has none.
func secondName(path, name string) error {
	err := os.Link(path, name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := files.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := files.Create(name, Perm)
	if err != nil {
		return err
	}
	if _, err = io.Copy(to, from); err == nil {
		err = to.CloseAtomicallyReplace()
	}
	return errors.Join(err, to.Cleanup())
}
