package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/store"
)

// inspectPeriod is how often a front looks at the settings of its PostgreSQL.
const inspectPeriod = time.Hour

// inspectPostgres logs what of PostgreSQL's settings an administrator should know. With
// PostgreSQL out of reach there is nothing to say: others do.
func (d *daemon) inspectPostgres(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	findings, err := d.postgres.Inspect(ctx)
	if err != nil {
		return
	}
	for _, f := range findings {
		if !d.inspected[f] {
			d.logger.Warn(f.String())
		}
	}
	d.inspected = make(map[store.Finding]bool)
	for _, f := range findings {
		d.inspected[f] = true
	}
}

// warnOfSettings prints them.
func (e *env) warnOfSettings(ctx context.Context, pg *store.Postgres) error {
	findings, err := pg.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but PostgreSQL's settings could not be looked at: %w", err)
	}
	extras, err := pg.Extras(ctx)
	if err != nil {
		return fmt.Errorf("the schema is current, but what else is on its tables could not be looked at: %w", err)
	}
	for _, f := range findings {
		fmt.Fprintln(e.err, "warning:", f)
	}
	for _, x := range extras {
		fmt.Fprintln(e.err, "warning: PostgreSQL:", x)
	}
	return nil
}
