package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/pgurl"
)

// Dials is what the driver makes of a URL.
func Dials(url string) (*pgx.ConnConfig, error) {
	u, err := pgurl.Parse(url)
	if err != nil {
		return nil, err
	}
	cfg, err := poolConfig(u)
	if err != nil {
		return nil, err
	}
	configure(cfg, Options{})
	return cfg.ConnConfig, nil
}

// CutAfter is what bounds the wait for a COMMIT.
var CutAfter = cutAfter

// CommitCutAfterwards commits a transaction whose connection is cut between the answer and the end of commit.
func (p *Store) CommitCutAfterwards(ctx context.Context) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	bounded, giveUp := context.WithDeadline(ctx, time.Now().Add(time.Hour))
	defer giveUp()
	return commit(bounded, conn.Conn(), cutAfterwards{tx, giveUp})
}

// cutAfterwards is a transaction whose COMMIT returns when the connection was cut.
type cutAfterwards struct {
	pgx.Tx

	giveUp func()
}

func (t cutAfterwards) Commit(ctx context.Context) error {
	err := t.Tx.Commit(ctx)
	t.giveUp()
	_, _ = t.Conn().PgConn().Conn().Read(make([]byte, 1)) // ends when this end of the connection is closed
	return err
}

// Renewed is what a new connection of the pool begins with.
func (p *Store) Renewed(ctx context.Context) (*pgx.ConnConfig, error) {
	config := p.pool.Config().ConnConfig
	return config, p.renew(ctx, config)
}

// EndsWhenIdle has the server end connections that begin from now on when they ask nothing for so long.
func (o *Online) EndsWhenIdle(after time.Duration) { o.idle = after }

// Show is a setting of the connection.
func (o *Online) Show(ctx context.Context, name string) (value string, err error) {
	err = o.conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value)
	return value, err
}
