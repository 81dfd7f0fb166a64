package storetest

import (
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// ExportOf is a full export of a day at a position.
func ExportOf(day calendar.TradingDay, position store.Position) *store.Export {
	return &store.Export{
		Day: day, Number: 1, Kind: store.FullExport, At: time.Date(2026, 1, 5, 16, 0, 0, 0, regulation.Zone),
		File: "f", Position: position, Version: "v", Host: "h", UnitID: "1",
	}
}
