package help

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/tradefront/tradefront/internal/command"
)

// NewMan writes the manual for packages; a person reads --help.
func NewMan(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write a man page for each command into a folder", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // G301: every user reads the manual
				return fmt.Errorf("man: %w", err)
			}
			root := c.Root()
			root.DisableAutoGenTag = true // the same binary writes the same pages
			epoch := time.Unix(0, 0).UTC()
			header := doc.GenManHeader{Title: "TRADEFRONT", Section: "1", Source: "tradefront " + e.Version, Date: &epoch}
			if err := doc.GenManTree(root, &header, args[0]); err != nil {
				return fmt.Errorf("man: %w", err)
			}
			fmt.Fprintf(e.Out, "man pages are in %s; look at one with: man %s/tradefront-report-day.1\n", args[0], args[0])
			return nil
		}),
	}
}
