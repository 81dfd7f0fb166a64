package heartbeat

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tradefront/tradefront/internal/store"
)

// State is running, stopped, silent (missing), other life or retired: texts that commands print.
func State(f *store.Front) string {
	switch {
	case !f.Retired.IsZero():
		return "retired"
	case f.OtherLife && (f.MayHold() || !f.Stopped):
		return "other life"
	case f.Stopped:
		return "stopped"
	case f.Alive():
		return "running"
	}
	return "silent"
}

// Holds is a text of what a front held at its last report, the days in their order.
func Holds(f *store.Front) string {
	var parts []string
	for _, day := range slices.Sorted(maps.Keys(f.Held)) {
		h := f.Held[day]
		part := day.String() + ": " + strconv.FormatInt(h.Pending, 10)
		if h.Quarantined > 0 {
			part += fmt.Sprintf(" and %d in quarantine", h.Quarantined)
		}
		parts = append(parts, part)
	}
	if f.CorruptStores > 0 {
		parts = append(parts, fmt.Sprintf("%d corrupt stores", f.CorruptStores))
	}
	if f.Unreadable {
		parts = append(parts, "unreadable")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
