package settlement

import (
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/tradefront/tradefront/internal/calendar"
)

// ReportName is what the name of a report says.
type ReportName struct {
	UnitID string // 期货公司统一标识
	Day    calendar.TradingDay
}

// A supplement to an export has a number before the suffix, and is of the same unit and day.
var reportName = regexp.MustCompile(`^([0-9A-Za-z]{1,10})clientinfo([0-9]{8})(\.supplement-[0-9]+)?\.txt$`)

// ParseReportName reads the last element of path.
func ParseReportName(path string) (ReportName, error) {
	parts := reportName.FindStringSubmatch(filepath.Base(path))
	if parts == nil {
		return ReportName{}, fmt.Errorf("%s: not the name of a report: want <unit>clientinfo<YYYYMMDD>.txt", path)
	}
	day, err := calendar.ParseTradingDay(parts[2])
	if err != nil {
		return ReportName{}, fmt.Errorf("%s: not the name of a report: %w", path, err)
	}
	return ReportName{UnitID: parts[1], Day: day}, nil
}
