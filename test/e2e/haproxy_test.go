package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/csv"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/child"
	"github.com/tradefront/tradefront/test/testmain"
)

// balancer is a running HAProxy with the configuration that firms are given.
type balancer struct {
	t      *testing.T
	cmd    *exec.Cmd
	plain  string // where terminals connect
	plain6 string // the same by IPv6, if this machine has it
	tls    string
	roots  *x509.CertPool
	socket string
	log    syncBuffer
}

// balance starts HAProxy in front of these. Its listening sockets are made here and handed
// over: no port is guessed, and a client that connects before it is up waits in the queue.
func (s *site) balance(t *testing.T, fronts proxied) *balancer {
	t.Helper()
	b := &balancer{t: t, socket: filepath.Join(testmain.ShortDir(t), "haproxy.sock")}
	var files []*os.File
	listen := func(address string) string {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		return l.Addr().String()
	}
	plain6 := "127.0.0.1:0"
	if testmain.Listens("::1") {
		plain6 = "[::1]:0"
	}
	b.plain, b.plain6, b.tls = listen("127.0.0.1:0"), listen(plain6), listen("127.0.0.1:0")
	b.makeCertificate(filepath.Join(s.dir, "haproxy.pem"))

	b.cmd = exec.Command(haproxy(), "-db", "-f", "../../configs/haproxy.cfg")
	b.cmd.ExtraFiles = files // 3, 4, 5
	b.cmd.Env = append(os.Environ(),
		"TRADEFRONT_BIND=fd@3,fd@4", "TRADEFRONT_BIND_TLS=fd@5", "TRADEFRONT_CERT="+filepath.Join(s.dir, "haproxy.pem"),
		"TRADEFRONT_A="+fronts.a, "TRADEFRONT_B="+fronts.b, "TRADEFRONT_A_TLS="+fronts.aTLS, "TRADEFRONT_B_TLS="+fronts.bTLS,
		"TRADEFRONT_A_HEALTH="+fronts.aHealth, "TRADEFRONT_B_HEALTH="+fronts.bHealth,
		"TRADEFRONT_SOCKET="+b.socket, "TRADEFRONT_MAXCONN=2000", haproxyUser(),
	)
	b.cmd.Stdout, b.cmd.Stderr = &b.log, &b.log
	if err := child.Start(b.cmd); err != nil {
		t.Fatalf("haproxy: %v; ./test/ensure-tools.sh installs it", err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	t.Cleanup(func() {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy's log:\n%s", b.log.String())
		}
	})
	return b
}

// haproxyUser takes the user from the samples where HAProxy cannot change to it: this test does not run as root.
func haproxyUser() string {
	if os.Geteuid() == 0 {
		return "TRADEFRONT_USER=haproxy"
	}
	return "TRADEFRONT_USER="
}

// isNotRoot wants that what reads customers' bytes is not root, where root started it.
func (b *balancer) isNotRoot() {
	b.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		b.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if ids := strings.Fields(line); (ids[0] == "Uid:" || ids[0] == "Gid:") && slices.Contains(ids[1:], "0") {
			b.t.Errorf("HAProxy runs as root: %s", line)
		}
	}
}

// haproxy is where Debian has it, which is not in every PATH.
func haproxy() string {
	if path, err := exec.LookPath("haproxy"); err == nil {
		return path
	}
	return "/usr/sbin/haproxy"
}

// proxied are the addresses of two fronts' listeners behind a balancer.
type proxied struct{ a, aTLS, aHealth, b, bTLS, bHealth string }

// makeCertificate is what a firm would buy: one file with certificate and key.
func (b *balancer) makeCertificate(path string) {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "front.test"}, DNSNames: []string{"front.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		b.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		b.t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	both := slices.Concat(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err := os.WriteFile(path, both, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.roots = x509.NewCertPool()
	b.roots.AppendCertsFromPEM(certificate)
}

// dialTLS connects as a terminal over TLS does, from that address.
func (b *balancer) dialTLS(source string) net.Conn {
	b.t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}, Timeout: 10 * time.Second}
	c, err := tls.DialWithDialer(dialer, "tcp", b.tls, &tls.Config{RootCAs: b.roots, ServerName: "front.test"})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// ask is HAProxy's answer to a command; up is false while it does not listen yet.
func (b *balancer) ask(command string) (text string, up bool) {
	b.t.Helper()
	var d net.Dialer
	c, err := d.DialContext(b.t.Context(), "unix", b.socket)
	if err != nil {
		return "", false
	}
	defer c.Close()
	if _, err := io.WriteString(c, command+"\n"); err != nil {
		b.t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(answer), true
}

// turn makes a server drain, or ready again, as the sample's own socket does it for an operator.
func (b *balancer) turn(backend, server, state string) {
	b.t.Helper()
	if said, up := b.ask("set server " + backend + "/" + server + " state " + state); !up || strings.TrimSpace(said) != "" {
		b.t.Fatalf("%s/%s was not made %s: %s", backend, server, state, said)
	}
}

// stat is one number of HAProxy's own statistics, as "fronts", "a", "status".
func (b *balancer) stat(backend, server, column string) string {
	b.t.Helper()
	text, up := b.ask("show stat")
	if !up {
		return ""
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		b.t.Fatal(err)
	}
	for i, name := range rows[0] {
		if strings.TrimPrefix(name, "# ") != column {
			continue
		}
		for _, row := range rows {
			if row[0] == backend && row[1] == server {
				return row[i]
			}
		}
	}
	b.t.Fatalf("HAProxy knows no %s of %s/%s", column, backend, server)
	return ""
}

// becomes waits until HAProxy sees a server so.
func (b *balancer) becomes(backend, server, status string) {
	b.t.Helper()
	await.Every(b.t, 50*time.Millisecond, "HAProxy to see "+backend+"/"+server+" as "+status, func() bool {
		return strings.HasPrefix(b.stat(backend, server, "status"), status)
	})
}
