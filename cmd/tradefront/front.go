package main

import "github.com/spf13/cobra"

func newFront(e *env) *cobra.Command {
	return group("front", "The firm's fronts: how the running one is, and what the database knows of all",
		newFrontStatus(e), newFrontTrace(e), newFrontList(e), newFrontReload(e), newFrontRetire(e))
}
