package main

import "github.com/spf13/cobra"

func newLoadtest(e *env) *cobra.Command {
	return group("loadtest", "The yearly stress test: who logs in, and how long each had to wait",
		newLoadtestPrepare(e), newLoadtestRun(e), newLoadtestMerge(e), newLoadtestVerify(e), newLoadtestRemove(e))
}
