package assemble

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/tradefront/tradefront/internal/config"
)

// UpstreamDial is how a relay agent connects to a front; nil for plain TCP.
func UpstreamDial(u *config.Upstream) func(ctx context.Context, network, address string) (net.Conn, error) {
	if !u.TLS.Enabled {
		return nil
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := upstreamTLS(&u.TLS, func(_ string, err error) error { return err })
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{Config: c}).DialContext(ctx, network, address)
	}
}

// checkUpstreamTLS tells judge each fault of the files.
func checkUpstreamTLS(u *config.Upstream, judge func(key string, err error)) {
	if u.TLS.Enabled {
		_, _ = upstreamTLS(&u.TLS, func(key string, err error) error {
			judge("upstream.tls."+key, err)
			return nil
		})
	}
}

// upstreamTLS reads the files. It goes on where fail, which is given each error or nil, returns nil.
func upstreamTLS(t *config.UpstreamTLS, fail func(key string, err error) error) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile.Path != "" {
		roots, err := readAuthorities(t.CAFile.Path)
		c.RootCAs = roots
		if err = fail("ca_file", err); err != nil {
			return nil, err
		}
	}
	if t.CertFile.Path == "" {
		return c, nil
	}
	pair, err := readPair(t.CertFile.Path, t.KeyFile.Path)
	if err == nil && time.Now().After(pair.Leaf.NotAfter) {
		err = fmt.Errorf("%s ended on %s: ask for another one", t.CertFile.Path, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	if fail("cert_file", err) != nil {
		return nil, err
	}
	if err == nil {
		c.Certificates = []tls.Certificate{*pair}
	}
	return c, nil
}
