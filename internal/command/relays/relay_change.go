package relays

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// listChange is what two flags add to a list of a permission and remove from it.
type listChange struct{ add, remove []string }

func (l *listChange) flags(c *cobra.Command, name, help string) {
	c.Flags().StringArrayVar(&l.add, "add-"+name, nil, help+"; may be repeated")
	c.Flags().StringArrayVar(&l.remove, "remove-"+name, nil, "take that back; may be repeated")
}

// changeList reads the texts and changes the list. What is there already may be added, what is not there is no slip to pass over.
func changeList[T comparable](l *listChange, list *[]T, what string, parse func(string) (T, error)) error {
	for _, text := range l.remove {
		v, err := parse(text)
		if err != nil {
			return err
		}
		at := slices.Index(*list, v)
		if at < 0 {
			return fmt.Errorf("%s is no %s of it; see `tradefront relay show`", text, what)
		}
		*list = slices.Delete(slices.Clone(*list), at, at+1)
	}
	for _, text := range l.add {
		v, err := parse(text)
		if err != nil {
			return err
		}
		if !slices.Contains(*list, v) {
			*list = append(slices.Clone(*list), v)
		}
	}
	return nil
}

// relayChange is the flags of relay change.
type relayChange struct {
	relayCommand
	networks, operators, apps listChange
	certs                     listChange
	terminalApps              string
	chained                   bool
}

func newRelayChange(e *command.Env) *cobra.Command {
	r := relayChange{relayCommand: relayCommand{env: e}}
	c := &cobra.Command{
		Use: "change RELAY", Short: "Change what a relay may do", Args: r.arguments(),
		Long: "Change networks, operators, terminals' AppIDs and the like of a relay; running fronts follow within seconds, for what is\n" +
			"asked of them from then on. Its type stays: admit a relay of the other type under another AppID.",
		Example: "  tradefront relay change -c FILE abcdef_relay_1.6.0 --add-network 10.1.3.0/28 --remove-network 10.1.2.0/28",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, _ := r.name(args)
			return r.change(c, id, func(cfg *config.Config, d *directory.Directory) error {
				var before relay.Permission
				p, err := d.ChangePermission(c.Context(), id, func(p *relay.Permission) error {
					before = *p
					return r.apply(c, p)
				})
				if err != nil {
					return relayError(id, err)
				}
				warnOfNetworks(e, &p)
				warnOfLists(e, &before, &p)
				if err := warnOfOperators(c.Context(), e, cfg, d, p.Operators); err != nil {
					return err
				}
				found, err := d.FindRelay(c.Context(), id)
				if err != nil {
					return relayError(id, err)
				}
				warnOfUse(e, found.App.Type, &found.Permission, found.Grants)
				return r.print(&found)
			})
		}),
	}
	r.flags(c)
	r.networks.flags(c, "network", "network or address that it may come from")
	r.operators.flags(c, "operator", "account of an operator who may log in through it")
	r.apps.flags(c, "app", "AppID that its terminals may have; with none, every admitted one")
	r.certs.flags(c, "client-cert", "file with a TLS certificate in PEM that it may come with, or the SHA-256 of one; with none, any")
	f := c.Flags()
	f.StringVar(&r.terminalApps, "terminal-apps", "", "listed: its terminals' AppIDs must be admitted; audit: others are taken and counted")
	f.BoolVar(&r.chained, "chained", false, "it may carry terminals of another relay")
	return c
}

func (r *relayChange) apply(c *cobra.Command, p *relay.Permission) error {
	if err := changeList(&r.networks, &p.Networks, "network", relay.ParseNetwork); err != nil {
		return err
	}
	if err := changeList(&r.operators, &p.Operators, "operator", regulation.ParseAccount); err != nil {
		return err
	}
	if err := changeList(&r.apps, &p.AllowedApps, "terminals' AppID", regulation.ParseAppID); err != nil {
		return err
	}
	if err := changeList(&r.certs, &p.ClientCerts, "client certificate", parseCert); err != nil {
		return err
	}
	f := c.Flags()
	if f.Changed("terminal-apps") {
		p.TerminalApps = relay.TerminalApps(r.terminalApps)
	}
	if f.Changed("chained") {
		p.Chained = r.chained
	}
	return nil
}

// warnOfLists: an empty list of AppIDs or of certificates admits all of them, so the first entry refuses all others, and taking the last
// one back admits all again. Both may be another change than was meant.
func warnOfLists(e *command.Env, before, after *relay.Permission) {
	switch was, is := len(before.AllowedApps), len(after.AllowedApps); {
	case was == 0 && is > 0:
		e.Warn("relay %s may carry only the AppIDs that are named for it from now on, and no other admitted one any more", after.AppID)
	case was > 0 && is == 0:
		e.Warn("relay %s may carry every admitted AppID from now on: none is named for it any more", after.AppID)
	}
	switch was, is := len(before.ClientCerts), len(after.ClientCerts); {
	case was == 0 && is > 0:
		e.Warn("relay %s may come only with a certificate that is named for it from now on, and without one no more", after.AppID)
	case was > 0 && is == 0:
		e.Warn("relay %s may come with any certificate, or without one, from now on: none is named for it any more", after.AppID)
	}
}

// show prints the relay as it is now.
func (r *relayCommand) show(c *cobra.Command, d *directory.Directory, id regulation.AppID) error {
	found, err := d.FindRelay(c.Context(), id)
	if err != nil {
		return relayError(id, err)
	}
	return r.print(&found)
}

func (r *relayCommand) print(found *directory.Relay) error {
	s := showRelay(&found.App, &found.Permission, found.Grants)
	return r.form.Print(r.env.Out, s, func(w io.Writer) { s.print(w) })
}

func newRelayLimits(e *command.Env) *cobra.Command {
	r := relayCommand{env: e}
	var rate, burst, window, connections int
	c := &cobra.Command{
		Use: "limits RELAY", Short: "Change how much a relay may send at once", Args: r.arguments(),
		Long: "Change a relay's limits at each front; those that are not named stay. Submissions, or relayed logins, beyond them are\n" +
			"answered 90. An operator relay learns rate, burst and window at its next login. An investor relay has one connection\n" +
			"for each terminal: set --connections to their number.",
		Example: "  tradefront relay limits -c FILE abcdef_relay_1.6.0 --rate 5000 --burst 50000",
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, _ := r.name(args)
			return r.change(c, id, func(_ *config.Config, d *directory.Directory) error {
				_, err := d.ChangePermission(c.Context(), id, func(p *relay.Permission) error {
					for name, n := range map[string]struct {
						to  *int
						new int
					}{"rate": {&p.Rate, rate}, "burst": {&p.Burst, burst}, "window": {&p.Window, window}, "connections": {&p.Connections, connections}} {
						if c.Flags().Changed(name) {
							*n.to = n.new
						}
					}
					return nil
				})
				if err != nil {
					return relayError(id, err)
				}
				return r.show(c, d, id)
			})
		}),
	}
	r.flags(c)
	f := c.Flags()
	f.IntVar(&rate, "rate", relay.DefaultRate, "submissions, or relayed logins, a second")
	f.IntVar(&burst, "burst", relay.DefaultBurst, "of them at once, after a pause")
	f.IntVar(&window, "window", relay.DefaultWindow, "submissions that one connection may leave unanswered")
	f.IntVar(&connections, "connections", relay.DefaultConnections, "connections at once")
	c.MarkFlagsOneRequired("rate", "burst", "window", "connections")
	return c
}

// What is printed of a switch, by what it is then.
var (
	relaySwitched = map[bool]string{
		true:  "relay %s is enabled; running fronts follow within seconds\n",
		false: "relay %s is disabled; running fronts end its connections within seconds\n",
	}
	relayAlready = map[bool]string{
		true: "relay %s is already enabled; nothing was changed\n", false: "relay %s is already disabled; nothing was changed\n",
	}
)

func newRelaySwitch(e *command.Env, use, short string, enabled bool) *cobra.Command {
	r := relayCommand{env: e}
	c := &cobra.Command{
		Use: use + " RELAY", Short: short, Args: r.arguments(),
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, _ := r.name(args)
			return r.change(c, id, func(_ *config.Config, d *directory.Directory) error {
				err := d.SetRelayEnabled(c.Context(), id, enabled)
				unchanged := errors.Is(err, directory.ErrUnchanged)
				if err != nil && !unchanged {
					return relayError(id, err)
				}
				if r.form == "json" {
					return r.show(c, d, id)
				}
				if unchanged {
					command.Tell(e.Out, relayAlready[enabled], id)
					return nil
				}
				command.Tell(e.Out, relaySwitched[enabled], id)
				return nil
			})
		}),
	}
	r.flags(c)
	return c
}
