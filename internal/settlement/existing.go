package settlement

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

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
	m, err := reportfile.ReadManifest(made.Path)
	if err != nil {
		m = nil // one that is missing or damaged explains nothing
	}
	if m != nil && m.Kind == reportfile.MergedKind { // even if, of few lines, the file has the content of an export
		return nil, &ForeignFileError{made.Path, true}
	}
	if sum == made.SHA256 {
		return &Replaced{Rows: rows, SHA256: sum, Same: true}, nil
	}
	if !j.explained(made.Path, m, sum) {
		return nil, &ForeignFileError{made.Path, false}
	}
	return &Replaced{Rows: rows, SHA256: sum}, nil
}

func (j *exportJob) explained(path string, m *reportfile.Manifest, sum [sha256.Size]byte) bool {
	for _, e := range j.exports {
		if e.SHA256 == sum && e.File == filepath.Base(path) {
			return true
		}
	}
	return m != nil && m.Explains(j.UnitID, j.storeID, j.day, sum)
}

// besideError says that another export of the day was made while this one ran; kept is where the file of this one is, "" if there is none.
func besideError(kept string) error {
	const text = "another export of this day ran at the same time: run it again, alone"
	if kept == "" {
		return errors.New(text)
	}
	return fmt.Errorf("%s; the file of this one is kept as %s, and is no report", text, kept)
}

// checkAlone refuses if the ledger has an export that was not there when this one began.
func (j *exportJob) checkAlone(ctx context.Context) error {
	now, err := j.Store.Exports(ctx, j.day)
	if err == nil && len(now) > len(j.exports) {
		err = besideError("")
	}
	return err
}

// stepAside takes the report's name from a file that the ledger does not have, since another export has its number, unless both have
// the same bytes. It must find a file of ours under that name: the other export has ended and may have taken the name. The caller
// removes the manifest.
func (j *exportJob) stepAside(ctx context.Context, made Result) error {
	there, _, err := reportfile.Sum(ctx, made.Path)
	switch {
	case err == nil && there != made.SHA256, errors.Is(err, fs.ErrNotExist):
		return besideError("")
	case err != nil:
		return errors.Join(besideError(""), err)
	}
	exports, err := j.Store.Exports(ctx, j.day) // on an error our file is taken for a different one
	if slices.ContainsFunc(exports, func(e store.Export) bool { return e.Number == j.number && e.SHA256 == made.SHA256 }) {
		return besideError("")
	}
	kept, failed := reportfile.SetAside(made.Path)
	return errors.Join(besideError(kept), err, failed)
}
