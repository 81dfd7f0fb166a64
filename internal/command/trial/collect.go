package trial

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/collectcmd"
	"github.com/tradefront/tradefront/internal/command"
)

// NewCollect is `collect`: what this machine is to a terminal's login.
func NewCollect(e *command.Env) *cobra.Command {
	return command.Group("collect", "What this machine is to a terminal's login, item by item",
		collectcmd.Commands(&collectcmd.Env{In: e.In, Out: func() io.Writer { return e.Out }, Environ: e.Environ, Action: e.Action})...)
}
