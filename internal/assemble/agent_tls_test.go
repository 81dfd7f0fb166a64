package assemble

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/test/certificates"
)

// upstreamWith is what an agent needs for TLS with a server of authority a, in a folder of its own.
func upstreamWith(t *testing.T, a *certificates.Authority, ends time.Time) *config.Upstream {
	t.Helper()
	dir, u := t.TempDir(), new(config.Upstream)
	cert, key := a.Issue(t, "relay", ends).Write(t, dir, "relay")
	u.TLS = config.UpstreamTLS{
		Enabled: true, CAFile: config.File{Path: filepath.Join(dir, "ca.pem")}, CertFile: config.File{Path: cert}, KeyFile: config.File{Path: key},
	}
	overwrite(t, u.TLS.CAFile.Path, a.PEM)
	return u
}

// tlsServer names itself front.firm, and tells each client's certificate by its serial number.
func tlsServer(t *testing.T, a *certificates.Authority) (address string, seen <-chan string) {
	t.Helper()
	pair, err := tls.X509KeyPair(unpack(a.Issue(t, "front.firm", time.Now().Add(time.Hour))))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 10)
	ended := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conn := c.(*tls.Conn)
			if err := conn.HandshakeContext(context.Background()); err != nil {
				said <- err.Error()
			} else {
				said <- fmt.Sprint(conn.ConnectionState().PeerCertificates[0].SerialNumber)
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String(), said
}

func unpack(p certificates.Pair) (cert, key []byte) { return p.Cert, p.Key }

func dialUpstream(t *testing.T, u *config.Upstream, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := UpstreamDial(u)(ctx, "tcp", address)
	if err == nil {
		_, _ = conn.Read(make([]byte, 1)) // until the server has closed
		_ = conn.Close()
	}
	return err
}

// TestUpstreamTLS: a relay shows the certificate that is in its files now, and believes its authority alone.
func TestUpstreamTLS(t *testing.T) {
	t.Parallel()
	a := certificates.New(t)
	u := upstreamWith(t, a, time.Now().Add(time.Hour))
	address, seen := tlsServer(t, a)
	if err := dialUpstream(t, u, address); err != nil {
		t.Fatal(err)
	}
	first := <-seen
	a.Issue(t, "relay", time.Now().Add(time.Hour)).Write(t, filepath.Dir(u.TLS.CertFile.Path), "relay")
	if err := dialUpstream(t, u, address); err != nil {
		t.Fatal(err)
	}
	if second := <-seen; second == first || strings.Contains(second, " ") {
		t.Errorf("a renewed certificate is not shown: %s, %s", first, second)
	}

	u.TLS.ServerName = "front.firm"
	if err := dialUpstream(t, u, address); err != nil {
		t.Errorf("by its name: %v", err)
	}
	<-seen
	u.TLS.ServerName = "other.firm"
	if err := dialUpstream(t, u, address); err == nil || !strings.Contains(err.Error(), "other.firm") {
		t.Errorf("another name: %v", err)
	}
	<-seen
	u.TLS.ServerName = ""
	overwrite(t, u.TLS.CAFile.Path, certificates.New(t).PEM)
	if err := dialUpstream(t, u, address); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("another authority: %v", err)
	}
	<-seen
}

func TestUpstreamTLSFaults(t *testing.T) {
	t.Parallel()
	a := certificates.New(t)
	for name, c := range map[string]struct {
		spoil     func(*config.Upstream)
		key, says string
	}{
		"good":      {func(*config.Upstream) {}, "", ""},
		"authority": {func(u *config.Upstream) { overwrite(t, u.TLS.CAFile.Path, []byte("no certificate")) }, "upstream.tls.ca_file", "holds no certificate"},
		"other key": {func(u *config.Upstream) {
			overwrite(t, u.TLS.KeyFile.Path, a.Issue(t, "x", time.Now().Add(time.Hour)).Key)
		}, "upstream.tls.cert_file", "does not match"},
		"ended": {func(u *config.Upstream) { *u = *upstreamWith(t, a, time.Now().Add(-time.Hour)) }, "upstream.tls.cert_file", "ended on"},
		"off":   {func(u *config.Upstream) { u.TLS = config.UpstreamTLS{CAFile: config.File{Path: "/nowhere"}} }, "", ""},
	} {
		u, faults := upstreamWith(t, a, time.Now().Add(time.Hour)), map[string]string{}
		c.spoil(u)
		checkUpstreamTLS(u, func(key string, err error) {
			if err != nil {
				faults[key] = err.Error()
			}
		})
		if c.key == "" && len(faults) > 0 || c.key != "" && (len(faults) != 1 || !strings.Contains(faults[c.key], c.says)) {
			t.Errorf("%s: %v", name, faults)
		}
	}
}
