package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tradefront/tradefront/internal/pgurl"
)

// renew gives a new connection what may change while this process runs: the password, and the certificates that the URL names. An operator
// who gives the role another password writes it into the URL's file, and another certificate is put in the place of the old one. What cannot
// be read, as a file that is half written, changes nothing: the server says whether what was known last still counts. A URL that leads
// elsewhere waits for a restart.
func (p *Store) renew(_ context.Context, config *pgx.ConnConfig) error {
	if p.urlNow == nil {
		return nil
	}
	if url, err := p.urlNow(); err == nil && p.LeadsTo(url) {
		if now, err := poolConfig(url); err == nil {
			p.renewed.Store(now.ConnConfig)
		}
	}
	if known := p.renewed.Load(); known != nil {
		config.Password, config.TLSConfig, config.Fallbacks = known.Password, known.TLSConfig, known.Fallbacks
	}
	return nil
}

// LeadsTo reports whether url is the one of Open but for its password.
func (p *Store) LeadsTo(url *pgurl.URL) bool { return p.url.SameButPassword(url) }
