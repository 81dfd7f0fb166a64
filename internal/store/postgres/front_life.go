package postgres

import "github.com/tradefront/tradefront/internal/store"

// continues reports whether what PostgreSQL has of f is a state that this report's store went
// through.
func continues(r *store.FrontReport, f *store.Front) bool {
	if f.StoreID != r.StoreID {
		return false
	}
	if f.Life == r.Life {
		return f.Number < r.Number
	}
	known, there := r.Continues[f.Life]
	return there && f.Number <= known
}

// markOtherLives marks the fronts whose store has reported later in another life: they will report
// again only if that copy of the file comes back.
func markOtherLives(fronts []store.Front) {
	for i := range fronts {
		f := &fronts[i]
		for j := range fronts {
			o := &fronts[j]
			if o.FrontID == f.FrontID && o.StoreID == f.StoreID && o.Life != f.Life && o.Seen.After(f.Seen) && !f.Alive() {
				f.OtherLife = true
			}
		}
	}
}
