package store

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// MaxReceipt is the longest receipt in bytes.
const MaxReceipt = 500

// HandedIn is a note that an operator gave a day's report to the monitoring centre.
type HandedIn struct {
	Day    calendar.TradingDay
	At     time.Time // when it was noted, kept to the microsecond
	By     string    // user@machine
	Number int       // of the day's last export at that time
	// Receipt is what the monitoring centre answered, as the clerk typed it, at most MaxReceipt bytes; "" if none was noted.
	Receipt string
}
