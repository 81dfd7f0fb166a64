package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// relayAgentCommands are those of `tradefront relay` that run and look at a relay agent.
func relayAgentCommands(e *env) []*cobra.Command {
	return []*cobra.Command{newRelayServe(e), newRelayCheck(e), newRelayDefaults(e), newRelayStatus(e), newRelayTerminals(e)}
}

func newRelayServe(e *env) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use: "serve", Short: "Run a relay agent: terminals below, the firm's fronts above", Args: noArgs,
		Long: "Run a relay agent until SIGTERM or SIGINT; then new logins are refused, terminals are sent away, spread\n" +
			"over upstream.exit_spread, and the exit status is 0. No front need be there at the start: terminals are\n" +
			"answered 8 until one is. SIGHUP reopens the audit log and takes log_level, keys, limits and trusted_proxies\n" +
			"over; a registry file that was replaced is taken over by itself.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			log := ops.NewLogWriter(e.err)
			defer log.Close(logGrace)
			service := daemon.RelayService{
				Options: daemon.Options{Build: thisBuild(), Log: log},
				Load:    func() (*config.Agent, error) { return config.LoadAgent(path, e.environ) },
				Started: func(r *daemon.RelayAgent) { fmt.Fprintln(e.out, r.Banner()) },
			}
			err := service.Run(c.Context())
			if errors.Is(err, daemon.ErrStoppedEarly) {
				fmt.Fprintln(e.err, "tradefront:", err)
				return nil // as it was asked to
			}
			return err
		}),
	}
	agentConfigFlag(c, &path)
	return c
}

// goodAgent is what `relay check -o json` prints.
type goodAgent struct {
	Path      string    `json:"path"`
	Mode      string    `json:"mode"`
	Listeners int       `json:"listeners"`
	Fronts    []string  `json:"fronts"`
	Apps      int       `json:"app_ids"`
	Exported  time.Time `json:"registry_exported"`
	Remarks   []string  `json:"remarks"`
}

func goodAgentOf(path string, conf *config.Agent, assets *assemble.AgentAssets) *goodAgent {
	g := &goodAgent{
		Path: path, Mode: conf.Mode, Listeners: len(conf.Front.Listeners), Fronts: []string{}, Apps: len(assets.Registry.Apps),
		Exported: assets.Registry.Made.In(regulation.Zone), Remarks: append([]string{}, assemble.AgentRemarks(conf, assets)...),
	}
	for _, address := range conf.Upstream.Addresses {
		g.Fronts = append(g.Fronts, address.String())
	}
	return g
}

func newRelayCheck(e *env) *cobra.Command {
	var (
		path string
		form output
	)
	c := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a relay agent's configuration and its files", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error {
			conf, err := config.LoadAgent(path, e.environ)
			if err != nil {
				return daemon.WholeAgentReport(conf, err)
			}
			assets, err := assemble.LoadAgentAssets(conf)
			if err != nil {
				return err
			}
			found := goodAgentOf(path, conf, assets)
			return form.print(e.out, found, func(w io.Writer) {
				tell(w, "%s is good: mode %s, listeners %d, fronts %v, %d AppIDs exported %s\n", path, found.Mode, found.Listeners,
					found.Fronts, found.Apps, show.Time(found.Exported))
				for _, remark := range found.Remarks {
					fmt.Fprintln(w, e.say("remark: ", "提示：")+e.translated(remark))
				}
			})
		}),
	}
	agentConfigFlag(c, &path)
	outputFlag(c, &form)
	return c
}

func newRelayDefaults(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "defaults", Short: "Print a commented configuration of a relay agent with every key and its default", Args: noArgs,
		RunE: e.action(func(*cobra.Command, []string) error { return config.WriteAgentDefaults(e.out, daemon.ReloadsAgent) }),
	}
}

// askAgent asks a running relay agent's admin listener.
func (e *env) askAgent(c *cobra.Command, path, page string, into any) error {
	conf, err := config.LoadAgent(path, e.environ)
	if err != nil {
		return err
	}
	address := conf.Admin.Address.String()
	access, err := assemble.AdminAccess(&conf.Admin)
	if err != nil {
		return err
	}
	if err := access.Ask(c.Context(), address, page, into); err != nil {
		return fmt.Errorf("ask the relay agent at %q: %w; is it running, and is that its admin.address?", address, err)
	}
	return nil
}

func newRelayStatus(e *env) *cobra.Command {
	var (
		path string
		form output
	)
	c := &cobra.Command{
		Use: "status", Short: "Ask the running relay agent how it is: terminals, front, clock, readiness", Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			var s daemon.RelayStatus
			if err := e.askAgent(c, path, "/relay", &s); err != nil {
				return err
			}
			return form.print(e.out, &s, func(w io.Writer) { printRelayStatus(w, &s) })
		}),
	}
	agentConfigFlag(c, &path)
	outputFlag(c, &form)
	return c
}

func printRelayStatus(w io.Writer, s *daemon.RelayStatus) {
	tell(w, "relay agent %d (%s, %s), tradefront %s, %s for %s\n", s.AgentID, wordFor(w, "relay", s.Mode), s.RelayAppID, s.Version, wordFor(w, "state", s.State),
		time.Duration(s.Uptime)*time.Second)
	tell(w, "terminals %d, connections %d, AppIDs %d\n", s.Terminals, s.Connections, s.AppIDs)
	tell(w, "front: %s; this clock is %.0f s ahead of it\n\n", s.Upstream, s.ClockAhead)
	if s.Ready {
		tell(w, "ready\n")
	} else {
		tell(w, "NOT READY\n")
	}
	printReasons(w, s.Reasons)
}

func newRelayTerminals(e *env) *cobra.Command {
	var (
		path string
		full bool
		form output
	)
	c := &cobra.Command{
		Use: "terminals", Short: "List the terminals that are logged in through the running relay agent", Args: noArgs,
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			page := "/relay/terminals"
			if full {
				page += "/full"
			}
			var list []daemon.RelayedTerminal
			if err := e.askAgent(c, path, page, &list); err != nil {
				return err
			}
			return form.print(e.out, list, func(w io.Writer) {
				table(w, "SESSION\tACCOUNT\tAPPID\tADDRESS\tSINCE\tRECORD\tSUBMISSION", func(w io.Writer) {
					for _, t := range list {
						if t.Relay && t.RecordID == "" {
							t.SubmitID = fmt.Sprintf(inLanguageOf(w, "a relay, %d terminals", "中继，%d 个终端"), t.Terminals)
						}
						fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n",
							t.SessionID, show.Cell(t.Account), show.Cell(t.AppID), show.Cell(t.Address), show.Time(t.Since), show.Cell(t.RecordID), show.Cell(t.SubmitID))
					}
				})
			})
		}),
	}
	agentConfigFlag(c, &path)
	outputFlag(c, &form)
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}
