package fronts

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/handover"
	"github.com/tradefront/tradefront/internal/logs"
)

// NewServe is `serve`: the front runs.
func NewServe(e *command.Env) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use: "serve", Short: "Run the front", Args: command.NoArgs,
		Long: "Run the front until SIGTERM or SIGINT; then new logins are refused, those in flight are\n" +
			"finished, and the exit status is 0. The application log goes to standard error.\n\n" +
			"SIGHUP reopens the audit log, for rotation, and loads the configuration afresh. These keys are taken\n" +
			"over without losing a connection:\n\n" + command.Indented(daemon.ReloadedKeys()) + "\n" +
			"The log names every other key that was changed and needs a restart. If anything is wrong, nothing is\n" +
			"taken over.\n\n" +
			"SIGUSR2 starts the program that this one's file holds now, and hands listeners and sessions over to it. If that\n" +
			"program fails in anything, this one serves on.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			log := logs.NewLogWriter(e.Err)
			defer log.Close(command.LogGrace)
			taker, err := handover.Inherited()
			if err != nil {
				return err
			}
			service := daemon.Service{
				Options: daemon.Options{Build: e.Build(), Log: log, Taker: taker, Traced: e.Traced},
				Load:    func() (*config.Config, error) { return e.LoadConfig(path) },
				Started: func(d *daemon.Daemon, cfg *config.Config) { sayServing(e, d, cfg) },
			}
			err = service.Run(c.Context())
			if errors.Is(err, daemon.ErrStoppedEarly) {
				fmt.Fprintln(e.Err, "tradefront:", err)
				return nil // as it was asked to
			}
			return err
		}),
	}
	command.ConfigFlag(c, &path)
	return c
}

// sayServing prints that terminals are accepted, and what to look at all the same.
func sayServing(e *command.Env, d *daemon.Daemon, cfg *config.Config) {
	fmt.Fprintln(e.Out, d.Banner())
	for _, w := range d.CalendarWarnings() {
		fmt.Fprintln(e.Out, "warning: calendar_file:", w)
	}
	for _, w := range assemble.Exposed(cfg, e.Environ) {
		fmt.Fprintln(e.Out, "warning:", w)
	}
}
