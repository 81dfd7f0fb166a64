package coresim

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tradefront/tradefront/internal/files"
)

const maxPEM = 1 << 20

// TLSConfig is the core's side of a link: TLS 1.3, a client certificate of the authority in clientCA, ALPN.
func TLSConfig(certFile, keyFile, clientCA string) (*tls.Config, error) {
	cert, err := files.ReadText(certFile, maxPEM)
	if err != nil {
		return nil, err
	}
	key, err := files.ReadText(keyFile, maxPEM)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s with the key of %s: %w", certFile, keyFile, err)
	}
	ca, err := files.ReadText(clientCA, maxPEM)
	if err != nil {
		return nil, err
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(ca) {
		return nil, errors.New(clientCA + " holds no certificate in PEM form")
	}
	return ServerTLS(pair, clients), nil
}

// ServerTLS is TLSConfig of what is in memory.
func ServerTLS(pair tls.Certificate, clients *x509.CertPool) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, ClientCAs: clients,
		ClientAuth: tls.RequireAndVerifyClientCert, NextProtos: []string{ALPN},
	}
}
