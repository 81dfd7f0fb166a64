package help

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
)

// NewVersion is `version`.
func NewVersion(e *command.Env) *cobra.Command {
	var form command.Output
	c := &cobra.Command{
		Use: "version", Short: "Print version, commit and Go version", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error {
			b := e.Build()
			return form.Print(e.Out, b, func(w io.Writer) {
				fmt.Fprintln(w, b)
			})
		}),
	}
	command.OutputFlag(c, &form)
	return c
}
