package store

import "context"

// Exec runs a statement on p's connections.
func (p *Postgres) Exec(ctx context.Context, statement string) error {
	_, err := p.pool.Exec(ctx, statement)
	return err
}
