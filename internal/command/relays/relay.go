package relays

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
	"github.com/tradefront/tradefront/internal/store"
)

// NewRelay is `relay`: which relays may report for whom; and the relay agent.
func NewRelay(e *command.Env) *cobra.Command {
	c := command.Group("relay", "Relays (中继代理): which may report for whose customers, from where, how fast; run a relay agent",
		newRelayAdd(e), newRelayList(e), newRelayShow(e), newRelayChange(e), newRelayScope(e), newRelayLimits(e), newRelayReport(e),
		newRelaySwitch(e, "disable", "Withdraw a relay's admission; fronts end its connections", false),
		newRelaySwitch(e, "enable", "Admit a disabled relay again", true))
	c.AddCommand(relayAgentCommands(e)...)
	return c
}

// relayCommand is what the commands on one relay share. It is named by the first argument, or by --app-id.
type relayCommand struct {
	env  *command.Env
	path string
	id   string
	form command.Output
}

func (r *relayCommand) flags(c *cobra.Command) {
	command.ConfigFlag(c, &r.path)
	command.OutputFlag(c, &r.form)
	c.Flags().StringVar(&r.id, "app-id", "", "the relay's AppID, in place of the argument RELAY")
}

// arguments takes a relay, and so many arguments more: the relay may be a flag instead.
func (r *relayCommand) arguments(more ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		want := len(more)
		if r.id == "" {
			want++
		}
		switch {
		case len(args) < want && len(args) == 0 && r.id == "":
			return errors.New("name the relay: its AppID, see tradefront relay list")
		case len(args) < want:
			return fmt.Errorf("%s is missing", more[len(args)-want+len(more)])
		case len(args) > want:
			return fmt.Errorf("unexpected argument %q", args[want])
		}
		return nil
	}
}

// name is the relay's AppID, and the arguments behind it.
func (r *relayCommand) name(args []string) (regulation.AppID, []string) {
	if r.id != "" {
		return regulation.AppID(r.id), args
	}
	return regulation.AppID(args[0]), args[1:]
}

// with opens the directory for work.
func (r *relayCommand) with(ctx context.Context, work func(*config.Config, *directory.Directory) error) (err error) {
	cfg, records, err := r.env.OpenDirectory(ctx, r.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	return work(cfg, directory.New(records.Tables()))
}

// change is with for work that changes the relay id.
func (r *relayCommand) change(c *cobra.Command, id regulation.AppID, work func(*config.Config, *directory.Directory) error) error {
	return r.with(c.Context(), func(cfg *config.Config, d *directory.Directory) error {
		act, err := r.env.Act(c, cfg, string(id), "")
		if err != nil {
			return err
		}
		return work(cfg, d.As(act))
	})
}

// relayError says in an operator's words what the directory said.
func relayError(id regulation.AppID, err error) error {
	switch {
	case errors.Is(err, directory.ErrNoRelay):
		return fmt.Errorf("AppID %s: %w", id, err)
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no relay %s (AppIDs are case-sensitive); see `tradefront relay list`", id)
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("AppID %s is admitted already; see `tradefront app list` and `tradefront relay show %s`", id, id)
	}
	return err
}

// warnOfOperators: an account that is none of an operator cannot log in through the relay. With a trading core the
// accounts are there, and nothing is known of them here.
func warnOfOperators(ctx context.Context, e *command.Env, cfg *config.Config, d *directory.Directory, operators []regulation.Account) error {
	if cfg.Core.Driver == assemble.DriverLink || len(operators) == 0 {
		return nil
	}
	accounts, err := d.Accounts(ctx)
	if err != nil {
		return err
	}
	types := make(map[regulation.Account]regulation.UserType, len(accounts))
	for i := range accounts {
		types[accounts[i].Account] = accounts[i].UserType
	}
	for _, o := range operators {
		switch kind, known := types[o]; {
		case !known:
			e.Warn("there is no account %s: it cannot log in until you add it with `tradefront account add --user-type 2`", o)
		case kind != regulation.UserOperator:
			e.Warn("account %s is a customer's: only an operator's (--user-type 2) may log in through a relay", o)
		}
	}
	return nil
}

// warnOfUse: an operator relay without an operator takes no login, and where none of its operators has a scope it reports for no account.
// What a relay may still be given by the next command is no error.
func warnOfUse(e *command.Env, kind auth.AppType, p *relay.Permission, grants []relay.Grant) {
	counts := func(g relay.Grant) bool { return slices.Contains(p.Operators, g.Operator) } // of one that was taken away it stays, without effect
	switch {
	case kind != auth.AppOperatorRelay:
	case len(p.Operators) == 0:
		e.Warn("relay %s has no operator, and takes no login: tradefront relay change %s --add-operator ACCOUNT", p.AppID, p.AppID)
	case !slices.ContainsFunc(grants, counts):
		e.Warn("relay %s has no scope, and reports for no account: tradefront relay scope add %s all, or prefix:P, or an account", p.AppID, p.AppID)
	}
}

// warnOfNetworks: a relay without one cannot come, and one that may come from everywhere is held by its authcode alone.
func warnOfNetworks(e *command.Env, p *relay.Permission) {
	if len(p.Networks) == 0 {
		e.Warn("relay %s has no network, and is refused from every address: tradefront relay change %s --add-network CIDR", p.AppID, p.AppID)
	}
	for _, n := range p.Networks {
		if n.Bits() == 0 {
			e.Warn("network %v admits every address: only its authcode keeps others from being relay %s", n, p.AppID)
		}
	}
}

func parseAccounts(texts []string) (accounts []regulation.Account, err error) {
	for _, text := range texts {
		account, err := regulation.ParseAccount(text)
		if err != nil {
			return nil, fmt.Errorf("operator %q: %w", text, err)
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

func parseAppIDs(texts []string) (ids []regulation.AppID, err error) {
	for _, text := range texts {
		id, err := regulation.ParseAppID(text)
		if err != nil {
			return nil, fmt.Errorf("--app %q: %w", text, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// relayType is --type: a relay's mode.
type relayType auth.AppType

func (t *relayType) String() string {
	switch auth.AppType(*t) {
	case auth.AppInvestorRelay:
		return "investor"
	case auth.AppOperatorRelay:
		return "operator"
	}
	return ""
}

// Type is what help shows.
func (*relayType) Type() string { return "type" }

// Set refuses any other word.
func (t *relayType) Set(s string) error {
	switch s {
	case "investor", auth.AppInvestorRelay.String():
		*t = relayType(auth.AppInvestorRelay)
	case "operator", auth.AppOperatorRelay.String():
		*t = relayType(auth.AppOperatorRelay)
	default:
		return errors.New("want investor (many-to-many, 多对多) or operator (一对多)")
	}
	return nil
}
