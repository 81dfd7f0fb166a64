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

// CheckHandedIn is the number of the last of the chain's exports that the file is, or, as its manifest says, was merged of. It refuses
// any other file.
func CheckHandedIn(ctx context.Context, path string, chain []store.Export) (number int, err error) {
	sum, _, err := reportfile.Sum(ctx, path)
	if err != nil {
		return 0, err
	}
	if i := slices.IndexFunc(chain, func(e store.Export) bool { return e.SHA256 == sum }); i >= 0 {
		return chain[i].Number, nil
	}
	m, err := merge.ReadManifest(path)
	switch {
	case err != nil:
		return 0, &NotExportedError{path, fmt.Sprintf("is not what the day's exports wrote (sha256 %x), and no manifest of a merge explains it", sum)}
	case m.SHA256 != hex.EncodeToString(sum[:]):
		return 0, &NotExportedError{path, "differs from its manifest"}
	}
	for _, e := range chain {
		if !slices.ContainsFunc(m.Inputs, func(in merge.ManifestFile) bool { return in.SHA256 == hex.EncodeToString(e.SHA256[:]) }) {
			return 0, &NotExportedError{path, "was not merged of " + e.File + ", which the day needs"}
		}
	}
	return chain[len(chain)-1].Number, nil
}
