package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/store"
)

func newMigrate(e *env) *cobra.Command {
	var path string
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
			if cfg.Store.Driver != driverPostgres {
				local, err := openLocal(c.Context(), cfg, nil)
				if err != nil {
					return err
				}
				fmt.Fprintf(e.out, "the local store %s is current\n", cfg.Store.Path)
				return local.Close()
			}
			pg, err := dialPostgres(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, pg.Close()) }()
			applied, err := pg.Migrate(c.Context())
			if errors.Is(err, store.ErrDenied) {
				return fmt.Errorf("%w\nmigrate as the role that owns the tables, tradefront_owner of deploy/sql/roles.sql; "+
					"before the first time, run that script as a superuser", err)
			}
			if err != nil {
				return err
			}
			for _, a := range applied {
				fmt.Fprintf(e.out, "applied %s\n", a.Name)
			}
			if len(applied) == 0 {
				fmt.Fprintln(e.out, "the schema is current")
			}
			return e.warnOfRights(c.Context(), pg)
		}),
	}
	configFlag(c, &path)
	return c
}

// warnOfRights tells what the roles of roles.sql cannot do yet, after a migration that
// brought new tables, or should not be able to do.
func (e *env) warnOfRights(ctx context.Context, pg *store.Postgres) error {
	faults, err := pg.CheckRights(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but the rights of the roles could not be checked: %w", err)
	}
	for _, f := range faults {
		fmt.Fprintln(e.err, "warning:", f)
	}
	if len(faults) > 0 {
		fmt.Fprintln(e.err, "next: run deploy/sql/roles.sql once more, as a superuser")
	}
	return nil
}
