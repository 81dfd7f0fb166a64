package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/ops"
)

// version and commit are set with -ldflags: version by the Makefile, both where packages are built, in a tree without Git.
var (
	version = "dev"
	commit  = ""
)

func thisBuild() ops.Build {
	b := ops.Build{Version: version, Commit: cmp.Or(commit, "unknown"), Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok && commit == "" {
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
