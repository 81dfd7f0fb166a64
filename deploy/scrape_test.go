package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/ops"
	"github.com/tradefront/tradefront/test/certificates"
)

// TestScrapeSamples: Prometheus takes both samples and the web configuration file, and we read out of that what it asks for.
func TestScrapeSamples(t *testing.T) {
	t.Parallel()
	dir, authority := t.TempDir(), certificates.New(t)
	authority.Issue(t, "front-a.example", time.Now().Add(time.Hour)).Write(t, dir, "admin")
	for name, content := range map[string]string{
		"ca.pem": string(authority.PEM), "password": "word\n", "tradefront.rules.yml": read(t, "prometheus/tradefront.rules.yml"),
		"scrape.yml": read(t, "prometheus/scrape.yml"), "scrape-tls.yml": read(t, "prometheus/scrape-tls.yml"), "web.yml": read(t, "prometheus/web.yml"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"check", "config", "scrape.yml"}, {"check", "config", "scrape-tls.yml"}, {"check", "web-config", "web.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	access, err := ops.ReadWebAccess(filepath.Join(dir, "web.yml"))
	if err != nil || !access.TLS || !access.Password {
		t.Errorf("%+v, %v", access, err)
	}
}
