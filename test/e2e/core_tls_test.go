package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/ports"
)

// certified are the authority of a link and the certificates of both ends, as files.
type certified struct {
	authority *certificates.Authority
	dir, ca   string
}

func newCertified(t *testing.T) *certified {
	t.Helper()
	c := &certified{authority: certificates.New(t), dir: t.TempDir()}
	c.ca = filepath.Join(c.dir, "ca.pem")
	writeFile(t, c.ca, string(c.authority.PEM))
	return c
}

// issue writes a certificate for that name, and its key, over those of that name before.
func (c *certified) issue(t *testing.T, by *certificates.Authority, name string) (cert, key string) {
	t.Helper()
	return by.Issue(t, name, time.Now().Add(24*time.Hour)).Write(t, c.dir, name)
}

// core starts a core that shows a certificate for core.firm and 127.0.0.1, and believes that authority of fronts.
func (c *certified) core(t *testing.T, clientCA string) *coreProcess {
	t.Helper()
	cert, key := c.issue(t, c.authority, "core.firm")
	return newCore(t, "tls", twoCustomers, ports.Address(t), "--cert", cert, "--key", key, "--client-ca", clientCA)
}

// front is the link of a front that shows a certificate of that authority.
func (c *certified) front(t *testing.T, by *certificates.Authority) string {
	t.Helper()
	cert, key := c.issue(t, by, "front-1")
	return fmt.Sprintf("ca_file: %q, cert_file: %q, key_file: %q", c.ca, cert, key)
}

// TestCoreTLS: orders pass over TLS 1.3, and a front whose certificate was renewed shows the new one on its next link,
// without a restart.
func TestCoreTLS(t *testing.T) {
	t.Parallel()
	c, renewed := newCertified(t), certificates.New(t)
	core := c.core(t, c.ca)
	s := linked(t, []*coreProcess{core}, c.front(t, c.authority)+", server_name: core.firm, grace: 1m", "")
	d := s.serveReady()
	if page := d.awaitReady(http.StatusOK); strings.Contains(page, "insecure_loopback") {
		t.Error(page)
	}
	a, b := d.tradeAs(t, alice, 1), d.tradeAs(t, bob, 2)
	cross(t, a, b, 1)

	// The core comes back and believes another authority alone: the certificate in use is of no use any more.
	core.kill()
	writeFile(t, filepath.Join(c.dir, "ca-2.pem"), string(renewed.PEM))
	core.start("--client-ca", filepath.Join(c.dir, "ca-2.pem"))
	await.Every(t, 20*time.Millisecond, "the front to say that its certificate is refused", func() bool {
		_, page := d.get(t, "/readyz")
		return strings.Contains(page, "certificate_refused")
	})
	c.issue(t, renewed, "front-1")
	d.awaitResumed(t, 2)
	cross(t, a, b, 2)
	core.wantNoViolation()
}

// TestCoreTLSRefused: a core with another name, or of another authority, and a front whose certificate the core does not
// believe: no link, the words of docs/core.md in log, page and metric, and logins are answered 8.
func TestCoreTLSRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		link func(c *certified, foreign *certificates.Authority) string // of the front
		word string
	}{
		"another name": {func(c *certified, _ *certificates.Authority) string {
			return c.front(t, c.authority) + ", server_name: other.firm"
		}, "certificate"},
		"another authority": {func(c *certified, foreign *certificates.Authority) string {
			link := c.front(t, c.authority)
			writeFile(t, filepath.Join(c.dir, "foreign.pem"), string(foreign.PEM))
			return strings.Replace(link, c.ca, filepath.Join(c.dir, "foreign.pem"), 1)
		}, "certificate"},
		"a front that the core does not believe": {func(c *certified, foreign *certificates.Authority) string {
			return c.front(t, foreign)
		}, "certificate_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCertified(t)
			core := c.core(t, c.ca)
			s := linked(t, []*coreProcess{core}, test.link(c, certificates.New(t)), "")
			d := s.serve()
			await.Every(t, 20*time.Millisecond, "/readyz to say "+test.word, func() bool {
				status, page := d.get(t, "/readyz")
				return status == http.StatusServiceUnavailable && strings.Contains(page, ": "+test.word+",")
			})
			await.True(t, "the log to say "+test.word, func() bool {
				return strings.Contains(d.log.String(), `"fault":"`+test.word+`"`)
			})
			_, page := d.get(t, "/metrics")
			if strings.Contains(page, `tradefront_core_link_faults_total{fault="`+test.word+`"} 0`) {
				t.Errorf("no %s in the metric of faults", test.word)
			}
			if _, err := d.trade(t).login(s, alice, password, terminalText); code(t, err) != 8 {
				t.Errorf("a login was answered %d, want 8", code(t, err))
			}
			if n := core.saw(); n.Verifies != 0 {
				t.Errorf("the core saw %+v", n)
			}
		})
	}
}
