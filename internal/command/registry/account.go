package registry

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/show"
	"github.com/tradefront/tradefront/internal/store"
)

// NewAccount is `account`: who may log in, with which password.
func NewAccount(e *command.Env) *cobra.Command {
	return command.Group("account", "Accounts of the local core: who may log in",
		newAccountAdd(e), newAccountImport(e), newAccountExport(e), newAccountList(e), newAccountPassword(e), newAccountUnlock(e),
		newAccountSwitch(e, accountDisable), newAccountSwitch(e, accountEnable), newAccountSwitch(e, accountRemove))
}

func accountFlags(c *cobra.Command, path, account *string) {
	command.ConfigFlag(c, path)
	c.Flags().StringVar(account, "account", "", "account: 1 to 18 digits and letters")
	command.Must(c.MarkFlagRequired("account"))
}

func newAccountAdd(e *command.Env) *cobra.Command {
	var (
		path, name, userType string
		password             command.SecretFile
		form                 command.Output
	)
	c := &cobra.Command{
		Use: "add", Short: "Add an account", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			account, err := regulation.ParseAccount(name)
			if err != nil {
				return err
			}
			kind, err := parseUserType(userType)
			if err != nil {
				return err
			}
			cfg, r, err := e.OpenAccounts(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			hash, err := hashPassword(e, cfg, &password)
			if err != nil {
				return err
			}
			act, err := e.Act(c, cfg, string(account), "")
			if err != nil {
				return err
			}
			now := time.Now()
			err = directory.New(r.Tables()).As(act).AddAccount(c.Context(), local.Account{
				Account: account, UserType: kind, PasswordHash: hash, Created: now, Changed: now,
			})
			if errors.Is(err, store.ErrExists) {
				return fmt.Errorf("account %s is there already; see `tradefront account list`", account)
			}
			if err != nil {
				return err
			}
			added := struct {
				Account  regulation.Account `json:"account"`
				UserType string             `json:"user_type"`
			}{account, kind.String()}
			return form.Print(e.Out, added, func(w io.Writer) {
				command.Tell(w, "added account %s (%s)\n", account, command.WordFor(w, "user", kind.Word()))
			})
		}),
	}
	accountFlags(c, &path, &name)
	command.OutputFlag(c, &form)
	password.Flags(c, "password-file", "password")
	password.AsIsFlag(c)
	command.Must(c.MarkFlagRequired("password-file"))
	c.Flags().StringVar(&userType, "user-type", "1", "1 customer, 2 operator")
	return c
}

func parseUserType(s string) (regulation.UserType, error) {
	if len(s) == 1 && regulation.UserType(s[0]).Valid() {
		return regulation.UserType(s[0]), nil
	}
	return 0, fmt.Errorf("--user-type %q: want 1 (customer) or 2 (operator)", s)
}

// shownAccount is an account as `account list -o json` prints it.
type shownAccount struct {
	Account  regulation.Account `json:"account"`
	UserType string             `json:"user_type"`
	State    string             `json:"state"`
	Created  time.Time          `json:"created"`
	Unlocked *time.Time         `json:"unlocked,omitempty"`
}

func newAccountList(e *command.Env) *cobra.Command {
	var (
		path string
		form command.Output
	)
	c := &cobra.Command{
		Use: "list", Short: "List the accounts; passwords are never shown", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			_, r, err := e.OpenAccounts(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			accounts, err := directory.New(r.Tables()).Accounts(c.Context())
			if err != nil {
				return err
			}
			list := make([]shownAccount, 0, len(accounts))
			for _, a := range accounts {
				s := shownAccount{Account: a.Account, UserType: a.UserType.String(), State: a.State.String(), Created: a.Created.In(regulation.Zone)}
				if !a.Unlocked.IsZero() {
					at := a.Unlocked.In(regulation.Zone)
					s.Unlocked = &at
				}
				list = append(list, s)
			}
			slices.SortFunc(list, func(a, b shownAccount) int { return strings.Compare(string(a.Account), string(b.Account)) })
			return form.Print(e.Out, list, func(w io.Writer) { printAccounts(w, list) })
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	return c
}

func printAccounts(w io.Writer, list []shownAccount) {
	command.Table(w, "ACCOUNT\tTYPE\tSTATE\tCREATED\tLAST UNLOCKED", func(w io.Writer) {
		for _, s := range list {
			var unlocked time.Time
			if s.Unlocked != nil {
				unlocked = *s.Unlocked
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", show.Cell(string(s.Account)), command.WordFor(w, "user", regulation.UserType(s.UserType[0]).Word()),
				command.WordFor(w, "account", s.State), show.Time(s.Created), show.Time(unlocked))
		}
	})
}

func newAccountUnlock(e *command.Env) *cobra.Command {
	var (
		path, name string
		form       command.Output
	)
	c := &cobra.Command{
		Use: "unlock", Short: "Lift an account's locks (error 75) on all fronts", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			account, err := regulation.ParseAccount(name)
			if err != nil {
				return err
			}
			cfg, r, err := e.OpenAccounts(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			act, err := e.Act(c, cfg, string(account), "")
			if err != nil {
				return err
			}
			now := time.Now()
			err = directory.New(r.Tables()).As(act).UnlockAccount(c.Context(), account, now)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("there is no account %s; see `tradefront account list`", account)
			}
			if err != nil {
				return err
			}
			unlocked := struct {
				Account  regulation.Account `json:"account"`
				Unlocked time.Time          `json:"unlocked"`
			}{account, now.In(regulation.Zone)}
			return form.Print(e.Out, unlocked, func(w io.Writer) {
				command.Tell(w, "lifted the locks of account %s; running fronts follow within seconds\n", account)
			})
		}),
	}
	accountFlags(c, &path, &name)
	command.OutputFlag(c, &form)
	return c
}

// hashPassword reads a password and keeps its hash alone.
func hashPassword(e *command.Env, cfg *config.Config, file *command.SecretFile) (string, error) {
	password, err := file.Read(e)
	if err != nil {
		return "", err
	}
	defer clear(password)
	return local.HashPassword(password, assemble.CoreOptions(cfg).Params)
}
