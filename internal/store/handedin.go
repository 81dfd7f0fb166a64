package store

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// HandedIn is a note that an operator gave a day's report to the monitoring centre.
type HandedIn struct {
	Day    calendar.TradingDay
	At     time.Time // when it was noted, kept to the microsecond
	By     string    // user@machine
	Number int       // of the day's last export at that time
}
