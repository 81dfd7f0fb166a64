package heartbeat

import (
	"fmt"
	"strings"

	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// ChooseRetired are the local stores of a front that are not in use. It is an error if one of them
// holds records and force is not set, or if none is left.
func ChooseRetired(fronts []store.Front, id int32, storeID string, force bool) ([]store.Front, error) {
	var gone []store.Front
	known, alive := false, ""
	for i := range fronts {
		f := &fronts[i]
		if f.FrontID != id || storeID != "" && f.StoreID.String() != storeID || !f.Retired.IsZero() {
			continue
		}
		known = true
		switch {
		case f.Alive():
			alive = f.Host
		case f.OtherLife && f.MayHold() && !force:
			return nil, fmt.Errorf("another life of front %d on host %s, last seen %s, held records (%s), and an older copy of its local store "+
				"reports now: start the front once on the file as it was then; if that is lost, --force gives them up, and reconcile "+
				"with its audit log tells which they were", id, f.Host, show.Time(f.Seen), Holds(f))
		case (f.MayHold() || f.CorruptStores > 0) && !force:
			return nil, fmt.Errorf("front %d on host %s, last seen %s, holds records (%s): start it with PostgreSQL in reach and it "+
				"hands them over, also after local recover has brought them back elsewhere, since each is stored once; "+
				"if its disk is lost, --force gives them up, and reconcile with its audit log tells which they were",
				id, f.Host, show.Time(f.Seen), Holds(f))
		default:
			gone = append(gone, *f)
		}
	}
	switch {
	case !known:
		return nil, fmt.Errorf("no front %s is known that is not retired; see: tradefront front list --all",
			strings.TrimSpace(fmt.Sprint(id, " ", storeID)))
	case len(gone) == 0:
		return nil, fmt.Errorf("front %d is running on host %s: stop it first", id, alive)
	}
	return gone, nil
}
