package fronts

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/doctor"
)

// NewDoctor is `doctor`: what is wrong on this machine.
func NewDoctor(e *command.Env) *cobra.Command {
	var (
		path, lang, address string
		strict              bool
		form                command.Output
	)
	c := &cobra.Command{
		Use: "doctor", Short: "Look for everything that is wrong with a front, its machine and its database", Args: command.NoArgs,
		Long: "Check the configuration and its files, keys, calendar, master key, local store, PostgreSQL, the machine, and what\n" +
			"the running front reports at admin.address. Each line is pass, warn, fail, or skip where the check could not\n" +
			"be made, and a next step. Nothing is changed. Run it as the front's user, beside the front or before its start.\n\n" +
			"Exit status 1 if a line is fail, with --strict also if one is warn.",
		Example: "  sudo -u tradefront tradefront doctor -c /etc/tradefront/tradefront.yaml\n" +
			"  tradefront doctor -c tradefront.yaml --strict -o json",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(path, e.Environ)
			end := e.Waiting(command.Doing("checking"))
			report := doctor.Run(c.Context(), &doctor.Site{
				Path: path, Config: cfg, Err: err, Environ: e.Environ, Now: time.Now, Front: address,
			})
			end()
			shown := report.In(lang)
			if err := form.Print(e.Out, shown, func(w io.Writer) { shown.Text(w) }); err != nil {
				return err
			}
			switch worst := report.Worst(); {
			case worst == doctor.Fail:
				return errors.New(shown.Summary)
			case worst == doctor.Warn && strict:
				return fmt.Errorf("%s (--strict)", shown.Summary)
			}
			return nil
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	command.LanguageFlag(c, e, &lang)
	c.Flags().BoolVar(&strict, "strict", false, "exit status 1 also if a line is warn")
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	return c
}
