package trial

import (
	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/demo/tour"
)

// NewDemo is `demo`: a whole firm on this machine.
func NewDemo(e *command.Env) *cobra.Command {
	t := tour.Tour{Build: e.Build(), Out: e.Out, Environ: e.Environ, Progress: func(what string, total int64) (func(int64), func()) {
		bar := e.Progress(command.Doing("%s", what), total, what) // the tour has it in the user's language already
		return bar.Set, bar.End
	}}
	c := &cobra.Command{
		Use: "demo", Short: "Show everything at once, with synthetic terminals; needs nothing", Args: command.NoArgs,
		Long: "Make a firm in a temporary folder (test key pair, AppIDs, accounts), start core-sim, which is no trading\n" +
			"core, and before it the front on loopback. Two customers log in and trade with each other, message by\n" +
			"message. Then synthetic terminals of all kinds log in and order, good ones and bad ones, some of them through\n" +
			"two relays, a many-to-many one and an operator's; the day's report is exported, opened with the test\n" +
			"private key, and each line compared with what its terminal really was.\n" +
			"Then stay up to be tried by hand, until Ctrl-C.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			t.Language = e.Lang
			return t.Run(c.Context())
		}),
	}
	f := c.Flags()
	f.StringVar(&t.Postgres, "postgres", "", "URL of a PostgreSQL database to use instead of the embedded store")
	f.StringVar(&t.Listen, "listen", "127.0.0.1:0", "address of the front, on loopback")
	f.StringVar(&t.Admin, "admin", "127.0.0.1:0", "address of the admin listener")
	f.IntVar(&t.Logins, "logins", 4000, "how many visits of terminals")
	f.IntVar(&t.Crowd, "crowd", 64, "how many terminals at once")
	f.BoolVar(&t.Exit, "exit", false, "end when done instead of staying up")
	return c
}
