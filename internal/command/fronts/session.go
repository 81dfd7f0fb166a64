package fronts

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/show"
)

// NewSession is `session`: who is logged in.
func NewSession(e *command.Env) *cobra.Command {
	return command.Group("session", "The sessions that are logged in at running fronts", newSessionList(e), newSessionEnd(e))
}

// frontFlag names admin listeners other than that of the configuration.
func frontFlag(c *cobra.Command, addresses *[]string) {
	c.Flags().StringSliceVar(addresses, "front", nil, "host:port of a front's admin listener, or its FrontID; may be repeated")
}

func newSessionList(e *command.Env) *cobra.Command {
	var (
		path, account string
		fronts        []string
		full          bool
		form          command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List who is logged in", Args: command.NoArgs,
		Long: "Ask the fronts who is logged in: all that report to PostgreSQL, at the admin listeners that they report, or those that --front\n" +
			"names; with the embedded store the one at admin.address. A front that does not answer is one line of the error, and the sessions of\n" +
			"the others are shown. TERMINALS is how many a relay has reported on its session. Addresses are masked as in the\n" +
			"application log; --full shows them.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			admin, err := everyAdmin(c.Context(), e, path, fronts)
			if err != nil {
				return err
			}
			all, err := admin.sessions(c.Context(), full)
			list := make([]daemon.Session, 0, len(all))
			for i := range all {
				if account == "" || all[i].Account == account {
					list = append(list, all[i])
				}
			}
			// Of several fronts those that answered are shown, and the others are the error.
			return errors.Join(form.Print(e.Out, list, func(w io.Writer) { printSessions(w, list) }), err)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	frontFlag(c, &fronts)
	c.Flags().StringVar(&account, "account", "", "only those of this account")
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}

func printSessions(w io.Writer, list []daemon.Session) {
	command.Table(w, "FRONT\tSESSION\tACCOUNT\tAPPID\tADDRESS\tSINCE\tSTATE\tSENT\tRECEIVED\tTERMINALS", func(w io.Writer) {
		for i := range list {
			s := &list[i]
			terminals := "1"
			if s.Terminals > 0 {
				terminals = strconv.Itoa(s.Terminals) + command.InLanguageOf(w, " of a relay", "（中继）")
			} else if s.Relay {
				terminals = command.InLanguageOf(w, "relay", "中继")
			}
			fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
				s.FrontID, s.SessionID, show.Cell(s.Account), show.Cell(s.AppID), show.Cell(s.Address), show.Time(s.Since),
				show.Cell(command.WordFor(w, "session", s.State)), s.Sent, s.Received, terminals)
		}
	})
}
