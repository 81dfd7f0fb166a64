package assemble

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/files"
)

// CoreTLS is what the link to a trading core shows and believes.
type CoreTLS struct{ Config *tls.Config }

// loadCoreTLS reads the certificates of the link. Each fault is told to judge under its key. nil if the link
// needs none: driver local, Unix sockets alone, or insecure_loopback.
func loadCoreTLS(cfg *config.Config, judge func(key string, err error)) *CoreTLS {
	l := &cfg.Core.Link
	if cfg.Core.Driver != DriverLink || !l.TLS() || l.CAFile.Path == "" {
		return nil
	}
	roots := x509.NewCertPool()
	pem, err := files.ReadText(l.CAFile.Path, MaxPEM)
	if err == nil && !roots.AppendCertsFromPEM(pem) {
		err = AlsoHidden(errors.New(l.CAFile.Path+" holds no certificate in PEM form"), pem)
	}
	judge("core.link.ca_file", err)
	pair, err := readPair(l.CertFile.Path, l.KeyFile.Path)
	judge("core.link.cert_file", err)
	if err != nil {
		return nil
	}
	if ends := pair.Leaf.NotAfter; time.Now().After(ends) {
		judge("core.link.cert_file", fmt.Errorf("%s ended on %s: ask for another one", l.CertFile.Path, ends.Format(time.DateOnly)))
	}
	return &CoreTLS{Config: &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: l.ServerName, NextProtos: []string{"tradefront-core/1"},
		// Read anew for each link, so that a renewed certificate needs no restart. A pair that cannot be
		// read then ends that try, whose error says so.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return readPair(l.CertFile.Path, l.KeyFile.Path)
		},
	}}
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
