//go:build linux

package loginbench

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/ports"
)

// startNginx starts Debian's nginx with an RSA-2048 certificate; a visit is connect, a full TLS 1.3 handshake, close. RSA signs here, with the
// private key, which costs many times what an encryption under the public key does.
func startNginx(t testing.TB) (*peer, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil { // where Debian has it, which is not in every PATH
			return nil, fmt.Errorf("nginx: %w; test/ensure-tools.sh bench installs it", err)
		}
	}
	dir := t.TempDir()
	roots, err := writeCertificate(dir)
	if err != nil {
		return nil, err
	}
	address := ports.Address(t) // nginx takes only a number
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(nginxConfiguration(dir, address)), 0o600); err != nil {
		return nil, err
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = &log
	if err := child.StartEnding(cmd, syscall.SIGTERM); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Logf("nginx: %v\n%s", err, log.String())
		}
	})
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS13}
	await.True(t, "nginx takes connections", func() bool { return handshake(address, config) == nil })
	return &peer{
		name: "TLS handshake (nginx, RSA-2048)", pids: func() []int { return withChildren(t, cmd.Process.Pid) },
		visit: func(int) error { return handshake(address, config) },
	}, nil
}

func nginxConfiguration(dir, address string) string {
	return fmt.Sprintf(`
daemon off;
worker_processes auto;
pid %[1]s/pid;
error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  server {
    listen %[2]s ssl;
    ssl_certificate %[1]s/cert.pem;
    ssl_certificate_key %[1]s/key.pem;
    ssl_protocols TLSv1.3;
    ssl_session_cache off;
    ssl_session_tickets off;
  }
}
`, dir, address)
}

// writeCertificate writes one for localhost, signed by its own RSA-2048 key, which is what nginx is measured with.
func writeCertificate(dir string) (*x509.CertPool, error) {
	key := keypair.RSA(0).RSA
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), cert, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return roots, nil
}

func handshake(address string, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), visitPatience)
	defer cancel()
	c, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// withChildren is a process and those that it has started.
func withChildren(t testing.TB, pid int) []int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{pid}
	for _, word := range strings.Fields(string(b)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, child)
	}
	return pids
}
