package actions

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/store"
)

// Visits visits actions of one store.
type Visits func(visit func(*store.Action) error) error

// Gather gives the wanted ones of a store that visits all of them: of one that fails none, since some look like all.
func Gather(each Visits, wanted func(*store.Action) bool) (list []store.Action, err error) {
	err = each(func(a *store.Action) error {
		if wanted(a) {
			list = append(list, *a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// ErrNoLocalStore is what a machine without a front says.
var ErrNoLocalStore = errors.New("this machine has no local store")

// Join gives those of PostgreSQL and of the local store. While PostgreSQL is away, which has most of them, those of the local store come
// with an error: commands that could not tell PostgreSQL have written there who ran them. skipped is why those of the local store are not among
// them, unless there is none.
func Join(shared, local Visits, wanted func(*store.Action) bool) (list []store.Action, skipped, err error) {
	list, away := Gather(shared, wanted)
	own, bad := Gather(local, wanted)
	switch {
	case away != nil && bad != nil:
		return nil, nil, fmt.Errorf("PostgreSQL cannot say what was done: %w; nor can the local store: %w", away, bad)
	case away != nil && len(own) == 0:
		return nil, nil, fmt.Errorf("PostgreSQL cannot say what was done, and this machine's local store has nothing of it: %w", away)
	case away != nil:
		away = fmt.Errorf("PostgreSQL cannot say what was done, so what this machine's local store has is shown alone: %w", away)
	case bad != nil && !errors.Is(bad, ErrNoLocalStore):
		skipped = bad
	}
	list = append(list, own...)
	slices.SortStableFunc(list, func(a, b store.Action) int { return a.At.Compare(b.At) })
	return list, skipped, away
}
