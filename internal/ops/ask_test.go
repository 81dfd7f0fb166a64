package ops

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAskIsLedNowhere: who answers in a front's place cannot lead a command, which its own front takes actions of, to another address.
func TestAskIsLedNowhere(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	aim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer aim.Close()
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, aim.URL+"/sessions/end", http.StatusTemporaryRedirect)
	}))
	defer hostile.Close()
	at := strings.TrimPrefix(hostile.URL, "http://")
	var into any
	for _, err := range []error{
		(Access{}).Ask(t.Context(), at, "/sessions", &into),
		(Access{Login: url.UserPassword("u", "p")}).Tell(t.Context(), at, "/sessions/end", map[string]string{"account": "1"}, &into),
	} {
		if err == nil || !strings.Contains(err.Error(), "answered 307") {
			t.Errorf("%v", err)
		}
	}
	if reached.Load() {
		t.Error("the redirect was followed")
	}
}
