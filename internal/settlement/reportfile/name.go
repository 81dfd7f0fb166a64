package reportfile

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/tradefront/tradefront/internal/calendar"
)

// maxUnitID is the longest 期货公司统一标识 in bytes.
const maxUnitID = 10

// CheckUnitID refuses what is no 期货公司统一标识: 1 to 10 digits and letters, since it begins a file name.
func CheckUnitID(id string) error {
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if id == "" || len(id) > maxUnitID || strings.Trim(id, alphanumeric) != "" {
		return fmt.Errorf("report unit ID: want 1 to %d digits and letters", maxUnitID)
	}
	return nil
}

// FileName is the name of a unit's report of the day.
func FileName(unitID string, day calendar.TradingDay) string {
	return unitID + "clientinfo" + day.String() + ".txt"
}

// SupplementName is the name of the n-th supplement to that report, n from 1.
func SupplementName(unitID string, day calendar.TradingDay, n int) string {
	return fmt.Sprintf("%sclientinfo%s.supplement-%d.txt", unitID, day, n)
}

// Name is what the name of a report, or of a supplement to it, consists of.
type Name struct {
	UnitID string // 期货公司统一标识
	Day    calendar.TradingDay
}

// A supplement to an export has a number before the suffix, and is of the same unit and day.
var reportName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9A-Za-z]{1,10})clientinfo([0-9]{8})(\.supplement-[0-9]+)?\.txt$`)
})

// ParseName reads the last element of path.
func ParseName(path string) (Name, error) {
	parts := reportName().FindStringSubmatch(filepath.Base(path))
	if parts == nil {
		return Name{}, fmt.Errorf("%s: not the name of a report: want <unit>clientinfo<YYYYMMDD>.txt", path)
	}
	day, err := calendar.ParseTradingDay(parts[2])
	if err != nil {
		return Name{}, fmt.Errorf("%s: not the name of a report: %w", path, err)
	}
	return Name{UnitID: parts[1], Day: day}, nil
}
