package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/actions"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
)

func newMigrate(e *env) *cobra.Command {
	var (
		path    string
		verbose bool
	)
	c := &cobra.Command{
		Use: "migrate", Short: "Create or upgrade the schema", Args: noArgs,
		Long: "Create PostgreSQL's schema or bring it to this binary's version. Several may run at once:\n" +
			"they take turns. It tells which rights the roles of deploy/sql/roles.sql lack then. The local store\n" +
			"needs none of this: every command brings it up to date.",
		RunE: e.action(func(c *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(path, e.environ)
			if err != nil {
				return err
			}
			if cfg.Store.Driver != assemble.DriverPostgres {
				local, err := assemble.OpenLocal(c.Context(), cfg)
				if err != nil {
					return err
				}
				fmt.Fprintf(e.out, "the local store %s is current\n", cfg.Store.Path)
				return local.Close()
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
				e.note(c, cfg, actions.To(pg.Tables()), task{subject: "schema"}, func(act *store.Action) {
					for _, a := range applied {
						act.Note("migration", "", a.Name)
					}
				})
			}
			for _, a := range applied {
				fmt.Fprintf(e.out, "applied %s\n", a.Name)
			}
			if len(applied) == 0 {
				fmt.Fprintln(e.out, "the schema is current")
			}
			if err := e.warnOfSettings(c.Context(), pg); err != nil {
				return err
			}
			return e.warnOfRights(c.Context(), pg, verbose)
		}),
	}
	configFlag(c, &path)
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "list every right that is missing")
	return c
}
