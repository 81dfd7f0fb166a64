package settlement

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/tradefront/tradefront/internal/settlement/reportfile"
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

// existing looks at the file that has the new file's name, nil if there is none. A file of
// another content is replaced only if an export made it, as the ledger or the manifest
// beside it says: then it can be made again, or the new one has more records.
func (j *exportJob) existing(ctx context.Context, made Result) (*Replaced, error) {
	sum, rows, err := reportfile.Sum(ctx, made.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is no such file, which is the usual case
	}
	if err != nil {
		return nil, fmt.Errorf("the file under the report's name cannot be read: %w", err)
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
	m, err := reportfile.ReadManifest(path)
	if err == nil && m.Kind == reportfile.MergedKind {
		return false // even if, of few lines, it has the content of an export
	}
	for _, e := range j.exports {
		if e.SHA256 == sum && e.File == filepath.Base(path) {
			return true
		}
	}
	return err == nil && m.Explains(j.UnitID, j.storeID, j.day, sum)
}
