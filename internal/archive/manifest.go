package archive

import (
	"fmt"
	"regexp"
	"time"

	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/files"
)

// Form names the form of the file. A reader refuses another.
const Form = "tradefront-archive-1"

// The members that every archive has.
const (
	readmeMember   = "README.txt"
	recordsMember  = "records.jsonl"
	ledgerMember   = "ledger.json"
	actionsMember  = "actions.jsonl"
	manifestMember = "manifest.json" // the last
	reportsFolder  = "reports/"
	auditFolder    = "audit/"
)

// Manifest says what is in an archive, of what and by whom.
type Manifest struct {
	Form         string    `json:"form"`
	Day          string    `json:"trading_day"`
	Number       int       `json:"number"`
	WindowStart  time.Time `json:"window_start"`
	WindowEnd    time.Time `json:"window_end"`
	BrokerID     string    `json:"broker_id"`
	ReportUnitID string    `json:"report_unit_id"`
	Records      int64     `json:"records"`
	// RecordsDigest is the SHA-256 of the CRC-32C of each record, as package store defines it, big-endian, in RecordID order.
	RecordsDigest string    `json:"records_digest"`
	Made          time.Time `json:"made"`
	By            string    `json:"by"`
	Version       string    `json:"version"`
	Schema        int64     `json:"schema"`
	Despite       string    `json:"despite,omitempty"` // what was left to do or missing, and
	Why           string    `json:"why,omitempty"`     // the operator's reason to go on
	Missing       []string  `json:"missing,omitempty"` // what the archive was made without
	Members       []Member  `json:"members"`
}

// Member is one file in the archive.
type Member struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	Lines  int64  `json:"lines"`
	SHA256 string `json:"sha256"`
}

// FileName is the name of the n-th archive of a day.
func FileName(unitID string, day calendar.TradingDay, n int) string {
	if n == 1 {
		return fmt.Sprintf("%sarchive%s.zip", unitID, day)
	}
	return fmt.Sprintf("%sarchive%s-%d.zip", unitID, day, n)
}

// TradingDay is the manifest's day.
func (m *Manifest) TradingDay() (calendar.TradingDay, error) {
	day, err := calendar.ParseTradingDay(m.Day)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", manifestMember, err)
	}
	return day, nil
}

// SweepLeftovers removes what killed runs left in dir of archives of that unit: accounts and addresses in clear, which the archive of a day
// that is whole by now is never written over again.
func SweepLeftovers(dir, unitID string) {
	name := regexp.MustCompile(`^` + regexp.QuoteMeta(unitID) + `archive[0-9]{8}(-[0-9]+)?\.zip$`)
	files.Sweep(dir, name.MatchString)
}
