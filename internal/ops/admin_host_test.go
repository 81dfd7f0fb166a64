package ops

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// TestReboundNameIsRefused: a page in a browser of this machine, whose name was made to mean the admin listener's address, neither reads
// nor acts.
func TestReboundNameIsRefused(t *testing.T) {
	t.Parallel()
	a, err := NewAdmin("localhost:0", prometheus.NewRegistry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Shutdown(context.Background()) })
	a.Page("status", "", func() any { return "shown" })
	a.Action("sessions/end", "", func(context.Context, []byte) (any, error) { return "done", nil })
	self, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, page, host, from string, secure bool) int {
		r := httptest.NewRequest(method, "/"+page, strings.NewReader("{}"))
		r.Host, r.RemoteAddr = host, from+":5000"
		r.Header.Set(ActionHeader, "1")
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		a.server.Handler.ServeHTTP(w, r)
		return w.Code
	}
	for _, host := range []string{"127.0.0.1:9100", "127.0.0.1", "[::1]:9100", "[::1]", "192.0.2.7:9100", "localhost:9100", "LOCALHOST.", self, ""} {
		if got := ask(http.MethodPost, "sessions/end", host, "127.0.0.1", false); got != http.StatusOK {
			t.Errorf("%q: %d", host, got)
		}
	}
	for _, host := range []string{"evil.example:9100", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", self + ".evil.example"} {
		for method, page := range map[string]string{http.MethodPost: "sessions/end", http.MethodGet: "status", http.MethodHead: "status"} {
			if got := ask(method, page, host, "127.0.0.1", false); got != http.StatusMisdirectedRequest {
				t.Errorf("%s %s of %q: %d, want 421", method, page, host, got)
			}
		}
	}
	for _, c := range []struct {
		page, from string
		secure     bool
	}{
		{"metrics", "127.0.0.1", false},
		{"healthz", "127.0.0.1", false},
		{"readyz", "127.0.0.1", false},
		{"status", "192.0.2.9", false},
		{"status", "127.0.0.1", true},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} { // load balancers ask by HEAD
			if got := ask(method, c.page, "monitored.example:9100", c.from, c.secure); got != http.StatusOK {
				t.Errorf("%s %+v: %d", method, c, got)
			}
		}
	}
}
