package actions

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// visits gives actions with these subjects, each a second after the one before, and then err.
func visits(err error, subjects ...string) Visits {
	return func(visit func(*store.Action) error) error {
		for i, s := range subjects {
			if err := visit(&store.Action{Subject: s, At: time.Unix(int64(i), 0)}); err != nil {
				return err
			}
		}
		return err
	}
}

// TestActionsOfTwoStores: what PostgreSQL gave before it failed is not told as of the local store, and why either store is missing is said.
func TestActionsOfTwoStores(t *testing.T) {
	t.Parallel()
	lost, damaged := errors.New("the connection is lost"), errors.New("the file is damaged")
	for name, c := range map[string]struct {
		shared, local Visits
		want          string // the subjects, the oldest first
		err, skipped  string // a part of each
	}{
		"both":              {visits(nil, "a", "b"), visits(nil, "c"), "a c b", "", ""},
		"no front here":     {visits(nil, "a"), visits(ErrNoLocalStore), "a", "", ""},
		"local damaged":     {visits(nil, "a"), visits(damaged, "c"), "a", "", "the file is damaged"},
		"fails in its rows": {visits(lost, "a", "b"), visits(nil, "c"), "c", "local store has is shown alone: the connection is lost", ""},
		"nothing of it":     {visits(lost, "a"), visits(nil, "unwanted"), "", "local store has nothing of it: the connection is lost", ""},
		"neither":           {visits(lost, "a"), visits(damaged, "c"), "", "the connection is lost; nor can the local store: the file is damaged", ""},
		"away, no front":    {visits(lost, "a"), visits(ErrNoLocalStore), "", "nor can the local store: this machine has no local store", ""},
	} {
		list, skipped, err := Join(c.shared, c.local, func(a *store.Action) bool { return a.Subject != "unwanted" })
		var got []string
		for i := range list {
			got = append(got, list[i].Subject)
		}
		if strings.Join(got, " ") != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if (skipped == nil) != (c.skipped == "") || skipped != nil && skipped.Error() != c.skipped {
			t.Errorf("%s: skipped %v", name, skipped)
		}
	}
}
