package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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
	known := p.renewed.Load()
	if known == nil {
		known = config // as Open read it
	}
	now, err := p.readAnew()
	if err != nil {
		p.stale.Store(&err)
	} else {
		known = keepKnown(now, known)
		p.renewed.Store(known)
		p.stale.Store(nil)
	}
	config.Password, config.TLSConfig, config.Fallbacks = known.Password, known.TLSConfig, known.Fallbacks
	return nil
}

var errElsewhere = errors.New("the URL leads elsewhere now, which needs a restart, so what it was before was tried")

// readAnew is what the URL and the files that belong to it are now.
func (p *Store) readAnew() (*pgx.ConnConfig, error) {
	url, err := p.urlNow()
	if err == nil && !p.LeadsTo(url) {
		return nil, errElsewhere
	}
	var now *pgxpool.Config
	if err == nil {
		now, err = poolConfig(url)
	}
	if err != nil {
		return nil, fmt.Errorf("the URL cannot be read anew, so what it was before was tried: %w", err)
	}
	return now.ConnConfig, nil
}

// readable is err as the function of this name has it. A connection that failed with what the URL was before tells also why it was not read
// anew: the server's "password authentication failed" alone would send an operator, who wrote another password into the file, to the wrong place.
func (p *Store) readable(err error) error {
	err = readable(err)
	stale := p.stale.Load()
	if failed, is := err.(*connectError); is && stale != nil { //nolint:errorlint // what wraps one has a sentence of its own
		return &connectError{failed.text + "; " + (*stale).Error(), failed.err}
	}
	return err
}

// keepKnown gives now what it has no more. The driver also takes ~/.pgpass and what is in ~/.postgresql, which the URL need not name: once such
// a file is gone it connects without it, and without an authority it believes any server.
func keepKnown(now, known *pgx.ConnConfig) *pgx.ConnConfig {
	if now.Password == "" {
		now.Password = known.Password
	}
	if lacksKnown(waysOf(now), waysOf(known)) {
		now.TLSConfig, now.Fallbacks = known.TLSConfig, known.Fallbacks
	}
	return now
}

// waysOf are the TLS configurations in the order in which the driver tries them; nil is a way without TLS.
func waysOf(c *pgx.ConnConfig) []*tls.Config {
	ways := []*tls.Config{c.TLSConfig}
	for _, f := range c.Fallbacks {
		ways = append(ways, f.TLSConfig)
	}
	return ways
}

// lacksKnown reports whether one of now's ways has no authority, or no certificate to show, where the known one has. Hosts and sslmode are the
// same, and so is the number of ways.
func lacksKnown(now, known []*tls.Config) bool {
	if len(now) != len(known) {
		return true
	}
	for i, k := range known {
		n := now[i]
		if k != nil && (n == nil || k.RootCAs != nil && n.RootCAs == nil || len(k.Certificates) > 0 && len(n.Certificates) == 0) {
			return true
		}
	}
	return false
}

// LeadsTo reports whether url is the one of Open but for its password.
func (p *Store) LeadsTo(url *pgurl.URL) bool { return p.url.SameButPassword(url) }
