package reports

import (
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// NewReport is `report`: the file of a day, from export to receipt.
func NewReport(e *command.Env) *cobra.Command {
	return command.Group("report", "The file for the monitoring centre",
		newReportDay(e), newReportExport(e), newReportStatus(e), newReportQuality(e), newReportWaive(e), newReportHandedIn(e), newReportVerify(e), newReportMerge(e))
}
