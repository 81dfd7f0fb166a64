package postgres

import (
	"context"
	"errors"
)

// Probe reports whether PostgreSQL can take records now: a connection that may write, and
// the schema of this binary. The schema is looked at whenever PostgreSQL was out of reach
// before, so that a front that started without it writes nothing into a schema that it
// does not know: a *SchemaError, until an operator has migrated it.
func (p *Store) Probe(ctx context.Context) error {
	err := p.probe(ctx)
	if err != nil {
		p.schemaKnown.Store(false)
	}
	return err
}

func (p *Store) probe(ctx context.Context) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return p.explain(ctx, err)
	}
	defer conn.Release()
	var readOnly, fsync string
	err = conn.QueryRow(ctx, "SELECT current_setting('transaction_read_only'), current_setting('fsync')").Scan(&readOnly, &fsync)
	if err != nil {
		return p.explain(ctx, err)
	}
	if readOnly == "on" {
		// It became a standby. The next connection finds the new primary.
		_ = conn.Conn().Close(ctx)
		return errReadOnly
	}
	if fsync == "off" {
		// A reload switches it under connections that were found good: each is asked anew.
		p.pool.Reset()
		return p.explain(ctx, errNoFsync)
	}
	return p.RequireSchema(ctx)
}

var errReadOnly = errors.New("store: PostgreSQL: the server has become read-only")

// RequireSchema checks the schema unless it was found good since PostgreSQL was last away.
func (p *Store) RequireSchema(ctx context.Context) error {
	if p.schemaKnown.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errPatience)
	defer cancel()
	if err := p.CheckSchema(ctx); err != nil {
		return err
	}
	p.schemaKnown.Store(true)
	return nil
}
