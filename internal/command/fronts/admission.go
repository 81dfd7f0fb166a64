package fronts

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/daemon"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// The bounds of --for.
const (
	minBan = time.Minute
	maxBan = 366 * 24 * time.Hour
)

// NewAdmission is `admission`: which addresses the fronts refuse.
func NewAdmission(e *command.Env) *cobra.Command {
	return command.Group("admission", "Whose connections fronts refuse: bans by operators, and penalties by the fronts themselves",
		newAdmissionBan(e), newAdmissionUnban(e), newAdmissionList(e))
}

// parseBanned reads an address or a network.
func parseBanned(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil || network.Addr().Is4In6():
		return network, fmt.Errorf("%q is no address and no network: want 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48", text)
	case network != network.Masked():
		return network, fmt.Errorf("network %s has bits behind its length: did you mean %s?", text, network.Masked())
	}
	return network, nil
}

func newAdmissionBan(e *command.Env) *cobra.Command {
	var (
		path, why string
		lasts     time.Duration
		force     bool
		form      command.Output
	)
	c := &cobra.Command{
		Use: "ban ADDRESS|NETWORK", Short: "Refuse the connections from an address or a network, at all fronts, for a while", Args: cobra.ExactArgs(1),
		Long: "Refuse every new connection from an address or a network, as 192.0.2.7 or 192.0.2.0/24, until --for is over. Fronts follow within\n" +
			"seconds (auth.refresh), and a restart forgets nothing. The connection is closed without a word, as those of a source that\n" +
			"misbehaved; `tradefront_connections_refused_total{reason=\"source_banned\"}` counts them. Connections that are open end\n" +
			"too, a customer's with ForceExit. A ban of the same network takes the place of the one before.\n\n" +
			"What would keep many customers out needs --force: an address of a load balancer (trusted_proxies), of a relay, of\n" +
			"limits.exempt_networks, of this machine, or a network wider than /16 (IPv6: /32).",
		Example: "  tradefront admission ban -c tradefront.yaml 192.0.2.7 --for 2h --why \"scans for AppIDs, ticket 4711\"",
		RunE: e.Action(func(c *cobra.Command, args []string) (err error) {
			network, err := parseBanned(args[0])
			if err != nil {
				return err
			}
			if lasts < minBan || lasts > maxBan {
				return fmt.Errorf("--for %s: want %s to %s", lasts, minBan, maxBan)
			}
			if strings.TrimSpace(why) == "" {
				return errors.New("--why: say what happened; it is kept with the ban")
			}
			cfg, r, err := e.OpenDirectory(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			d := directory.New(r.Tables())
			own, err := ownNetworks(c, cfg, d, network)
			if err != nil {
				return err
			}
			if own != "" && !force {
				return fmt.Errorf("%s %s: many customers would be kept out; --force bans it all the same", bannedText(network), own)
			}
			act, err := e.Act(c, cfg, network.String(), why)
			if err != nil {
				return err
			}
			now := time.Now().Truncate(time.Microsecond)
			b := directory.Ban{Network: network, Ends: now.Add(lasts), Created: now, By: act.By(), Why: act.Why}
			if err := d.As(act).SetBan(c.Context(), b); err != nil {
				return err
			}
			shown := showBan(&b)
			return form.Print(e.Out, &shown, func(w io.Writer) {
				command.Tell(w, "%s is banned until %s; running fronts refuse its connections within seconds, and end those that are open\n",
					shown.Network, show.Time(b.Ends))
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	command.WhyFlag(c, &why)
	c.Flags().DurationVar(&lasts, "for", 0, "how long, as 2h; 1m to 8784h")
	c.Flags().BoolVar(&force, "force", false, "ban what many customers come by, too")
	command.Must(c.MarkFlagRequired("for"))
	command.Must(c.MarkFlagRequired("why"))
	return c
}

// ownNetworks says why a ban would hit the firm itself; "" if it would not.
func ownNetworks(c *cobra.Command, cfg *config.Config, d *directory.Directory, network netip.Prefix) (string, error) {
	widest := 16
	if network.Addr().Is6() {
		widest = 32
	}
	switch {
	case network.Bits() < widest:
		return fmt.Sprintf("is wider than /%d", widest), nil
	case network.Addr().IsLoopback():
		return "is this machine's own", nil
	}
	for i := range cfg.Front.Listeners {
		if n, hits := overlapping(network, cfg.Front.Listeners[i].TrustedProxies); hits {
			return fmt.Sprintf("is that of a load balancer (trusted_proxies has %s)", n), nil
		}
	}
	if n, hits := overlapping(network, cfg.Limits.ExemptNetworks); hits {
		return fmt.Sprintf("is one of limits.exempt_networks (%s)", n), nil
	}
	relays, _, err := d.Relays(c.Context())
	for i := range relays {
		if n, hits := overlapping(network, relays[i].Networks); hits {
			return fmt.Sprintf("is that of relay %s (%s)", relays[i].AppID, n), err
		}
	}
	return "", err
}

func overlapping(network netip.Prefix, others []netip.Prefix) (netip.Prefix, bool) {
	for _, o := range others {
		if o.Overlaps(network) && o.Bits() > 0 {
			return o, true
		}
	}
	return netip.Prefix{}, false
}

func newAdmissionUnban(e *command.Env) *cobra.Command {
	var (
		path, why string
		form      command.Output
	)
	c := &cobra.Command{
		Use: "unban ADDRESS|NETWORK", Short: "End a ban before its time", Args: cobra.ExactArgs(1),
		RunE: e.Action(func(c *cobra.Command, args []string) (err error) {
			network, err := parseBanned(args[0])
			if err != nil {
				return err
			}
			cfg, r, err := e.OpenDirectory(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			act, err := e.Act(c, cfg, network.String(), why)
			if err != nil {
				return err
			}
			err = directory.New(r.Tables()).As(act).LiftBan(c.Context(), network)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%s is not banned; `tradefront admission list` shows what is, and a ban of a network ends as that network", bannedText(network))
			}
			if err != nil {
				return err
			}
			lifted := struct {
				Network string `json:"network"`
			}{bannedText(network)}
			return form.Print(e.Out, lifted, func(w io.Writer) {
				command.Tell(w, "%s is not banned any more; running fronts follow within seconds\n", lifted.Network)
			})
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	command.WhyFlag(c, &why)
	return c
}

// shownBan is a ban as `admission list -o json` prints it.
type shownBan struct {
	Network string    `json:"network"`
	Ends    time.Time `json:"ends"`
	Created time.Time `json:"created"`
	By      string    `json:"by"`
	Why     string    `json:"why"`
}

// bannedText is an address, or a network with its length.
func bannedText(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

func showBan(b *directory.Ban) shownBan {
	return shownBan{bannedText(b.Network), b.Ends.In(regulation.Zone), b.Created.In(regulation.Zone), b.By, b.Why}
}

// shownAdmission is what `admission list -o json` prints.
type shownAdmission struct {
	Bans []shownBan `json:"bans"`
	// Of the running front; null if it was not reached.
	Penalties *[]daemon.PenalizedSource `json:"penalties"`
}

func newAdmissionList(e *command.Env) *cobra.Command {
	var (
		path, address string
		full          bool
		form          command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the bans, and the sources that the running front penalizes by itself", Args: command.NoArgs,
		Long: "List the bans in force, of all fronts. Below them are the sources that the running front, at admin.address or the one that --front\n" +
			"names, refuses by itself since they misbehaved (limits.penalties): the ten with the longest time left. Their addresses\n" +
			"are masked as in the application log; --full shows them.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, r, err := e.OpenDirectory(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			bans, err := directory.New(r.Tables()).Bans(c.Context())
			if err != nil {
				return err
			}
			list := shownAdmission{Bans: []shownBan{}}
			for i := range bans {
				list.Bans = append(list.Bans, showBan(&bans[i]))
			}
			if address == "" {
				address = cfg.Admin.Address.String()
			}
			page := "/status"
			if full {
				page = "/status/full"
			}
			access, err := assemble.AdminAccess(&cfg.Admin)
			if err != nil {
				return err
			}
			var s daemon.Status
			if err := access.Ask(c.Context(), address, page, &s); err != nil {
				e.Warn("penalties are not shown: %v", askError(address, err))
			} else {
				penalties := append([]daemon.PenalizedSource{}, s.Longest...)
				list.Penalties = &penalties
			}
			return form.Print(e.Out, &list, list.print)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().StringVar(&address, "front", "", "host:port of the front's admin listener, instead of admin.address")
	c.Flags().BoolVar(&full, "full", false, "whole addresses of penalized sources")
	return c
}

func (l *shownAdmission) print(w io.Writer) {
	command.Table(w, "BANNED\tUNTIL\tSINCE\tBY\tWHY", func(w io.Writer) {
		for _, b := range l.Bans {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.Network, show.Time(b.Ends), show.Time(b.Created), show.Cell(b.By), show.Cell(b.Why))
		}
	})
	if l.Penalties == nil {
		return
	}
	fmt.Fprintln(w)
	command.Table(w, "PENALIZED\tFOR ANOTHER", func(w io.Writer) {
		for _, p := range *l.Penalties {
			fmt.Fprintf(w, "%s\t%s\n", p.Source, time.Duration(p.Left)*time.Second)
		}
	})
}
