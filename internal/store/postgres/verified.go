package postgres

import (
	"crypto/tls"
	"net/netip"
	"strings"

	"github.com/tradefront/tradefront/internal/pgurl"
)

// Verified reports whether every server that url names, and that is not on this machine, is
// reached by TLS with its certificate checked: sslmode verify-full, or verify-ca. A url
// that is not understood is not.
func Verified(url *pgurl.URL) bool {
	cfg, err := poolConfig(url)
	if err != nil || !safeWay(cfg.ConnConfig.Host, cfg.ConnConfig.TLSConfig) {
		return false
	}
	for _, f := range cfg.ConnConfig.Fallbacks {
		if !safeWay(f.Host, f.TLSConfig) {
			return false
		}
	}
	return true
}

// safeWay: pgconn marks sslmode=require as InsecureSkipVerify, and verify-ca too, with a check
// of its own.
func safeWay(host string, t *tls.Config) bool {
	address, err := netip.ParseAddr(host)
	here := strings.HasPrefix(host, "/") || host == "localhost" || err == nil && address.IsLoopback()
	return here || t != nil && (!t.InsecureSkipVerify || t.VerifyPeerCertificate != nil || t.VerifyConnection != nil)
}
