package store

import (
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ArchiveState is where the records of an archived day are, beside its file.
type ArchiveState string

// The states. A day begins Detached; Dropped, Restored and Destroyed follow.
const (
	ArchiveDetached  ArchiveState = "detached"  // the database has the day's table too, apart from record
	ArchiveDropped   ArchiveState = "dropped"   // the file alone has them
	ArchiveRestored  ArchiveState = "restored"  // they are in record again; the file has them too
	ArchiveDestroyed ArchiveState = "destroyed" // an operator destroyed them after their time
)

// Archive is one line of the ledger of archives: a file that took the records of a day.
type Archive struct {
	Day     calendar.TradingDay
	Number  int    // 1, 2, … within the day: what came after the first has a file of its own
	File    string // name without its folder
	SHA256  [32]byte
	Bytes   int64
	Records int64
	At      time.Time // kept to the microsecond
	By      string    // user@machine
	Version string    // of the program
	State   ArchiveState
	Changed time.Time // when State was set, kept to the microsecond
}

// Table is the day's table once it is apart from record.
func (a *Archive) Table() string {
	if a.Number == 1 {
		return "archived_" + a.Day.String()
	}
	return fmt.Sprintf("archived_%s_%d", a.Day, a.Number)
}

// Apart reports whether the records are out of the store, and their file is to be kept.
func (a *Archive) Apart() bool { return a.State == ArchiveDetached || a.State == ArchiveDropped }

// Restored is a day that an archive brings back.
type Restored struct {
	Archive Archive // as the ledger has it, or is to have it
	// Next returns the records in RecordID order, each with the transaction that wrote it, and io.EOF behind the last.
	Next func() (*Record, int64, error)

	Exports  []Export
	HandedIn []HandedIn
	Waivers  []Waiver
}
