package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/ops"
)

// version is set by the Makefile with -ldflags.
var version = "dev"

func thisBuild() ops.Build {
	b := ops.Build{Version: version, Commit: "unknown", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	return b
}

func newVersion(e *env) *cobra.Command {
	var form output
	c := &cobra.Command{
		Use: "version", Short: "Print version, commit and Go version", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error {
			b := thisBuild()
			return form.print(e.out, b, func(w io.Writer) {
				fmt.Fprintln(w, b)
			})
		}),
	}
	outputFlag(c, &form)
	return c
}
