package main

import (
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
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
			"SIGHUP reopens the audit log, for rotation, and loads the configuration afresh: keys, calendar_file,\n" +
			"terminal_info, replayed_terminal_info, the master key, trusted_proxies, core.logins_per_user and\n" +
			"core.logins_burst, limits and log_level are taken over without losing a connection; the log names\n" +
			"every other key that was changed and needs a restart.\n" +
			"If anything is wrong, nothing is taken over.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			hangups, release := daemon.CatchHangups() // before anything that takes time
			defer release()
			load := func() (*config.Config, error) { return loadConfig(path, e.environ) }
			cfg, err := load()
			if err != nil {
				return assemble.WholeReport(cfg, err, assemble.ProbeListeners)
			}
			// Who reads standard output or standard error may end before us: then a write fails, and
			// does not end us.
			signal.Ignore(syscall.SIGPIPE)
			log := ops.NewLogWriter(e.err)
			defer log.Close(logGrace)
			d, err := daemon.Start(c.Context(), cfg, log, thisBuild())
			switch {
			case err != nil && c.Context().Err() != nil:
				fmt.Fprintln(e.err, "tradefront: stopped before it accepted connections")
				return nil // as it was asked to
			case err != nil:
				return err
			}
			endReloads := d.ReloadOn(hangups, load)
			fmt.Fprintln(e.out, d.Banner())
			for _, w := range d.CalendarWarnings() {
				fmt.Fprintln(e.out, "warning: calendar_file:", w)
			}
			for _, w := range assemble.Exposed(cfg, e.environ) {
				fmt.Fprintln(e.out, "warning:", w)
			}
			failed := d.Wait(c.Context())
			if failed == nil {
				d.SayStopping()
			}
			endReloads() // a reload needs the parts that stop ends
			return errors.Join(failed, d.Stop())
		}),
	}
	configFlag(c, &path)
	return c
}
