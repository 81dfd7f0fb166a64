package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/accountfile"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
)

// importCommand is what account import is told.
type importCommand struct {
	path  string
	asIs  bool
	check bool
	form  command.Output
}

func newAccountImport(e *command.Env) *cobra.Command {
	var i importCommand
	c := &cobra.Command{
		Use: "import FILE.csv", Short: "Add the accounts of a file, all or none", Args: cobra.ExactArgs(1),
		Long: "Add the accounts of a CSV file, all or none. Its first line names the columns: account, user_type (1 customer, which is\n" +
			"meant without that column, 2 operator), and password or password_hash (argon2id, as this program makes it). - reads\n" +
			"standard input. Other users may not read the file: it holds passwords. Delete it afterwards.\n\n" +
			"Every wrong line is found before anything is changed: the message names the first 100 and how many more there are, -o json\n" +
			"names all. Hashing passwords takes most of the time, some 30 ms of a processor each; running fronts go on meanwhile, and\n" +
			"follow within seconds once all accounts are in.",
		RunE: e.Action(func(c *cobra.Command, args []string) error { return i.run(c, e, args[0]) }),
	}
	command.ConfigFlag(c, &i.path)
	command.OutputFlag(c, &i.form)
	c.Flags().BoolVar(&i.asIs, "as-is", false, "characters that do not show belong to the passwords")
	c.Flags().BoolVar(&i.check, "check", false, "only say what is wrong with the file")
	return c
}

func (i *importCommand) run(c *cobra.Command, e *command.Env, file string) (err error) {
	ctx := c.Context()
	rows, err := i.read(e, file)
	wrong, are := errors.AsType[*accountfile.Error](err)
	if err != nil && !are {
		return err
	}
	cfg, r, err := e.OpenAccounts(ctx, i.path)
	if err != nil {
		return errors.Join(i.refuse(e, wrong), err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	d := directory.New(r.Tables())
	if wrong, err = alsoThere(ctx, d, rows, wrong); wrong != nil || err != nil {
		return errors.Join(i.refuse(e, wrong), err)
	}
	did := imported{Accounts: len(rows), Hashed: accountfile.Passwords(rows)}
	if i.check {
		return i.form.Print(e.Out, &did, func(w io.Writer) { command.Tell(w, "%d accounts can be imported; nothing was changed\n", did.Accounts) })
	}
	if err := hashRows(ctx, e, rows, &did, assemble.CoreOptions(cfg).Params); err != nil {
		return err
	}
	act, err := e.Act(c, cfg, fmt.Sprintf("%d accounts", len(rows)), "")
	if err != nil {
		return err
	}
	if err := addRows(ctx, e, d.As(act), rows, &did); err != nil {
		return err
	}
	return i.form.Print(e.Out, &did, func(w io.Writer) {
		command.Tell(w, "added %d accounts (%d operators): %d passwords hashed in %.1f s, written in %.1f s; running fronts follow within seconds\n",
			did.Accounts, did.Operators, did.Hashed, did.HashSeconds, did.StoreSeconds)
		if file != "-" && did.Hashed > 0 {
			command.Tell(w, "%s holds passwords: delete it\n", file)
		}
	})
}

// imported is what account import prints.
type imported struct {
	Accounts     int     `json:"accounts"`
	Operators    int     `json:"operators"`
	Hashed       int     `json:"hashed"`
	HashSeconds  float64 `json:"hash_seconds"`
	StoreSeconds float64 `json:"store_seconds"`
}

// read reads the file or standard input.
func (i *importCommand) read(e *command.Env, file string) (rows []accountfile.Row, err error) {
	var data []byte
	if file == "-" {
		data, err = io.ReadAll(io.LimitReader(e.In, accountfile.MaxLen+1))
		if len(data) > accountfile.MaxLen {
			err = fmt.Errorf("standard input is longer than %d bytes", accountfile.MaxLen)
		}
	} else {
		data, err = files.ReadPrivate(file, accountfile.MaxLen)
	}
	if err != nil {
		return nil, err
	}
	defer clear(data)
	return accountfile.Read(data, i.asIs)
}

// refuse is the error of wrong lines, nil if there are none. It prints them as JSON too, if that is wanted.
func (i *importCommand) refuse(e *command.Env, wrong *accountfile.Error) error {
	switch {
	case wrong == nil:
		return nil
	case i.form != "json":
		return wrong
	}
	return errors.Join(wrong, i.form.Print(e.Out, wrong, nil))
}

// alsoThere adds the accounts that exist, each by its line, to what is wrong with the file; nil if nothing is.
func alsoThere(ctx context.Context, d *directory.Directory, rows []accountfile.Row, wrong *accountfile.Error) (*accountfile.Error, error) {
	accounts := make([]regulation.Account, len(rows))
	for i := range rows {
		accounts[i] = rows[i].Account
	}
	there, err := d.There(ctx, accounts)
	if err != nil || len(there) == 0 {
		return wrong, err
	}
	if wrong == nil {
		wrong = new(accountfile.Error)
	}
	for i := range rows {
		if there[rows[i].Account] {
			wrong.Add(rows[i].Line, fmt.Sprintf("account %s is there already; `tradefront account password` gives it another password", rows[i].Account))
		}
	}
	wrong.Sort()
	return wrong, nil
}

func hashRows(ctx context.Context, e *command.Env, rows []accountfile.Row, did *imported, params local.Params) error {
	began := time.Now()
	bar := e.Progress(command.Doing("hashing"), int64(did.Hashed), "")
	err := accountfile.Hash(ctx, rows, params, func(done int) { bar.Set(int64(done)) })
	bar.End()
	did.HashSeconds = time.Since(began).Seconds()
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	return nil
}

// addRows is the one transaction. An account that another command added meanwhile undoes it.
func addRows(ctx context.Context, e *command.Env, d *directory.Directory, rows []accountfile.Row, did *imported) error {
	began := time.Now()
	bar := e.Progress(command.Doing("writing"), int64(len(rows)), "")
	err := d.AddAll(ctx, directory.Addition{Accounts: func(yield func(local.Account) bool) {
		for i := range rows {
			row := &rows[i]
			if row.UserType == regulation.UserOperator {
				did.Operators++
			}
			if !yield(local.Account{Account: row.Account, UserType: row.UserType, PasswordHash: row.Hash, Created: began, Changed: began}) {
				return
			}
		}
	}}, func(n int) { bar.Set(int64(n)) })
	bar.End()
	did.StoreSeconds = time.Since(began).Seconds()
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("another command added one of these accounts meanwhile, and nothing was changed; import the file again, which names it: %w", err)
	}
	return err
}
