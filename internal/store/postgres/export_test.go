package postgres

import "github.com/jackc/pgx/v5"

// Dials is what the driver makes of a URL.
func Dials(url string) (*pgx.ConnConfig, error) {
	cfg, _, err := poolConfig(url)
	if err != nil {
		return nil, err
	}
	configure(cfg, Options{})
	return cfg.ConnConfig, nil
}
