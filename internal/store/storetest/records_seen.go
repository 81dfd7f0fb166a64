package storetest

import (
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// SeenRecord is a record whose terminal ciphertext is to be remembered.
func SeenRecord(day calendar.TradingDay) store.Record {
	rec := Record(day)
	rec.Seen = store.HashTerminal(rec.Terminal)
	return rec
}
