package main

import "github.com/spf13/cobra"

func newRelay(e *env) *cobra.Command {
	c := group("relay", "Relays: what they told of their terminals; run a relay agent",
		newRelayReport(e))
	c.AddCommand(relayAgentCommands(e)...)
	return c
}
