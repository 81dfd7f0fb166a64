// Command tradefront-collect is the self-check of the collection library, for terminal vendors to hand to their users: `check` says of each
// item of the machine whether it is there and what to do, `send` logs in with it at a front. `tradefront collect` is the same.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/collectcmd"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)) }

func run(args, environ []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	began := false
	root := &cobra.Command{
		Use: "tradefront-collect", Short: "Check what this machine is to a terminal's login, item by item",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetArgs(args)
	root.AddCommand(collectcmd.Commands(&collectcmd.Env{
		In: in, Out: func() io.Writer { return out }, Environ: environ,
		Action: func(do func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
			return func(c *cobra.Command, args []string) error {
				began = true
				return do(c, args)
			}
		},
	})...)
	c, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitDone
	case !began:
		fmt.Fprintf(errOut, "tradefront-collect: %v\nSee: %s --help\n", err, c.CommandPath())
		return exitMisuse
	}
	fmt.Fprintf(errOut, "tradefront-collect: %v\n", err)
	return exitFailed
}
