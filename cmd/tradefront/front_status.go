package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/show"
)

func newFrontStatus(e *env) *cobra.Command {
	var (
		path, address string
		full          bool
		form          output
	)
	c := &cobra.Command{
		Use: "status", Short: "Ask the running front how it is: connections, sources, refusals, readiness", Args: noArgs,
		Long: "Ask the running front, at admin.address or the one that --front names: who is connected from\n" +
			"where, whom it refuses and why, and whether it is ready for terminals. Addresses are masked as in\n" +
			"the application log, since such output ends up in tickets; --full shows them, for a firewall's rule.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			var named []string
			if address != "" {
				named = []string{address}
			}
			admin, err := admins(e, path, named)
			if err != nil {
				return err
			}
			page := "/status"
			if full {
				page = "/status/full"
			}
			var s daemon.Status
			if err := admin.Ask(c.Context(), admin.addresses[0], page, &s); err != nil {
				return askError(admin.addresses[0], err)
			}
			return form.print(e.out, &s, func(w io.Writer) { printFrontStatus(w, &s) })
		}),
	}
	configFlag(c, &path)
	outputFlag(c, &form)
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}

func printFrontStatus(w io.Writer, s *daemon.Status) {
	fmt.Fprintf(w, "front %d, tradefront %s, %s since %s (%s)\n", s.FrontID, s.Version, s.State, show.Time(s.Started), time.Duration(s.Uptime)*time.Second)
	fmt.Fprintf(w, "configuration %s\n", show.Hash(s.Config))
	fmt.Fprintf(w, "connections %d of %d, unauthenticated %d, from %d sources\n", s.Open, s.Limit, s.Unauth, s.Sources)
	fmt.Fprintf(w, "logins in flight %d, users online %d\n", s.Logins, s.Online)
	fmt.Fprintf(w, "refused since the start: %s; evicted %d\n", counted(s.Refused), s.Evicted)
	fmt.Fprintf(w, "penalties: %d sources refused, %d in debt\n", s.Shut, s.InDebt)
	if len(s.Heaviest) > 0 {
		fmt.Fprintln(w)
		table(w, "SOURCE\tCONNECTIONS\tUNAUTHENTICATED\tEXEMPT", func(w io.Writer) {
			for _, h := range s.Heaviest {
				fmt.Fprintf(w, "%s\t%d\t%d\t%t\n", h.Source, h.Open, h.Unauth, h.Exempt)
			}
		})
	}
	if len(s.Longest) > 0 {
		fmt.Fprintln(w)
		table(w, "REFUSED SOURCE\tFOR ANOTHER", func(w io.Writer) {
			for _, p := range s.Longest {
				fmt.Fprintf(w, "%s\t%s\n", p.Source, time.Duration(p.Left)*time.Second)
			}
		})
	}
	fmt.Fprintln(w)
	word := map[bool]string{true: "ready", false: "NOT READY"}
	fmt.Fprintln(w, word[s.Ready])
	printReasons(w, s.Reasons)
}

// printReasons are the checks of a front or a relay agent.
func printReasons(w io.Writer, reasons []ops.Reason) {
	table(w, "CHECK\tOK\tSEVERITY\tREASON", func(rows io.Writer) {
		for _, r := range reasons {
			fmt.Fprintf(rows, "%s\t%t\t%s\t%s\n", r.Name, r.Ready, r.Severity, sentenceFor(w, r.Reason))
		}
	})
}

// counted is "front_full 0, source_full 3", in the order of the words.
func counted(counts map[string]uint64) string {
	if len(counts) == 0 {
		return "none"
	}
	parts := make([]string, 0, len(counts))
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", word, counts[word]))
	}
	return strings.Join(parts, ", ")
}
