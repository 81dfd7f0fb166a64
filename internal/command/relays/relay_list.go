package relays

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/show"
)

// shownRelay is a relay as `relay list -o json` and `relay show -o json` print it.
type shownRelay struct {
	AppID        regulation.AppID      `json:"app_id"`
	Type         string                `json:"type"`
	Enabled      bool                  `json:"enabled"`
	Networks     []string              `json:"networks"`
	Operators    []regulation.Account  `json:"operators"`
	Scope        map[string]shownScope `json:"scope"` // by operator
	TerminalApps relay.TerminalApps    `json:"terminal_apps"`
	AllowedApps  []regulation.AppID    `json:"allowed_apps"`
	ClientCerts  []relay.CertDigest    `json:"client_certs,omitempty"` // SHA-256, in hex
	Chained      bool                  `json:"chained"`
	Connections  int                   `json:"connections"`
	Rate         int                   `json:"rate"`
	Burst        int                   `json:"burst"`
	Window       int                   `json:"window"`
	Created      time.Time             `json:"created"`
	Changed      time.Time             `json:"changed"`
}

// shownScope counts the grants of an operator.
type shownScope struct {
	All    bool `json:"all"`
	Prefix int  `json:"prefixes"`
	Single int  `json:"accounts"`
}

func showRelay(app *auth.App, p *relay.Permission, grants []relay.Grant) shownRelay {
	kind := relayType(app.Type)
	s := shownRelay{
		AppID: p.AppID, Type: kind.String(), Enabled: app.Enabled, Networks: []string{}, Operators: command.NotNil(p.Operators), Scope: make(map[string]shownScope),
		TerminalApps: p.TerminalApps, AllowedApps: command.NotNil(p.AllowedApps), ClientCerts: p.ClientCerts, Chained: p.Chained,
		Connections: p.Connections, Rate: p.Rate, Burst: p.Burst, Window: p.Window,
		Created: p.Created.In(regulation.Zone), Changed: p.Changed.In(regulation.Zone),
	}
	for _, n := range p.Networks {
		s.Networks = append(s.Networks, n.String())
	}
	for _, g := range grants {
		if g.AppID != p.AppID {
			continue
		}
		scope := s.Scope[string(g.Operator)]
		switch g.Kind {
		case relay.All:
			scope.All = true
		case relay.Prefix:
			scope.Prefix++
		case relay.Single:
			scope.Single++
		}
		s.Scope[string(g.Operator)] = scope
	}
	return s
}

func (s shownScope) text(w io.Writer) string {
	var parts []string
	if s.All {
		parts = append(parts, command.InLanguageOf(w, "all", "全部账户"))
	}
	if s.Prefix > 0 {
		parts = append(parts, strconv.Itoa(s.Prefix)+command.InLanguageOf(w, " prefixes", " 个前缀"))
	}
	if s.Single > 0 {
		parts = append(parts, strconv.Itoa(s.Single)+command.InLanguageOf(w, " accounts", " 个账户"))
	}
	return cmp.Or(strings.Join(parts, ", "), command.InLanguageOf(w, "none", "无"))
}

func newRelayList(e *command.Env) *cobra.Command {
	r := relayCommand{env: e}
	c := &cobra.Command{
		Use: "list", Short: "List the relays and what they may do; authcodes are never shown", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			return r.with(c.Context(), func(_ *config.Config, d *directory.Directory) error {
				apps, err := d.Apps(c.Context())
				if err != nil {
					return err
				}
				permissions, grants, err := d.Relays(c.Context())
				if err != nil {
					return err
				}
				list := make([]shownRelay, 0, len(permissions))
				for i := range permissions {
					at := slices.IndexFunc(apps, func(a auth.App) bool { return a.AppID == permissions[i].AppID })
					if at >= 0 {
						list = append(list, showRelay(&apps[at], &permissions[i], grants))
					}
				}
				return r.form.Print(e.Out, list, func(w io.Writer) { printRelays(w, list) })
			})
		}),
	}
	command.ConfigFlag(c, &r.path)
	command.OutputFlag(c, &r.form)
	return c
}

func printRelays(w io.Writer, list []shownRelay) {
	command.Table(w, "APPID\tTYPE\tENABLED\tNETWORKS\tOPERATORS\tSCOPES\tTERMINAL APPS\tRATE\tBURST\tWINDOW\tCONNECTIONS", func(w io.Writer) {
		for i := range list {
			s := &list[i]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%d\t%d\t%d\t%d\n", show.Cell(string(s.AppID)), command.WordFor(w, "relay", s.Type), command.YesNo(w, s.Enabled),
				command.OrNone(w, s.Networks), command.OrNone(w, s.Operators), len(s.Scope),
				command.WordFor(w, "terminal_apps", string(s.TerminalApps)), s.Rate, s.Burst, s.Window, s.Connections)
		}
	})
}

func newRelayShow(e *command.Env) *cobra.Command {
	r := relayCommand{env: e}
	c := &cobra.Command{
		Use: "show RELAY", Short: "Show what one relay may do", Args: r.arguments(),
		RunE: e.Action(func(c *cobra.Command, args []string) error {
			id, _ := r.name(args)
			return r.with(c.Context(), func(_ *config.Config, d *directory.Directory) error {
				found, err := d.FindRelay(c.Context(), id)
				if err != nil {
					return relayError(id, err)
				}
				s := showRelay(&found.App, &found.Permission, found.Grants)
				return r.form.Print(e.Out, s, func(w io.Writer) { s.print(w) })
			})
		}),
	}
	r.flags(c)
	return c
}

func (s *shownRelay) print(w io.Writer) {
	apps := command.InLanguageOf(w, "every admitted one", "所有已准入的")
	if len(s.AllowedApps) > 0 {
		apps = command.OrNone(w, s.AllowedApps)
	}
	rows := [][2]string{
		{"relay", string(s.AppID)},
		{"type", command.WordFor(w, "relay", s.Type) + ", " + command.Admitted(w, s.Enabled)},
		{"networks", command.OrNone(w, s.Networks)},
		{"terminals' AppIDs", fmt.Sprintf("%s (%s)", apps, command.WordFor(w, "terminal_apps", string(s.TerminalApps)))},
		{"limits", fmt.Sprintf(command.InLanguageOf(w, "rate %d, burst %d, window %d, connections %d", "速率 %d，突发 %d，窗口 %d，连接 %d"),
			s.Rate, s.Burst, s.Window, s.Connections)},
		{"changed", show.Time(s.Changed)},
	}
	if s.Chained {
		rows = append(rows, [2]string{"chained", command.InLanguageOf(w, "may carry terminals of another relay", "可以转接另一中继的终端")})
	}
	for _, digest := range s.ClientCerts {
		rows = append(rows, [2]string{"certificate", string(digest)})
	}
	if s.Type == "operator" {
		rows = append(rows, [2]string{"operators", command.OrNone(w, s.Operators)})
		for _, operator := range s.operators() {
			rows = append(rows, [2]string{command.InLanguageOf(w, "scope of ", "范围 ") + operator, s.Scope[operator].text(w)})
		}
	}
	command.Listed(w, command.RelayNames, rows)
}

// operators are those with a scope, and those that may log in, in their order.
func (s *shownRelay) operators() (all []string) {
	for operator := range s.Scope {
		all = append(all, operator)
	}
	for _, operator := range s.Operators {
		all = append(all, string(operator))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
