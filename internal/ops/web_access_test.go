package ops

import (
	"net/http"
	"testing"

	"go.uber.org/zap"
)

// TestGuardingHeaders: a browser neither guesses, keeps nor embeds what the listener answers.
func TestGuardingHeaders(t *testing.T) {
	t.Parallel()
	url := watch(t, NewMetrics("v1", "c1"), NewHealth(), true)
	balancers, err := NewHealthListener("127.0.0.1:0", NewHealth(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	health := serveAdmin(t, balancers)
	for _, page := range []string{
		url + "/", url + "/metrics", url + "/healthz", url + "/readyz", url + "/debug/pprof/", url + "/none",
		health + "/healthz", health + "/readyz",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY",
		} {
			if got := res.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", page, name, got, want)
			}
		}
	}
}
