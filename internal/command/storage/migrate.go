package storage

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
)

// NewMigrate is `migrate`: the schema of the stores becomes this program's.
func NewMigrate(e *command.Env) *cobra.Command {
	var (
		path    string
		verbose bool
		form    command.Output
	)
	c := &cobra.Command{
		Use: "migrate", Short: "Create or upgrade the schema", Args: command.NoArgs,
		Long: "Create PostgreSQL's schema or bring it to this binary's version. Several may run at once:\n" +
			"they take turns. It tells which rights the roles of deploy/sql/roles.sql lack then. The local store\n" +
			"needs none of this: every command brings it up to date while no front runs on it, else the front's restart does.",
		RunE: e.Action(func(c *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(path, e.Environ)
			if err != nil {
				return err
			}
			if cfg.Store.Driver != assemble.DriverPostgres {
				local, err := assemble.OpenLocal(c.Context(), cfg)
				if err != nil {
					return err
				}
				return errors.Join(form.Print(e.Out, migrated{Store: cfg.Store.Path, Applied: []string{}}, func(w io.Writer) {
					command.Tell(w, "the local store %s is current\n", cfg.Store.Path)
				}), local.Close())
			}
			pg, err := assemble.DialPostgres(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, pg.Close()) }()
			applied, err := pg.Migrate(c.Context())
			if err != nil {
				return err
			}
			if len(applied) > 0 { // before, the table of actions may not have been there
				e.Note(c, cfg, actions.To(pg.Tables()), command.Task{Subject: "schema"}, func(act *store.Action) {
					for _, a := range applied {
						act.Note("migration", "", a.Name)
					}
				})
			}
			done := migrated{Store: "PostgreSQL", Applied: make([]string, 0, len(applied))}
			for _, a := range applied {
				done.Applied = append(done.Applied, a.Name)
			}
			if err := form.Print(e.Out, done, done.print); err != nil {
				return err
			}
			if err := e.WarnOfSettings(c.Context(), pg); err != nil {
				return err
			}
			return e.WarnOfRights(c.Context(), pg, verbose)
		}),
	}
	command.ConfigFlag(c, &path)
	command.OutputFlag(c, &form)
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "list every right that is missing")
	return c
}

// migrated is what `migrate -o json` prints.
type migrated struct {
	Store   string   `json:"store"` // the local store's path, or PostgreSQL
	Applied []string `json:"applied"`
}

func (m *migrated) print(w io.Writer) {
	for _, name := range m.Applied {
		command.Tell(w, "applied %s\n", name)
	}
	if len(m.Applied) == 0 {
		command.Tell(w, "the schema is current\n")
	}
}
