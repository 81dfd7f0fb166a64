package settlement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/store"
)

// Chain is the exports that together hold the day: the last full one and the supplements
// after it. Its last position covers all of them.
func Chain(exports []store.Export) (chain []store.Export) {
	for _, e := range exports {
		switch e.Kind {
		case store.FullExport:
			chain = append(chain[:0], e)
		case store.SupplementExport:
			if len(chain) > 0 {
				chain = append(chain, e)
			}
		}
	}
	return chain
}

// standing looks at what stands under the new file's name, nil if nothing does. A file of
// another content is replaced only if an export made it, as the ledger or the manifest
// beside it says: then it can be made again, or a fuller one has come.
func (j *exportJob) standing(ctx context.Context, made Result) (*Replaced, error) {
	sum, rows, err := sumFile(ctx, made.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing stands there, which is the usual case
	}
	if err != nil {
		return nil, fmt.Errorf("what stands under the report's name cannot be read: %w", err)
	}
	if sum == made.SHA256 {
		return &Replaced{Rows: rows, SHA256: sum, Same: true}, nil
	}
	if !j.explained(made.Path, sum) {
		return nil, &ForeignFileError{made.Path}
	}
	return &Replaced{Rows: rows, SHA256: sum}, nil
}

func (j *exportJob) explained(path string, sum [sha256.Size]byte) bool {
	// A manifest that is missing or damaged explains nothing.
	m, err := ReadManifest(path)
	if err == nil && m.Kind == mergedKind {
		return false // even if, of few lines, it has the content of an export
	}
	for _, e := range j.exports {
		if e.SHA256 == sum && e.File == filepath.Base(path) {
			return true
		}
	}
	return err == nil && m.explains(j.UnitID, j.day, sum)
}

// sumFile is the SHA-256 and the number of lines of a file.
func sumFile(ctx context.Context, path string) (sum [sha256.Size]byte, lines int64, err error) {
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
