package e2e

import (
	"strings"
	"testing"

	"github.com/tradefront/tradefront/test/pgtest"
)

// TestFrontShowsNoPassword: a front whose PostgreSQL goes away names its address and user
// on its pages and in its log, and no part of the password.
func TestFrontShowsNoPassword(t *testing.T) {
	t.Parallel()
	const a, b = "Zq3xW", "vK9tM"
	cluster := pgtest.Start(t)
	s := newSite(t, strings.Replace(cluster.URL(), "postgres@", "postgres:"+a+"%40%2F%3A%23%3F%25%20"+b+"@", 1), "")
	d := s.serve()
	cluster.Stop(pgtest.Immediate)
	d.awaitPage(t, "/readyz", "PostgreSQL is out of reach")
	var shown strings.Builder
	for _, page := range []string{"/readyz", "/metrics", "/status", "/status/full", "/healthz", "/apps"} {
		_, text := d.get(t, page)
		shown.WriteString(text)
	}
	_, errOut, _ := s.try("", "report", "status")
	d.stop()
	shown.WriteString(errOut + d.log.String())
	for _, part := range []string{a, b} {
		if i := strings.Index(shown.String(), part); i >= 0 {
			t.Errorf("a part of the password is shown: …%s…", shown.String()[max(0, i-200):i+10])
		}
	}
	if !strings.Contains(shown.String(), "connection refused") && !strings.Contains(shown.String(), "terminating connection") {
		t.Errorf("no page or line has the error: %s", shown.String())
	}
}
