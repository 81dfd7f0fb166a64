package relays

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/logs"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
)

// relayAgentCommands are those of `tradefront relay` that run and look at a relay agent.
func relayAgentCommands(e *command.Env) []*cobra.Command {
	return []*cobra.Command{newRelayServe(e), newRelayCheck(e), newRelayDefaults(e), newRelayStatus(e), newRelayTerminals(e)}
}

func newRelayServe(e *command.Env) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use: "serve", Short: "Run a relay agent: terminals below, the firm's fronts above", Args: command.NoArgs,
		Long: "Run a relay agent until SIGTERM or SIGINT; then new logins are refused, terminals are sent away, spread\n" +
			"over upstream.exit_spread, and the exit status is 0. No front need be there at the start: terminals are\n" +
			"answered 8 until one is. SIGHUP reopens the audit log and takes log_level, keys, limits and trusted_proxies\n" +
			"over; a registry file that was replaced is taken over by itself.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			log := logs.NewLogWriter(e.Err)
			defer log.Close(command.LogGrace)
			service := daemon.RelayService{
				Options: daemon.Options{Build: e.Build(), Log: log},
				Load:    func() (*config.Agent, error) { return config.LoadAgent(path, e.Environ) },
				Started: func(r *daemon.RelayAgent) { fmt.Fprintln(e.Out, r.Banner()) },
			}
			err := service.Run(c.Context())
			if errors.Is(err, daemon.ErrStoppedEarly) {
				fmt.Fprintln(e.Err, "tradefront:", err)
				return nil // as it was asked to
			}
			return err
		}),
	}
	command.AgentConfigFlag(c, &path)
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

func newRelayCheck(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "check", Short: "Report everything that is wrong with a relay agent's configuration and its files", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error {
			conf, err := config.LoadAgent(path, e.Environ)
			if err != nil {
				return daemon.WholeAgentReport(conf, err)
			}
			assets, err := assemble.LoadAgentAssets(conf)
			if err != nil {
				return err
			}
			found := goodAgentOf(path, conf, assets)
			return form.Print(e.Out, found, func(w io.Writer) {
				command.Tell(w, "%s is good: mode %s, listeners %d, fronts %v, %d AppIDs exported %s\n", path, found.Mode, found.Listeners,
					found.Fronts, found.Apps, show.Time(found.Exported))
				for _, remark := range found.Remarks {
					fmt.Fprintln(w, e.Say("remark: ", "提示：")+e.Translated(remark))
				}
			})
		}),
	}
	command.AgentConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func newRelayDefaults(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use: "defaults", Short: "Print a commented configuration of a relay agent with every key and its default", Args: command.NoArgs,
		RunE: e.Action(func(*cobra.Command, []string) error { return config.WriteAgentDefaults(e.Out, daemon.ReloadsAgent) }),
	}
}

// askAgent asks a running relay agent's admin listener.
func askAgent(e *command.Env, c *cobra.Command, path, page string, into any) error {
	conf, err := config.LoadAgent(path, e.Environ)
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

func newRelayStatus(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "status", Short: "Ask the running relay agent how it is: terminals, front, clock, readiness", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			var s daemon.RelayStatus
			if err := askAgent(e, c, path, "/relay", &s); err != nil {
				return err
			}
			return form.Print(e.Out, &s, func(w io.Writer) { printRelayStatus(w, &s) })
		}),
	}
	command.AgentConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func printRelayStatus(w io.Writer, s *daemon.RelayStatus) {
	command.Tell(w, "relay agent %d (%s, %s), tradefront %s, %s for %s\n",
		s.AgentID, command.WordFor(w, "relay", s.Mode), s.RelayAppID, s.Version, command.WordFor(w, "state", s.State), time.Duration(s.Uptime)*time.Second)
	command.Tell(w, "terminals %d, connections %d, AppIDs %d\n", s.Terminals, s.Connections, s.AppIDs)
	command.Tell(w, "front: %s; this clock is %.0f s ahead of it\n\n", command.SentenceFor(w, s.Upstream), s.ClockAhead)
	if s.Ready {
		command.Tell(w, "ready\n")
	} else {
		command.Tell(w, "NOT READY\n")
	}
	command.PrintReasons(w, s.Reasons)
}

func newRelayTerminals(e *command.Env) *cobra.Command {
	var (
		path string
		full bool
		form command.Output
	)
	c := &cobra.Command{
		Use: "terminals", Short: "List the terminals that are logged in through the running relay agent", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			page := "/relay/terminals"
			if full {
				page += "/full"
			}
			var list []daemon.RelayedTerminal
			if err := askAgent(e, c, path, page, &list); err != nil {
				return err
			}
			return form.Print(e.Out, list, func(w io.Writer) {
				command.Table(w, "SESSION\tACCOUNT\tAPPID\tADDRESS\tSINCE\tRECORD\tSUBMISSION", func(w io.Writer) {
					for _, t := range list {
						if t.Relay && t.RecordID == "" {
							t.SubmitID = fmt.Sprintf(command.InLanguageOf(w, "a relay, %d terminals", "中继，%d 个终端"), t.Terminals)
						}
						fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n",
							t.SessionID, show.Cell(t.Account), show.Cell(t.AppID), show.Cell(t.Address), show.Time(t.Since), show.Cell(t.RecordID), show.Cell(t.SubmitID))
					}
				})
			})
		}),
	}
	command.AgentConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVar(&full, "full", false, "whole addresses")
	return c
}
