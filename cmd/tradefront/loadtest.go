package main

import "github.com/spf13/cobra"

func newLoadtest(e *env) *cobra.Command {
	return group("loadtest", "The yearly stress test: who logs in",
		newLoadtestPrepare(e), newLoadtestRemove(e))
}
