package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/relay"
)

// appBinding is the flags of app bind and app unbind.
type appBinding struct {
	appCommand
	accounts, prefixes, networks, confined []string
	all                                    bool
	why                                    string
}

func newAppBind(e *command.Env) *cobra.Command {
	a := appBinding{appCommand: appCommand{env: e}}
	c := &cobra.Command{
		Use: "bind APPID", Short: "Bind an AppID to accounts and networks", Args: a.arguments(),
		Long: "Add to what an AppID of direct terminals is bound to. With --account and --account-prefix only those accounts log in\n" +
			"through it; with --network its terminals connect from there alone. With --confine an account logs in through this AppID, or\n" +
			"another that it is confined to, and through no other; other accounts are not concerned. What is outside is answered 63, and the\n" +
			"audit log has the reason: app_account, app_network, account_confined.\n\n" +
			"Running fronts follow within seconds, for logins from then on; `session end` ends a session that is open. Terminals\n" +
			"behind a relay are not concerned: `relay change` and `relay scope` say what a relay may do.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			return a.change(c, func(b, named *auth.Binding) error {
				b.Accounts = union(b.Accounts, named.Accounts)
				b.Networks = union(b.Networks, named.Networks)
				b.Confined = union(b.Confined, named.Confined)
				return nil
			})
		}),
	}
	a.flags(c)
	return c
}

func newAppUnbind(e *command.Env) *cobra.Command {
	a := appBinding{appCommand: appCommand{env: e}}
	c := &cobra.Command{
		Use: "unbind APPID", Short: "Take a binding of an AppID back", Args: a.arguments(),
		Long: "Take away what `app bind` added; with --all everything. An AppID whose last account is taken away is open to every account\n" +
			"again, one whose last network is taken away to every address. Running fronts follow within seconds.",
		RunE: e.Action(func(c *cobra.Command, _ []string) error {
			return a.change(c, a.withdraw)
		}),
	}
	a.flags(c)
	c.Flags().BoolVar(&a.all, "all", false, "everything that the AppID is bound to")
	return c
}

// withdraw takes what is named out of b. What is not there is no slip to pass over.
func (a *appBinding) withdraw(b, named *auth.Binding) (err error) {
	if a.all {
		*b = auth.Binding{}
		return nil
	}
	if b.Accounts, err = without(b.Accounts, named.Accounts); err != nil {
		return err
	}
	if b.Networks, err = without(b.Networks, named.Networks); err != nil {
		return err
	}
	b.Confined, err = without(b.Confined, named.Confined)
	return err
}

func (a *appBinding) flags(c *cobra.Command) {
	command.ConfigFlag(c, &a.path)
	command.OutputFlag(c, &a.form)
	command.WhyFlag(c, &a.why)
	f := c.Flags()
	f.StringVar(&a.appID, "app-id", "", "AppID: vendor_software_version")
	f.StringSliceVar(&a.accounts, "account", nil, "account that may log in through it; may be repeated")
	f.StringSliceVar(&a.prefixes, "account-prefix", nil, "beginning of the accounts that may log in through it; may be repeated")
	f.StringSliceVar(&a.networks, "network", nil, "network or address that its terminals may come from; may be repeated")
	f.StringSliceVar(&a.confined, "confine", nil, "account that may log in through no other AppID; may be repeated")
}

// arguments takes the AppID, unless a flag has it.
func (a *appCommand) arguments() cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 && a.appID == "":
			return errors.New("name the AppID, see `tradefront app list`")
		case len(args) == 1 && a.appID == "":
			a.appID = args[0]
		case len(args) > 0:
			return fmt.Errorf("unexpected argument %q", args[len(args)-1])
		}
		return nil
	}
}

// named reads the flags.
func (a *appBinding) named() (b auth.Binding, err error) {
	for _, s := range a.accounts {
		account, err := regulation.ParseAccount(s)
		if err != nil {
			return b, fmt.Errorf("--account %s: %w", s, err)
		}
		b.Accounts = append(b.Accounts, auth.AccountPattern(account))
	}
	for _, s := range a.prefixes {
		prefix, err := regulation.ParseAccount(s)
		if err != nil {
			return b, fmt.Errorf("--account-prefix %s: %w", s, err)
		}
		b.Accounts = append(b.Accounts, auth.AccountPattern(prefix)+"*")
	}
	for _, s := range a.networks {
		network, err := relay.ParseNetwork(s)
		if err != nil {
			return b, fmt.Errorf("--network: %w", err)
		}
		b.Networks = append(b.Networks, network)
	}
	for _, s := range a.confined {
		account, err := regulation.ParseAccount(s)
		if err != nil {
			return b, fmt.Errorf("--confine %s: %w", s, err)
		}
		b.Confined = append(b.Confined, account)
	}
	if b.Empty() && !a.all {
		return b, errors.New("name what to bind or unbind: --account, --account-prefix, --network or --confine")
	}
	return b, nil
}

// change has make apply what the flags name to the binding of the AppID, and prints what that is then.
func (a *appBinding) change(c *cobra.Command, apply func(b, named *auth.Binding) error) (err error) {
	named, err := a.named()
	if err != nil {
		return err
	}
	cfg, r, err := a.env.OpenDirectory(c.Context(), a.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	act, err := a.env.Act(c, cfg, a.appID, a.why)
	if err != nil {
		return err
	}
	id := regulation.AppID(a.appID)
	b, err := directory.New(r.Tables()).As(act).ChangeBinding(c.Context(), id, func(b *auth.Binding) error { return apply(b, &named) })
	if err != nil && !errors.Is(err, directory.ErrUnchanged) {
		if errors.Is(err, directory.ErrRelay) {
			return fmt.Errorf("AppID %s: %w", id, err)
		}
		return appError(id, err)
	}
	unchanged := err != nil
	s := shownBound{AppID: id, shownBinding: showBinding(&b)}
	return a.form.Print(a.env.Out, &s, func(w io.Writer) {
		if unchanged {
			command.Tell(w, "it is bound so already; nothing was changed\n")
		}
		command.Listed(w, command.AppNames, [][2]string{{"AppID", string(id)}})
		s.print(w)
		if !unchanged {
			command.Tell(w, "running fronts follow within seconds\n")
		}
	})
}

// shownBinding is what an AppID is bound to, as -o json prints it.
type shownBinding struct {
	Accounts []auth.AccountPattern `json:"accounts"` // 8001* are all that begin with 8001
	Networks []netip.Prefix        `json:"networks"`
	Confined []regulation.Account  `json:"confined_accounts"`
}

type shownBound struct {
	AppID regulation.AppID `json:"app_id"`
	shownBinding
}

func showBinding(b *auth.Binding) shownBinding {
	return shownBinding{command.NotNil(b.Accounts), command.NotNil(b.Networks), command.NotNil(b.Confined)}
}

func (s *shownBinding) print(w io.Writer) {
	networks := make([]string, len(s.Networks))
	for i, n := range s.Networks {
		networks[i] = n.String()
	}
	accounts := command.InLanguageOf(w, "every account", "所有账户")
	if len(s.Accounts) > 0 {
		accounts = command.OrNone(w, s.Accounts)
	}
	command.Listed(w, command.AppNames, [][2]string{
		{"accounts", accounts},
		{"networks", cmp.Or(strings.Join(networks, ","), command.InLanguageOf(w, "every address", "所有地址"))},
		{"confined", command.OrNone(w, s.Confined)},
	})
}

// short is the binding in a column of app list.
func (s *shownBinding) short(w io.Writer) string {
	var parts []string
	for _, list := range []struct {
		n    int
		what string
	}{
		{len(s.Accounts), command.InLanguageOf(w, "accounts", "个账户")},
		{len(s.Networks), command.InLanguageOf(w, "networks", "个网段")},
		{len(s.Confined), command.InLanguageOf(w, "confined", "个专用账户")},
	} {
		if list.n > 0 {
			parts = append(parts, strconv.Itoa(list.n)+" "+list.what)
		}
	}
	return cmp.Or(strings.Join(parts, ", "), command.InLanguageOf(w, "no", "否"))
}

func union[T comparable](list, more []T) []T {
	for _, v := range more {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func without[T comparable](list, less []T) ([]T, error) {
	for _, v := range less {
		at := slices.Index(list, v)
		if at < 0 {
			return nil, fmt.Errorf("it is not bound to %v; see `tradefront app show`", v)
		}
		list = slices.Delete(list, at, at+1)
	}
	return list, nil
}
