package ops

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/tradefront/tradefront/test/certificates"
)

// TestActionFromAnotherMachine: an operator over TLS alone, and only while the web configuration file asks for passwords.
func TestActionFromAnotherMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificates.New(t).Issue(t, "localhost", time.Now().Add(time.Hour)).Write(t, dir, "admin")
	hash, err := bcrypt.GenerateFromPassword([]byte("word"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	const secure = "tls_server_config: {cert_file: admin.pem, key_file: admin.key}\n"
	path := filepath.Join(dir, "web.yml")
	file := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	users := "basic_auth_users: {chief: '" + string(hash) + "', watch: '" + string(hash) + "'}\n"
	file(secure + users)
	a, err := NewAdmin("127.0.0.1:0", prometheus.NewRegistry(), NewHealth(), false, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Shutdown(context.Background()) })
	if err := a.Protect(path); err != nil {
		t.Fatal(err)
	}
	a.Operators([]string{"chief", "gone"})
	var asked Remote
	a.Action("sessions/end", "", func(ctx context.Context, _ []byte) (any, error) {
		asked, _ = RemoteOf(ctx)
		return "done", nil
	})
	a.Download("support/log", "", func(context.Context) ([]byte, error) { return []byte("done"), nil })
	// As the toolkit passes it on: it has compared the password with the file before.
	ask := func(page, user string, secure bool) int {
		r := httptest.NewRequest(http.MethodPost, "/"+page, strings.NewReader("{}"))
		r.RemoteAddr = "192.0.2.7:5000"
		r.Header.Set(ActionHeader, "1")
		r.SetBasicAuth(user, "word")
		if r.TLS = nil; secure {
			r.TLS = new(tls.ConnectionState)
		}
		w := httptest.NewRecorder()
		a.mux.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		why, page, user, content string
		secure                   bool
		want                     int
	}{
		{"an operator", "sessions/end", "chief", secure + users, true, 200},
		{"in clear", "sessions/end", "chief", secure + users, false, 403},
		{"another user", "sessions/end", "watch", secure + users, true, 403},
		{"an operator whom the file lacks", "sessions/end", "gone", secure + users, true, 403},
		{"no action", "support/log", "chief", secure + users, true, 403},
		{"a file that asks for no passwords any more", "sessions/end", "chief", secure, true, 403},
		{"a file that is broken", "sessions/end", "chief", "nonsense: 1\n", true, 403},
	} {
		file(c.content)
		if got := ask(c.page, c.user, c.secure); got != c.want {
			t.Errorf("%s: %d, want %d", c.why, got, c.want)
		}
	}
	if asked.User != "chief" || asked.From.String() != "192.0.2.7" {
		t.Errorf("%+v", asked)
	}
}
