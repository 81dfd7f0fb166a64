package trial

import (
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// NewLoadtest is `loadtest`: how much a front takes.
func NewLoadtest(e *command.Env) *cobra.Command {
	return command.Group("loadtest", "The yearly stress test: who logs in, and how long each had to wait",
		newLoadtestPrepare(e), newLoadtestRun(e), newLoadtestMerge(e), newLoadtestVerify(e), newLoadtestRemove(e))
}
