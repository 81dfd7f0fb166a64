package cppcore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const (
	linkALPN = "tradefront-core/1"
	coreName = "core-a.firm"
)

// authority signs the certificates of cores and fronts.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.make(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// make signs a certificate, by itself if there is no other key yet.
func (a *authority) make(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, c.Subject = serial, pkix.Name{CommonName: "peer " + serial.String()}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made, key
}

func (a *authority) front() tls.Certificate {
	a.t.Helper()
	cert, key := a.make(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// core writes certificate, key and the authority's certificate for the example, and gives its arguments.
func (a *authority) core(fronts *authority) []string {
	a.t.Helper()
	dir := a.t.TempDir()
	cert, key := a.make(&x509.Certificate{DNSNames: []string{coreName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			a.t.Fatal(err)
		}
		return path
	}
	return []string{
		"--tls", "127.0.0.1:0", "--cert", write("core.pem", "CERTIFICATE", cert.Raw), "--key", write("core.key", "PRIVATE KEY", der),
		"--ca", write("ca.pem", "CERTIFICATE", fronts.cert.Raw),
	}
}

func (a *authority) config() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{
		RootCAs: pool, ServerName: coreName, MinVersion: tls.VersionTLS12, NextProtos: []string{linkALPN},
		Certificates: []tls.Certificate{a.front()},
	}
}

func TestWholeSessionOverTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	c := start(t, ca.core(ca)...)
	conn, err := net.Dial("tcp", c.wait("listening tls "))
	if err != nil {
		t.Fatal(err)
	}
	client := tls.Client(conn, ca.config())
	f := newFront(t, client)
	f.logIn("process-1")
	state := client.ConnectionState()
	if state.Version != tls.VersionTLS13 || state.NegotiatedProtocol != linkALPN {
		t.Errorf("version %x, protocol %q", state.Version, state.NegotiatedProtocol)
	}
	session(t, c, f)
}

// TestTLSRefuses: without the front's certificate, another authority's, an old TLS, or another protocol, no link begins.
func TestTLSRefuses(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	c := start(t, ca.core(ca)...)
	address := c.wait("listening tls ")
	for name, change := range map[string]func(*tls.Config){
		"no certificate":      func(o *tls.Config) { o.Certificates = nil },
		"another authority's": func(o *tls.Config) { o.Certificates = []tls.Certificate{other.front()} },
		"TLS 1.2":             func(o *tls.Config) { o.MaxVersion = tls.VersionTLS12 },
		"another protocol":    func(o *tls.Config) { o.NextProtos = []string{"h2"} },
		"no protocol":         func(o *tls.Config) { o.NextProtos = nil },
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		o := ca.config()
		change(o)
		f := newFront(t, tls.Client(conn, o))
		if _, err := f.conn.Write(linkLogin(t, 7, "p")); err != nil {
			continue // refused in the handshake
		}
		if frame, err := f.read(); err == nil {
			t.Errorf("%s: the core answers %x", name, frame.Body)
		}
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	newFront(t, tls.Client(conn, ca.config())).logIn("p") // it still serves those who are right
}
