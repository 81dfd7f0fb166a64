package settlement

import (
	"crypto/sha256"
	"slices"

	"github.com/tradefront/tradefront/internal/store"
)

// ToHandIn are the exports of the day's chain that the monitoring centre does not have, as far as is noted: those behind the last note, but
// for a report that was written again with the same bytes. Without a note it is the whole chain. A chain that has fewer files than the
// monitoring centre is to be handed in whole, since one of those is not the day's any more.
func ToHandIn(exports []store.Export, last *store.HandedIn) []store.Export {
	chain, there := Chain(exports), given(exports, last)
	if len(chain) < len(there) {
		return chain
	}
	for i := range there {
		if chain[i].SHA256 != there[i].SHA256 {
			return chain[i:]
		}
	}
	return chain[len(there):]
}

// given are the exports that the monitoring centre has, as last notes: the chain as it was then. Without a note there are none.
func given(exports []store.Export, last *store.HandedIn) []store.Export {
	if last == nil {
		return nil
	}
	return Chain(slices.DeleteFunc(slices.Clone(exports), func(e store.Export) bool { return e.Number > last.Number }))
}

// LastNote is the last note that the report of a day was handed in, nil if there is none; its number is the highest.
func LastNote(handed []store.HandedIn) *store.HandedIn {
	if len(handed) == 0 {
		return nil
	}
	return &handed[len(handed)-1]
}

// isAllOf reports whether a file with that sum is all that the chain has.
func isAllOf(chain []store.Export, sum [sha256.Size]byte) bool {
	return len(chain) == 1 && chain[0].SHA256 == sum
}
