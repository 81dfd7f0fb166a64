package registry

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// accountSwitch is a command that changes the state of an account.
type accountSwitch struct {
	use, short, long string
	to               local.State
	done             string // what is printed, of the account
}

var (
	accountDisable = accountSwitch{
		"disable", "Keep an account out, and end its sessions on all fronts",
		"Refuse the logins of an account from now on, and end its sessions: its terminals get a ForceExit. Fronts follow within\n" +
			"seconds (auth.refresh). The terminal reads error 3, as after a wrong password, so that a stranger learns nothing; the audit\n" +
			"log says account_disabled where the password was right. Its records and its password stay: see `account enable`.",
		local.Disabled, "account %s is disabled; running fronts refuse its logins and end its sessions within seconds\n",
	}
	accountEnable = accountSwitch{
		"enable", "Let a disabled account log in again", "", local.Enabled,
		"account %s is enabled; running fronts follow within seconds\n",
	}
	accountRemove = accountSwitch{
		"remove", "Remove an account for good; the records of its logins stay",
		"Remove an account and its password: it is as if there were no such account, and `account add` may make it again with another\n" +
			"password. Fronts end its sessions within seconds. The records of its logins stay, and are reported.",
		local.Removed, "account %s is removed, the records of its logins stay; running fronts end its sessions within seconds\n",
	}
)

func newAccountSwitch(e *command.Env, s accountSwitch) *cobra.Command {
	var (
		path, name, why string
		form            command.Output
	)
	c := &cobra.Command{
		Use: s.use, Short: s.short, Long: s.long, Args: command.NoArgs,
		Example: "  tradefront account " + s.use + " -c tradefront.yaml --account 10010001 --why \"the customer asked for it by telephone\"",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			account, err := regulation.ParseAccount(name)
			if err != nil {
				return err
			}
			if s.to != local.Enabled && strings.TrimSpace(why) == "" {
				return errors.New("--why: say who asked for it, or what happened; it is kept with the change")
			}
			cfg, r, err := e.OpenAccounts(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			if cfg.Core.Driver == assemble.DriverLink {
				return errors.New("core.driver is link: the accounts are the trading core's, and it alone can keep one out; " +
					"`tradefront session end` ends a session that is logged in")
			}
			act, err := e.Act(c, cfg, string(account), why)
			if err != nil {
				return err
			}
			was, err := directory.New(r.Tables()).As(act).SetAccountState(c.Context(), account, s.to)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("there is no account %s; see `tradefront account list`", account)
			}
			unchanged := errors.Is(err, directory.ErrUnchanged)
			if err != nil && !unchanged {
				return err
			}
			shown := struct {
				Account regulation.Account `json:"account"`
				State   string             `json:"state"`
				Before  string             `json:"state_before"`
			}{account, s.to.String(), was.String()}
			return form.Print(e.Out, &shown, func(w io.Writer) {
				if unchanged {
					command.Tell(w, "account %s is already %s; nothing was changed\n", account, command.WordFor(w, "account", s.to.String()))
					return
				}
				command.Tell(w, s.done, account)
			})
		}),
	}
	accountFlags(c, &path, &name)
	command.OutputFlag(c, &form)
	command.WhyFlag(c, &why)
	if s.to != local.Enabled {
		command.Must(c.MarkFlagRequired("why"))
	}
	return c
}
