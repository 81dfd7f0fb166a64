package heartbeat

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// TestChooseRetired: only what is not in use and holds nothing is retired, unless its records are given up.
func TestChooseRetired(t *testing.T) {
	t.Parallel()
	of := func(id int32, host string, stopped bool, held int64) store.Front {
		f := store.Front{FrontReport: store.FrontReport{FrontID: id, StoreID: uuid.New(), Host: host, Stopped: stopped}, Ago: time.Hour}
		if held > 0 {
			f.Held = map[calendar.TradingDay]store.Held{20260105: {Pending: held, Quarantined: 1}}
		}
		return f
	}
	running := of(1, "new", false, 0)
	running.Ago = 0
	retired := of(3, "gone", true, 0)
	retired.Retired = time.Now()
	unreadable := of(4, "odd", true, 0)
	unreadable.Unreadable = true
	fronts := []store.Front{running, of(1, "old", true, 0), of(2, "lost", false, 7), retired, unreadable}
	for _, tt := range []struct {
		id    int32
		force bool
		hosts string
		err   string
	}{
		{1, false, "old", ""},
		{2, false, "", "holds records (20260105: 7 and 1 in quarantine)"},
		{2, true, "lost", ""},
		{3, false, "", "no front 3 is known that is not retired"},
		{4, false, "", "holds records (unreadable)"},
		{4, true, "odd", ""},
	} {
		gone, err := ChooseRetired(fronts, tt.id, "", tt.force)
		var hosts []string
		for i := range gone {
			hosts = append(hosts, gone[i].Host)
		}
		if strings.Join(hosts, " ") != tt.hosts || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("front %d, force %v: %v, %v", tt.id, tt.force, hosts, err)
		}
	}
	if _, err := ChooseRetired(fronts[:1], 1, "", false); err == nil || !strings.Contains(err.Error(), "is running on host new") {
		t.Errorf("one that runs: %v", err)
	}
}
