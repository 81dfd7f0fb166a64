package daily

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/settlement/merge"
	"github.com/tradefront/tradefront/internal/settlement/reportfile"
	"github.com/tradefront/tradefront/internal/store"
)

// NotExportedError says that a file is none of the day's exports, and so cannot be noted as handed in.
type NotExportedError struct {
	Path string
	Why  string
}

func (e *NotExportedError) Error() string {
	return e.Path + " " + e.Why + ": which file was handed in? If it was this one, what is in it is not known: export the day, " +
		"compare, and ask the monitoring centre which they have"
}

// NotNamedError says that an export is in none of the files that are to be noted, and that one after it is: a note is of all exports up to
// its number.
type NotNamedError struct {
	Missing, Held *store.Export
}

func (e *NotNamedError) Error() string {
	return fmt.Sprintf("%s is not noted as handed in, and %s goes with it: name both files, or, if the monitoring centre has all that was "+
		"exported of the day, note it with --day %s alone", e.Missing.File, e.Held.File, e.Held.Day)
}

// NotedBy is the number of the last of the chain's exports that these files hold. It refuses files that are none of the day's, and, of
// toHandIn, an export before that which none of them holds.
func NotedBy(ctx context.Context, paths []string, chain, toHandIn []store.Export) (number int, err error) {
	held := make(map[int]*store.Export)
	for _, path := range paths {
		has, err := CheckHandedIn(ctx, path, chain)
		if err != nil {
			return 0, err
		}
		for i := range has {
			held[has[i].Number], number = &has[i], max(number, has[i].Number)
		}
	}
	for i := range toHandIn {
		if e := &toHandIn[i]; e.Number < number && held[e.Number] == nil {
			return 0, &NotNamedError{e, held[number]}
		}
	}
	return number, nil
}

// CheckHandedIn are the chain's exports that the file holds: the one that wrote it, or those that it was merged of, as its manifest says,
// from the first on. It refuses any other file.
func CheckHandedIn(ctx context.Context, path string, chain []store.Export) ([]store.Export, error) {
	sum, _, err := reportfile.Sum(ctx, path)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(chain, func(e store.Export) bool { return e.SHA256 == sum }); i >= 0 {
		return chain[i : i+1], nil
	}
	m, err := merge.ReadManifest(path)
	switch {
	case err != nil:
		return nil, &NotExportedError{path, fmt.Sprintf("is not what the day's exports wrote (sha256 %x), and no manifest of a merge explains it", sum)}
	case m.SHA256 != hex.EncodeToString(sum[:]):
		return nil, &NotExportedError{path, "differs from its manifest"}
	}
	n := 0 // exports that were written after the merge are in no input
	for n < len(chain) && isInput(m, &chain[n]) {
		n++
	}
	if n == 0 {
		return nil, &NotExportedError{path, "was not merged of " + chain[0].File + ", which the day needs"}
	}
	return chain[:n], nil
}

func isInput(m *merge.Manifest, e *store.Export) bool {
	return slices.ContainsFunc(m.Inputs, func(in merge.ManifestFile) bool { return in.SHA256 == hex.EncodeToString(e.SHA256[:]) })
}
