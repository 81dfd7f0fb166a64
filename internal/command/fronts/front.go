package fronts

import (
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// NewFront is `front`: what the running fronts do, and what they shall do.
func NewFront(e *command.Env) *cobra.Command {
	return command.Group("front", "The firm's fronts: how the running one is, and what the database knows of all",
		newFrontStatus(e), newFrontTrace(e), newFrontList(e), newFrontReload(e), newFrontRetire(e))
}
