package assemble

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/link"
	"github.com/tradefront/tradefront/internal/files"
)

// CoreTLS is what the link to a trading core shows and believes.
type CoreTLS struct {
	Config *tls.Config
	// Roots reads the authorities anew, as Config does the certificate.
	Roots func() (*x509.CertPool, error)
}

// loadCoreTLS reads the certificates of the link. Each fault is told to judge under its key. nil if the link
// needs none: driver local, Unix sockets alone, or insecure_loopback.
func loadCoreTLS(cfg *config.Config, judge func(key string, err error)) *CoreTLS {
	l := &cfg.Core.Link
	if cfg.Core.Driver != DriverLink || !l.TLS() || l.CAFile.Path == "" {
		return nil
	}
	// Both are read anew for each link, so that a renewed certificate and another authority need no restart. What cannot be
	// read then ends that try, whose error says so.
	roots := func() (*x509.CertPool, error) { return readAuthorities(l.CAFile.Path) }
	_, err := roots()
	judge("core.link.ca_file", err)
	pair, err := readPair(l.CertFile.Path, l.KeyFile.Path)
	judge("core.link.cert_file", err)
	if err != nil {
		return nil
	}
	if ends := pair.Leaf.NotAfter; time.Now().After(ends) {
		judge("core.link.cert_file", fmt.Errorf("%s ended on %s: ask for another one", l.CertFile.Path, ends.Format(time.DateOnly)))
	}
	anew := func() (*x509.CertPool, error) {
		pool, err := roots()
		return pool, notUsable("core.link.ca_file", err)
	}
	return &CoreTLS{Roots: anew, Config: &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: l.ServerName, NextProtos: []string{link.ALPN},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := readPair(l.CertFile.Path, l.KeyFile.Path)
			return pair, notUsable("core.link.cert_file", err)
		},
	}}
}

// notUsable names the key of a file that a front which runs cannot use any more.
func notUsable(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be used: %w", key, err)
}

func readAuthorities(path string) (*x509.CertPool, error) {
	pem, err := files.ReadText(path, MaxPEM)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, AlsoHidden(errors.New(path+" holds no certificate in PEM form"), pem)
	}
	return roots, nil
}

func readPair(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := files.ReadText(certFile, MaxPEM)
	if err != nil {
		return nil, err
	}
	key, err := files.ReadText(keyFile, MaxPEM)
	if err != nil {
		return nil, fmt.Errorf("its key_file: %w", err)
	}
	defer clear(key)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, AlsoHidden(fmt.Errorf("%s with the key of %s: %w", certFile, keyFile, err), cert)
	}
	return &pair, nil
}
