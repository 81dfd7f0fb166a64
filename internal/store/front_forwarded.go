package store

import (
	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ForwardedAtLeast is how many different records of a day the fronts forwarded to PostgreSQL, at
// least. Lives of one store, and stores of one front, may have forwarded the same records: a copy
// that was put back sends them again. So only the largest number of these counts, and an unknown
// number counts as 0.
func ForwardedAtLeast(fronts []Front, day calendar.TradingDay) (n int64) {
	for _, most := range mostOf(fronts, day) {
		n += most
	}
	return n
}

// mostOf is the largest number in each group of fronts that share a FrontID or a store.
func mostOf(fronts []Front, day calendar.TradingDay) map[int]int64 {
	group := make([]int, len(fronts)) // for each front: the lowest index in its group
	byID, byStore := make(map[int32]int), make(map[uuid.UUID]int)
	join := func(a, b int) {
		for i := range group {
			if group[i] == b {
				group[i] = a
			}
		}
	}
	for i := range fronts {
		group[i] = i
		if j, there := byID[fronts[i].FrontID]; there {
			join(group[j], group[i])
		}
		if j, there := byStore[fronts[i].StoreID]; there {
			join(group[j], group[i])
		}
		byID[fronts[i].FrontID], byStore[fronts[i].StoreID] = i, i
	}
	most := make(map[int]int64)
	for i := range fronts {
		most[group[i]] = max(most[group[i]], fronts[i].ForwardedOf[day])
	}
	return most
}
