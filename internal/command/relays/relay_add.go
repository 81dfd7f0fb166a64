package relays

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// relayAdd is the flags of relay add.
type relayAdd struct {
	relayCommand
	kind                             relayType
	code                             command.AuthCodeFlag
	cipher                           command.CipherFlag
	networks, operators, scope, apps []string
	certs                            []string
	terminalApps                     string
	chained                          bool
}

func newRelayAdd(e *command.Env) *cobra.Command {
	a := relayAdd{relayCommand: relayCommand{env: e}}
	c := &cobra.Command{
		Use: "add", Short: "Admit a relay and print its authcode, once", Args: command.NoArgs,
		Long: "Admit a relay under an AppID of its own, with what it may do, and print its authcode; at rest the code is\n" +
			"encrypted. Nothing is allowed that is not named: without --network it is refused from everywhere, an operator relay\n" +
			"without --operator takes no login, and without --scope it reports for no account.\n\n" +
			"investor (多对多) opens one connection for each customer's terminal, and passes the customer's password on.\n" +
			"operator (一对多) logs in once, as an operator, and reports all its customers on that connection.",
		Example: "  tradefront relay add -c FILE --app-id abcdef_relay_1.6.0 --type operator --network 10.1.2.0/28 \\\n" +
			"      --operator 8000 --scope prefix:88 --scope single:66000001",
		RunE: e.Action(func(c *cobra.Command, _ []string) error { return a.run(c) }),
	}
	command.ConfigFlag(c, &a.path)
	command.OutputFlag(c, &a.form)
	f := c.Flags()
	f.StringVar(&a.id, "app-id", "", "the relay's AppID: vendor_software_version")
	f.Var(&a.kind, "type", "investor or operator")
	f.StringArrayVar(&a.networks, "network", nil, "network or address that it may come from, as 10.1.2.0/28; may be repeated")
	f.StringArrayVar(&a.operators, "operator", nil, "account of an operator who may log in through it; may be repeated")
	f.StringArrayVar(&a.scope, "scope", nil, "for whom its operators may report: all, prefix:P or single:ACCOUNT; may be repeated")
	f.StringVar(&a.terminalApps, "terminal-apps", string(relay.Listed), "listed: its terminals' AppIDs must be admitted; audit: others are taken and counted")
	f.StringArrayVar(&a.apps, "app", nil, "AppID that its terminals may have, instead of every admitted one; may be repeated")
	f.StringArrayVar(&a.certs, "client-cert", nil, "file with its TLS certificate in PEM, or the SHA-256 of one, as the load balancer tells it; may be repeated")
	f.BoolVar(&a.chained, "chained", false, "it may carry terminals of another relay")
	a.code.Flags(c)
	f.Var(&a.cipher, "cipher", "aes or sm4")
	command.Must(c.MarkFlagRequired("app-id"))
	command.Must(c.MarkFlagRequired("type"))
	return c
}

func (a *relayAdd) run(c *cobra.Command) error {
	ctx := c.Context()
	if problem := config.Misleading(a.id); problem != "" {
		return fmt.Errorf("--app-id: %s", problem)
	}
	id, err := regulation.ParseAppID(a.id)
	if err != nil {
		return err
	}
	p, err := a.permission(id)
	if err != nil {
		return err
	}
	grants, err := a.grants(&p)
	if err != nil {
		return err
	}
	code, err := a.code.Code(c, a.env)
	if err != nil {
		return err
	}
	defer code.Wipe()
	return a.change(c, id, func(cfg *config.Config, d *directory.Directory) error {
		master, err := assemble.LoadMasterKey(cfg)
		if err != nil {
			return err
		}
		if err := d.AdmitRelay(ctx, master, auth.AppType(a.kind), code, a.cipher.Cipher, p, grants); err != nil {
			return relayError(id, err)
		}
		shown := struct {
			AppID    regulation.AppID `json:"app_id"`
			AuthCode string           `json:"authcode"`
			Type     string           `json:"type"`
		}{id, code.Reveal(), a.kind.String()}
		err = a.form.Print(a.env.Out, shown, func(w io.Writer) {
			command.Tell(w, "relay     %s (%s)\nauthcode  %s\n\nThe authcode is not shown again: give it to who runs the relay by a safe way.\n",
				shown.AppID, command.WordFor(w, "relay", shown.Type), shown.AuthCode)
		})
		warnOfNetworks(a.env, &p)
		warnOfUse(a.env, auth.AppType(a.kind), &p, grants)
		if !cfg.Relay.Enabled {
			a.env.Warn("relay.enabled is false in this configuration: fronts that run with it refuse every relay")
		}
		return errors.Join(err, warnOfOperators(ctx, a.env, cfg, d, p.Operators))
	})
}

// permission is what the flags say.
func (a *relayAdd) permission(id regulation.AppID) (p relay.Permission, err error) {
	p = relay.NewPermission(id)
	for _, text := range a.networks {
		network, err := relay.ParseNetwork(text)
		if err != nil {
			return p, fmt.Errorf("--network: %w", err)
		}
		if !slices.Contains(p.Networks, network) {
			p.Networks = append(p.Networks, network)
		}
	}
	if p.Operators, err = parseAccounts(a.operators); err != nil {
		return p, err
	}
	if p.AllowedApps, err = parseAppIDs(a.apps); err != nil {
		return p, err
	}
	if p.ClientCerts, err = parseCerts(a.certs); err != nil {
		return p, err
	}
	p.TerminalApps, p.Chained = relay.TerminalApps(a.terminalApps), a.chained
	return p, p.Check()
}

// grants are each --scope for each --operator.
func (a *relayAdd) grants(p *relay.Permission) ([]relay.Grant, error) {
	switch {
	case auth.AppType(a.kind) == auth.AppInvestorRelay && len(p.Operators)+len(a.scope) > 0:
		return nil, errors.New("--operator and --scope are an operator relay's: through an investor relay each customer logs in with a password of their own")
	case len(a.scope) > 0 && len(p.Operators) == 0:
		return nil, errors.New("--scope is for operators: name one with --operator")
	}
	return parseGrants(p.AppID, p.Operators, a.scope)
}

// parseGrants are each of the texts for each operator.
func parseGrants(id regulation.AppID, operators []regulation.Account, texts []string) (grants []relay.Grant, err error) {
	for _, text := range texts {
		kind, value, err := relay.ParseScope(text)
		if err != nil {
			return nil, fmt.Errorf("scope %w", err)
		}
		for _, operator := range operators {
			grants = append(grants, relay.Grant{AppID: id, Operator: operator, Kind: kind, Value: value})
		}
	}
	return grants, nil
}
