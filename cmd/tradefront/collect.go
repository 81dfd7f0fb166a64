package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/collectcmd"
)

func newCollect(e *env) *cobra.Command {
	return group("collect", "What this machine is to a terminal's login, item by item",
		collectcmd.Commands(&collectcmd.Env{In: e.in, Out: func() io.Writer { return e.out }, Environ: e.environ, Action: e.action})...)
}
