package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/show"
)

func newSession(e *env) *cobra.Command {
	return group("session", "The sessions that are logged in at running fronts", newSessionList(e), newSessionEnd(e))
}

// frontFlag names admin listeners other than that of the configuration.
func frontFlag(c *cobra.Command, addresses *[]string) {
	c.Flags().StringSliceVar(addresses, "front", nil, "host:port of a front's admin listener, or its FrontID; may be repeated")
}

func newSessionList(e *env) *cobra.Command {
	var (
		path, account string
		fronts        []string
		full          bool
		form          output
	)
	c := &cobra.Command{
		Use: "list", Short: "List who is logged in", Args: noArgs,
		Long: "Ask the fronts who is logged in: all that report to PostgreSQL, at the admin listeners that they report, or those that --front\n" +
			"names; with the embedded store the one at admin.address. A front that does not answer is one line of the error, and the sessions of\n" +
			"the others are shown. TERMINALS is how many a relay has reported on its session. Addresses are masked as in the\n" +
			"application log; --full shows them.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
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
			return errors.Join(form.print(e.out, list, func(w io.Writer) { printSessions(w, list) }), err)
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	frontFlag(c, &fronts)
	c.Flags().StringVar(&account, "account", "", "only those of this account")
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}

func printSessions(w io.Writer, list []daemon.Session) {
	table(w, "FRONT\tSESSION\tACCOUNT\tAPPID\tADDRESS\tSINCE\tSTATE\tSENT\tRECEIVED\tTERMINALS", func(w io.Writer) {
		for i := range list {
			s := &list[i]
			terminals := "1"
			if s.Terminals > 0 {
				terminals = strconv.Itoa(s.Terminals) + inLanguageOf(w, " of a relay", "（中继）")
			} else if s.Relay {
				terminals = inLanguageOf(w, "relay", "中继")
			}
			fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n",
				s.FrontID, s.SessionID, show.Cell(s.Account), show.Cell(s.AppID), show.Cell(s.Address), show.Time(s.Since),
				show.Cell(wordFor(w, "session", s.State)), s.Sent, s.Received, terminals)
		}
	})
}
