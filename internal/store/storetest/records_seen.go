package storetest

import (
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/store"
)

// SeenRecord is a record with the hash of its terminal ciphertext (Record.Seen).
func SeenRecord(day calendar.TradingDay) store.Record {
	rec := Record(day)
	rec.Seen = store.HashTerminal(rec.Terminal)
	return rec
}
