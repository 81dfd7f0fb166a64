package main

import "github.com/spf13/cobra"

func newReport(e *env) *cobra.Command {
	return group("report", "The file for the monitoring centre",
		newReportDay(e), newReportExport(e), newReportStatus(e), newReportQuality(e), newReportWaive(e), newReportHandedIn(e), newReportVerify(e), newReportMerge(e))
}
