package registry

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

func newAccountPassword(e *command.Env) *cobra.Command {
	var (
		path, name string
		password   command.SecretFile
		form       command.Output
	)
	c := &cobra.Command{
		Use: "password", Short: "Give an account another password", Args: command.NoArgs,
		Long: "Give an account another password. Running fronts follow within seconds and forget the logins that they\n" +
			"remember of it; sessions that are logged in go on. Its locks stay: see `account unlock`.",
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
			hash, err := hashPassword(e, cfg, &password)
			if err != nil {
				return err
			}
			act, err := e.Act(c, cfg, string(account), "")
			if err != nil {
				return err
			}
			err = directory.New(r.Tables()).As(act).SetPassword(c.Context(), account, hash)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("there is no account %s; see `tradefront account list`", account)
			}
			if err != nil {
				return err
			}
			changed := struct {
				Account regulation.Account `json:"account"`
			}{account}
			return form.Print(e.Out, changed, func(w io.Writer) {
				command.Tell(w, "account %s has another password; running fronts follow within seconds\n", account)
			})
		}),
	}
	accountFlags(c, &path, &name)
	command.OutputFlag(c, &form)
	password.Flags(c, "password-file", "password")
	password.AsIsFlag(c)
	command.Must(c.MarkFlagRequired("password-file"))
	return c
}
