package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/handover"
	"github.com/tradefront/tradefront/internal/ops"
)

// logGrace is how long a front that ends waits for who reads its log.
const logGrace = time.Second

// loadConfig is held up by a test.
var loadConfig = config.Load

func newServe(e *env) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use: "serve", Short: "Run the front", Args: noArgs,
		Long: "Run the front until SIGTERM or SIGINT; then new logins are refused, those in flight are\n" +
			"finished, and the exit status is 0. The application log goes to standard error.\n\n" +
			"SIGHUP reopens the audit log, for rotation, and loads the configuration afresh. These keys are taken\n" +
			"over without losing a connection:\n\n" + indented(daemon.ReloadedKeys()) + "\n" +
			"The log names every other key that was changed and needs a restart. If anything is wrong, nothing is\n" +
			"taken over.\n\n" +
			"SIGUSR2 starts the program that this one's file holds now, and hands listeners and sessions over to it. If that\n" +
			"program fails in anything, this one serves on.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			log := ops.NewLogWriter(e.err)
			defer log.Close(logGrace)
			taker, err := handover.Inherited()
			if err != nil {
				return err
			}
			service := daemon.Service{
				Options: daemon.Options{Build: thisBuild(), Log: log, Taker: taker},
				Load:    func() (*config.Config, error) { return loadConfig(path, e.environ) },
				Started: e.sayServing,
			}
			err = service.Run(c.Context())
			if errors.Is(err, daemon.ErrStoppedEarly) {
				fmt.Fprintln(e.err, "tradefront:", err)
				return nil // as it was asked to
			}
			return err
		}),
	}
	configFlag(c, &path)
	return c
}

// sayServing prints that terminals are accepted, and what to look at all the same.
func (e *env) sayServing(d *daemon.Daemon, cfg *config.Config) {
	fmt.Fprintln(e.out, d.Banner())
	for _, w := range d.CalendarWarnings() {
		fmt.Fprintln(e.out, "warning: calendar_file:", w)
	}
	for _, w := range assemble.Exposed(cfg, e.environ) {
		fmt.Fprintln(e.out, "warning:", w)
	}
}

// indented joins words by commas into indented lines of help.
func indented(words []string) string {
	const width = 100
	var text strings.Builder
	line := "  " + words[0]
	for _, word := range words[1:] {
		if len(line)+len(", ")+len(word) > width {
			text.WriteString(line + ",\n")
			line = "  " + word
			continue
		}
		line += ", " + word
	}
	return text.String() + line + "\n"
}
