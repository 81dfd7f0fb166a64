package postgres

import (
	"encoding/json"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// reported is what PostgreSQL keeps of a day, as JSON.
type reported struct {
	store.Held
	Forwarded int64 `json:"forwarded,omitempty"`
}

// joinForwarded puts both into what is reported. A version before this one ignores what was forwarded.
func joinForwarded(held map[calendar.TradingDay]store.Held, forwarded map[calendar.TradingDay]int64) map[calendar.TradingDay]reported {
	all := make(map[calendar.TradingDay]reported)
	for day, h := range held {
		all[day] = reported{Held: h}
	}
	for day, n := range forwarded {
		r := all[day]
		r.Forwarded = n
		all[day] = r
	}
	return all
}

// parseHeld is what a front reported. A text that no front writes is unreadable, and not an error: the front's next report must be able to
// replace it, and meanwhile the reports of days say that it is not known what the front holds.
func parseHeld(text string) (held map[calendar.TradingDay]store.Held, forwarded map[calendar.TradingDay]int64, unreadable bool) {
	var all map[calendar.TradingDay]reported
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, nil, true
	}
	for day, r := range all {
		if _, err := calendar.ParseTradingDay(day.String()); err != nil || r.Pending < 0 || r.Quarantined < 0 || r.Forwarded < 0 {
			return nil, nil, true
		}
	}
	held, forwarded = splitForwarded(all)
	return held, forwarded, false
}

// splitForwarded is the inverse of joinForwarded.
func splitForwarded(all map[calendar.TradingDay]reported) (held map[calendar.TradingDay]store.Held, forwarded map[calendar.TradingDay]int64) {
	held, forwarded = make(map[calendar.TradingDay]store.Held), make(map[calendar.TradingDay]int64)
	for day, r := range all {
		if r.Forwarded > 0 {
			forwarded[day] = r.Forwarded
		}
		if r.Held != (store.Held{}) || r.Forwarded == 0 {
			held[day] = r.Held
		}
	}
	return held, forwarded
}
