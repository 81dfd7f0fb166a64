package postgres

import (
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
