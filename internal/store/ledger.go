package store

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ExportKind is what an export wrote of its day.
type ExportKind string

// The kinds of exports.
const (
	FullExport       ExportKind = "full"       // every record of the day
	PartialExport    ExportKind = "partial"    // what was there before the day's window closed
	SupplementExport ExportKind = "supplement" // what came after the full export and its supplements
)

// Position is what an export could see: in PostgreSQL its snapshot, in the local store the highest
// seq. Only the store that gave it can read it. "" is the position before all records.
type Position string

// Export is one line of the ledger: a report file that was written.
type Export struct {
	Day      calendar.TradingDay
	Number   int // 1, 2, … within the day
	Kind     ExportKind
	At       time.Time // kept to the microsecond
	Rows     int64
	Bytes    int64
	SHA256   [32]byte
	File     string // name without its folder
	Position Position
	Version  string // of the program
	Host     string // that made it
	UnitID   string // 期货公司统一标识
}

// DayState counts the records of a day, compared with a position.
type DayState struct {
	Records     int64
	Late        int64 // of them, those that arrived after the position; 0 with no position
	Provisional int64 // of them, those whose trading day is not certain
}

// AheadError says that a position has a higher transaction number than the database has reached: the
// database was restored from a dump, and which records an export saw is not known any more. See "What
// an export saw" in package postgres.
type AheadError struct{ Day calendar.TradingDay }

func (e *AheadError) Error() string {
	return fmt.Sprintf("store: the export of %s was made in another life of this database, which was restored from a dump since: "+
		"do what docs/settlement.md says under \"After a restore\"", e.Day)
}
