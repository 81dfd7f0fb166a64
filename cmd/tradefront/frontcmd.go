package main

import "github.com/spf13/cobra"

func newFront(e *env) *cobra.Command {
	return group("front", "The firm's fronts, as the database knows them", newFrontList(e), newFrontRetire(e))
}
