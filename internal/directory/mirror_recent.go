package directory

import (
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

// What a mirror remembers of its changes. A registry in memory that is behind more than these reads all rows.
const (
	maxRecentRows    = 200_000
	maxRecentChanges = 1024
)

// recentChanges are the last changes of a mirror, the oldest first, each one generation: what has the state before them in
// memory takes them over without reading all rows again.
type recentChanges struct {
	first   int64 // generation before the first of them
	changes []recentChange
	rows    int
}

type recentChange struct {
	apps         []auth.App
	accounts     []local.Account
	goneApps     []regulation.AppID
	goneAccounts []regulation.Account
}

func (c *recentChange) rows() int {
	return len(c.apps) + len(c.accounts) + len(c.goneApps) + len(c.goneAccounts)
}

// add takes the change that followed that generation. Rows of a change are never altered.
func (r *recentChanges) add(before int64, c *mirrorChange) {
	if r.first+int64(len(r.changes)) != before {
		*r = recentChanges{first: before}
	}
	added := recentChange{c.apps, c.accounts, c.goneApps, c.goneAccounts}
	r.changes = append(r.changes, added)
	r.rows += added.rows()
	for r.rows > maxRecentRows || len(r.changes) > maxRecentChanges {
		r.rows -= r.changes[0].rows()
		r.changes[0] = recentChange{}
		r.changes = r.changes[1:]
		r.first++
	}
}

// since are the changes after that generation.
func (r *recentChanges) since(generation int64) (after []recentChange, known bool) {
	skip := generation - r.first
	if skip < 0 || skip > int64(len(r.changes)) {
		return nil, false
	}
	return r.changes[skip:], true
}

// appsSince folds them into one: what went and came again is among the changed alone.
func (r *recentChanges) appsSince(generation int64) (changed []auth.App, gone []regulation.AppID, known bool) {
	after, known := r.since(generation)
	changed, gone = fold(after, func(c *recentChange) ([]auth.App, []regulation.AppID) { return c.apps, c.goneApps },
		func(a *auth.App) regulation.AppID { return a.AppID })
	return changed, gone, known
}

func (r *recentChanges) accountsSince(generation int64) (changed []local.Account, gone []regulation.Account, known bool) {
	after, known := r.since(generation)
	changed, gone = fold(after, func(c *recentChange) ([]local.Account, []regulation.Account) { return c.accounts, c.goneAccounts },
		func(a *local.Account) regulation.Account { return a.Account })
	return changed, gone, known
}

// fold makes one change of several. One of them alone, which is the rule, is not copied.
func fold[T any, K comparable](after []recentChange, rows func(*recentChange) ([]T, []K), key func(*T) K) (changed []T, gone []K) {
	if len(after) == 0 {
		return nil, nil
	}
	if len(after) == 1 {
		return rows(&after[0])
	}
	last, went := make(map[K]*T), make(map[K]bool)
	for i := range after {
		some, without := rows(&after[i])
		for _, k := range without {
			delete(last, k)
			went[k] = true
		}
		for j := range some {
			last[key(&some[j])] = &some[j]
		}
	}
	for _, row := range last {
		changed = append(changed, *row)
	}
	for k := range went {
		gone = append(gone, k)
	}
	return changed, gone
}
