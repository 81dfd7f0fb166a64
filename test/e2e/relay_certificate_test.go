package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/child"
)

// relayBalancer runs HAProxy with the configuration for relays that firms are given, before one front twice, and returns its address.
func (s *relaySite) relayBalancer(d *daemon, verify string) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	health := strings.TrimPrefix(d.admin, "http://")
	cmd := exec.Command(haproxy(), "-db", "-f", "../../configs/haproxy-relays.cfg")
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(os.Environ(),
		"TRADEFRONT_BIND_RELAYS=fd@3", "TRADEFRONT_CERT="+filepath.Join(s.dir, "front.pem"), "TRADEFRONT_RELAYS_CA="+filepath.Join(s.dir, "relays-ca.pem"),
		"TRADEFRONT_RELAYS_VERIFY="+verify, "TRADEFRONT_A_RELAYS="+d.relays(), "TRADEFRONT_B_RELAYS="+d.relays(),
		"TRADEFRONT_A_HEALTH="+health, "TRADEFRONT_B_HEALTH="+health, "TRADEFRONT_MAXCONN=100", haproxyUser(),
	)
	var log syncBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := child.Start(cmd); err != nil {
		s.t.Fatalf("haproxy: %v; ./test/ensure-tools.sh installs it", err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("HAProxy's log:\n%s", log.String())
		}
	})
	return l.Addr().String()
}

// relayEnters is a connection of relayComes that stays.
func (s *relaySite) relayEnters(balancer string, authority *certificates.Authority, shown *certificates.Pair) *client.Conn {
	s.t.Helper()
	c, err := s.relayDials(balancer, authority, shown)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// relayComes authenticates as the many-to-many relay over TLS with that certificate, nil for none.
func (s *relaySite) relayComes(balancer string, authority *certificates.Authority, shown *certificates.Pair) error {
	s.t.Helper()
	c, err := s.relayDials(balancer, authority, shown)
	if c != nil {
		_ = c.Close()
	}
	return err
}

func (s *relaySite) relayDials(balancer string, authority *certificates.Authority, shown *certificates.Pair) (*client.Conn, error) {
	s.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	config := &tls.Config{RootCAs: roots, ServerName: "front.firm"}
	if shown != nil {
		pair, err := tls.X509KeyPair(shown.Cert, shown.Key)
		if err != nil {
			s.t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	dial := client.WithDialFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
	})
	c, err := client.Dial(s.t.Context(), balancer, dial)
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_, err = c.Authenticate(s.t.Context(), client.Identity{BrokerID: "9999", AppID: investorRelay}, s.investorCode)
	return c, err
}

// TestRelayCertificate: with a certificate named for it a relay comes in over HAProxy with that one, and with no other; after
// a change-over with the new one. An agent does the same by its configuration.
func TestRelayCertificate(t *testing.T) {
	t.Parallel()
	s := newRelaySite(t, "", quick)
	s.replaceConfig("admits: relays}", "admits: relays, client_address: proxy, trusted_proxies: [127.0.0.1], require_tls: true}")
	authority := certificates.New(t)
	front := authority.Issue(t, "front.firm", time.Now().Add(time.Hour))
	s.write("front.pem", append(front.Cert, front.Key...))
	s.write("relays-ca.pem", authority.PEM)
	first, second := authority.Issue(t, "relay", time.Now().Add(time.Hour)), authority.Issue(t, "relay", time.Now().Add(time.Hour))
	s.write("first.pem", first.Cert)
	s.write("second.pem", second.Cert)
	d := s.serve()
	balancer, optional := s.relayBalancer(d, "required"), s.relayBalancer(d, "optional")

	comes := func(through string, shown *certificates.Pair) int {
		return code(t, s.relayComes(through, authority, shown))
	}
	await.True(t, "HAProxy to find the front", func() bool { return s.relayComes(balancer, authority, &first) == nil })
	await.True(t, "HAProxy to find the front", func() bool { return s.relayComes(optional, authority, nil) == nil })

	name := func(flag, file string) {
		s.cli("", "relay", "change", investorRelay, flag, filepath.Join(s.dir, file))
	}
	name("--add-client-cert", "first.pem")
	await.True(t, "the front to ask for the certificate", func() bool { return comes(optional, nil) == 63 })
	for _, test := range []struct {
		what, through string
		shown         *certificates.Pair
		want          int
	}{
		{"the certificate", balancer, &first, 0},
		{"the certificate, where none is required", optional, &first, 0},
		{"another of the same authority", balancer, &second, 63},
		{"none", optional, nil, 63},
	} {
		err := s.relayComes(test.through, authority, test.shown)
		if got := code(t, err); got != test.want {
			t.Errorf("%s: %v, want code %d", test.what, err, test.want)
		}
	}
	if err := s.relayComes(balancer, authority, nil); err == nil {
		t.Error("HAProxy let a relay in that showed no certificate")
	}
	s.awaitAudit(`"reason":"relay_certificate"`, investorRelay)

	name("--add-client-cert", "second.pem")
	await.True(t, "the new certificate to be taken", func() bool { return comes(balancer, &second) == 0 })
	kept, ended := s.relayEnters(balancer, authority, &second), s.relayEnters(balancer, authority, &first)
	name("--remove-client-cert", "first.pem")
	await.True(t, "the connection that came by the old certificate to end", func() bool { return ended.Err() != nil })
	await.True(t, "the old certificate to be refused", func() bool { return comes(balancer, &first) == 63 })
	if err := kept.Err(); err != nil {
		t.Errorf("the other certificate's connection has ended: %v", err)
	}
	s.agentWithCertificate(d, balancer, authority, &second)
	d.stop()
}

// agentWithCertificate has a terminal log in behind an agent that shows the certificate.
func (s *relaySite) agentWithCertificate(d *daemon, balancer string, authority *certificates.Authority, shown *certificates.Pair) {
	s.t.Helper()
	a := s.investorAgent(d, "upstream.tls: {enabled: true, ca_file: ca.pem, cert_file: relay.pem, key_file: relay.key, server_name: front.firm}\n")
	a.above.Lead(balancer)
	a.write("ca.pem", authority.PEM)
	a.write("relay.pem", shown.Cert)
	a.write("relay.key", shown.Key)
	r := a.run()
	s.mustLogIn(r, account, a.password)
	r.stop()
}
