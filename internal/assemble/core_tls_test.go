package assemble

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/test/certificates"
)

// linked is a configuration with the certificates of a link in a folder of its own.
func linked(t *testing.T) (*config.Config, *certificates.Authority) {
	t.Helper()
	dir, authority := t.TempDir(), certificates.New(t)
	cert, key := authority.Issue(t, "front-1.firm", time.Now().Add(time.Hour)).Write(t, dir, "front")
	cfg := config.Default()
	cfg.Core.Driver = DriverLink
	l := &cfg.Core.Link
	l.CAFile.Path, l.CertFile.Path, l.KeyFile.Path = filepath.Join(dir, "ca.pem"), cert, key
	overwrite(t, l.CAFile.Path, authority.PEM)
	return &cfg, authority
}

func overwrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func loadLinkFaults(cfg *config.Config) (*CoreTLS, map[string]string) {
	faults := map[string]string{}
	made := loadCoreTLS(cfg, func(key string, err error) {
		if err != nil {
			faults[key] = err.Error()
		}
	})
	return made, faults
}

func TestCoreTLS(t *testing.T) {
	cfg, _ := linked(t)
	made, faults := loadLinkFaults(cfg)
	if len(faults) > 0 || made == nil || made.Config.NextProtos[0] != "tradefront-core/1" {
		t.Fatalf("%v, %+v", faults, made)
	}
	for name, spoil := range map[string]func(*config.Config, *certificates.Authority) (key, says string){
		"authority": func(c *config.Config, _ *certificates.Authority) (string, string) {
			overwrite(t, c.Core.Link.CAFile.Path, []byte("no certificate"))
			return "core.link.ca_file", "holds no certificate"
		},
		"another key": func(c *config.Config, a *certificates.Authority) (string, string) {
			overwrite(t, c.Core.Link.KeyFile.Path, a.Issue(t, "x", time.Now().Add(time.Hour)).Key)
			return "core.link.cert_file", "does not match"
		},
		"ended": func(c *config.Config, a *certificates.Authority) (string, string) {
			pair := a.Issue(t, "x", time.Now().Add(-time.Hour))
			overwrite(t, c.Core.Link.CertFile.Path, pair.Cert)
			overwrite(t, c.Core.Link.KeyFile.Path, pair.Key)
			return "core.link.cert_file", "ended on"
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, authority := linked(t)
			key, says := spoil(cfg, authority)
			if _, faults := loadLinkFaults(cfg); !strings.Contains(faults[key], says) || len(faults) != 1 {
				t.Errorf("%v, want %s: %s", faults, key, says)
			}
		})
	}
}

// TestRenewedCertificate: the next link shows what the file holds then.
func TestRenewedCertificate(t *testing.T) {
	cfg, authority := linked(t)
	made, _ := loadLinkFaults(cfg)
	renewed := authority.Issue(t, "front-1.firm", time.Now().Add(2*time.Hour))
	overwrite(t, cfg.Core.Link.CertFile.Path, renewed.Cert)
	overwrite(t, cfg.Core.Link.KeyFile.Path, renewed.Key)
	shown, err := made.Config.GetClientCertificate(nil)
	if err != nil || time.Until(shown.Leaf.NotAfter) < time.Hour {
		t.Errorf("%v, %+v", err, shown)
	}
	overwrite(t, cfg.Core.Link.KeyFile.Path, []byte("no key"))
	if _, err := made.Config.GetClientCertificate(nil); err == nil || !strings.HasPrefix(err.Error(), "core.link.cert_file cannot be used: ") {
		t.Errorf("a file without a key: %v", err)
	}
}

// TestAnotherAuthority: the next link believes whom the file names then, and one that cannot be read is an error.
func TestAnotherAuthority(t *testing.T) {
	cfg, first := linked(t)
	made, _ := loadLinkFaults(cfg)
	second := certificates.New(t)
	for _, believed := range []*certificates.Authority{first, second} {
		overwrite(t, cfg.Core.Link.CAFile.Path, believed.PEM)
		roots, err := made.Roots()
		if err != nil || !roots.Equal(believed.Pool()) {
			t.Errorf("%v", err)
		}
	}
	overwrite(t, cfg.Core.Link.CAFile.Path, []byte("no certificate"))
	if _, err := made.Roots(); err == nil || !strings.HasPrefix(err.Error(), "core.link.ca_file cannot be used: ") {
		t.Errorf("a file without a certificate: %v", err)
	}
	cfg.Core.Link.Endpoints = make(config.CoreEndpoints, 1)
	if link := CoreLink(cfg, &Assets{CoreTLS: made}, "v"); link.Endpoints[0].Roots == nil {
		t.Error("the link does not ask")
	}
}

// TestNoTLSWhereNoneIsUsed: a Unix socket needs no files, nor does the local core.
func TestNoTLSWhereNoneIsUsed(t *testing.T) {
	for _, change := range []func(*config.Config){
		func(c *config.Config) { c.Core.Driver = DriverLocal },
		func(c *config.Config) { c.Core.Link.InsecureLoopback = true },
		func(c *config.Config) { c.Core.Link.CAFile.Path = "" },
	} {
		cfg, _ := linked(t)
		change(cfg)
		if made, faults := loadLinkFaults(cfg); made != nil || len(faults) > 0 {
			t.Errorf("%v, %v", made, faults)
		}
	}
}
