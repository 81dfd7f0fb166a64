package registry

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/accountfile"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/files"
)

// exportMode is that of an exported file: accounts are personal data.
const exportMode = 0o600

func newAccountExport(e *command.Env) *cobra.Command {
	var path, out string
	c := &cobra.Command{
		Use: "export", Short: "Write the accounts as CSV, without passwords and hashes", Args: command.NoArgs,
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			_, r, err := e.OpenAccounts(c.Context(), path)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.Close()) }()
			write := func(to io.Writer) error {
				w, err := accountfile.NewWriter(to)
				if err != nil {
					return err
				}
				if err := directory.New(r.Tables()).EachAccountInOrder(c.Context(), func(a *local.Account) error { return w.Write(a) }); err != nil {
					return err
				}
				return w.Flush()
			}
			if out == "" {
				return write(e.Out)
			}
			return writeWhole(out, write)
		}),
	}
	command.ConfigFlag(c, &path)
	c.Flags().StringVar(&out, "out", "", "file to write, with mode 0600; standard output without it")
	return c
}

// writeWhole replaces the file at path whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	pending, err := files.Create(path, exportMode)
	if err != nil {
		return err
	}
	if err = write(pending); err == nil {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return errors.Join(err, pending.Cleanup())
	}
	return nil
}
