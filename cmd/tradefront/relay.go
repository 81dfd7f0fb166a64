package main

import "github.com/spf13/cobra"

func newRelay(e *env) *cobra.Command {
	return group("relay", "Relays: what they told of their terminals",
		newRelayReport(e))
}
