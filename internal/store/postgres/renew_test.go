package postgres_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tradefront/tradefront/internal/pgurl"
	"github.com/tradefront/tradefront/internal/store/postgres"
	"github.com/tradefront/tradefront/internal/store/storetest"
	"github.com/tradefront/tradefront/test/certificates"
	"github.com/tradefront/tradefront/test/pgtest"
)

// TestCertificatesAreReadAnew: a new connection shows the certificate that is in its place now; one of which the key is not there yet is no
// certificate, and the last known one stays. A URL with two hosts, of which each may be dialled with and without TLS.
func TestCertificatesAreReadAnew(t *testing.T) {
	authority, dir := certificates.New(t), t.TempDir()
	ends := time.Now().Add(time.Hour)
	first, second := authority.Issue(t, "first", ends), authority.Issue(t, "second", ends)
	cert, key := first.Write(t, dir, "client")
	url := storetest.URL(t, "postgres://front@h1,h2/firm?sslmode=prefer&sslcert="+cert+"&sslkey="+key)
	p, err := postgres.Open(t.Context(), url, postgres.Options{URL: func() (*pgurl.URL, error) { return url, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer storetest.CloseIt(t, p)
	wantShown := func(pair certificates.Pair) {
		t.Helper()
		config, err := p.Renewed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shown := []*tls.Config{config.TLSConfig}
		for _, f := range config.Fallbacks {
			if f.TLSConfig != nil {
				shown = append(shown, f.TLSConfig)
			}
		}
		if len(shown) != 2 {
			t.Errorf("%d ways with TLS, want one to each host", len(shown))
		}
		for _, s := range shown {
			if !bytes.Equal(s.Certificates[0].Certificate[0], pair.TLS(t).Certificate[0]) {
				t.Error("another certificate is shown")
			}
		}
	}
	wantShown(first)
	storetest.WriteFile(t, cert, second.Cert)
	wantShown(first)
	storetest.WriteFile(t, key, second.Key)
	wantShown(second)
}

// TestWhatIsGoneStaysKnown: files in the user's home that the driver takes although no URL names them. Without the authority the driver
// believes any server (sslmode=require) or each of the system's authorities (verify-full), and without ~/.pgpass it has no password.
func TestWhatIsGoneStaysKnown(t *testing.T) {
	for _, mode := range []string{"require", "verify-full"} {
		t.Run(mode, func(t *testing.T) {
			authority, home := certificates.New(t), t.TempDir()
			t.Setenv("HOME", home)
			dir := filepath.Join(home, ".postgresql")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			root, pgpass := filepath.Join(dir, "root.crt"), filepath.Join(home, ".pgpass")
			storetest.WriteFile(t, root, authority.PEM)
			storetest.WriteFile(t, pgpass, []byte("*:*:*:*:word\n"))
			cert, key, pair := filepath.Join(dir, "postgresql.crt"), filepath.Join(dir, "postgresql.key"), authority.Issue(t, "first", time.Now().Add(time.Hour))
			storetest.WriteFile(t, cert, pair.Cert)
			storetest.WriteFile(t, key, pair.Key)
			url := storetest.URL(t, "postgres://front@h1,h2/firm?sslmode="+mode)
			p, err := postgres.Open(t.Context(), url, postgres.Options{URL: func() (*pgurl.URL, error) { return url, nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer storetest.CloseIt(t, p)
			wantKnown := func(gone string) {
				t.Helper()
				config, err := p.Renewed(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if config.Password != "word" {
					t.Errorf("%s gone: the password is lost", gone)
				}
				for _, s := range []*tls.Config{config.TLSConfig, config.Fallbacks[0].TLSConfig} {
					checks := !s.InsecureSkipVerify || s.VerifyPeerCertificate != nil
					if !checks || s.RootCAs == nil || !s.RootCAs.Equal(authority.Pool()) || len(s.Certificates) != 1 {
						t.Errorf("%s gone: the server is checked %v, authorities %v, %d certificates", gone, checks, s.RootCAs != nil, len(s.Certificates))
					}
				}
			}
			wantKnown("nothing")
			for _, file := range []string{key, cert, pgpass, root} {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				wantKnown(filepath.Base(file))
			}
		})
	}
}

// TestPasswordIsReadAnew: a role that got another password is connected to again as soon as the URL's file has it, by the pool and by the
// connection that counts sessions; a URL that cannot be read or leads elsewhere changes nothing, and is named once a connection fails.
func TestPasswordIsReadAnew(t *testing.T) {
	c := pgtest.Start(t)
	super := storetest.OpenPostgresAt(t, c.URL(), postgres.Options{})
	var hba string
	storetest.Row(t, super, "SELECT current_setting('hba_file')", &hba)
	rules := "host all front all scram-sha-256\nlocal all front scram-sha-256\n" + string(storetest.ReadFile(t, hba))
	if err := os.WriteFile(hba, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, super, "SELECT pg_reload_conf()")
	storetest.Execute(t, super, "CREATE ROLE front SUPERUSER LOGIN PASSWORD 'old-word'")
	at := func(user string) *pgurl.URL {
		return storetest.URL(t, strings.Replace(c.URL(), "//postgres@", "//"+user+"@", 1))
	}
	var now atomic.Pointer[pgurl.URL] // nil: it cannot be read
	now.Store(at("front:old-word"))
	p, err := postgres.Open(t.Context(), at("front:old-word"), postgres.Options{URL: func() (*pgurl.URL, error) {
		if u := now.Load(); u != nil {
			return u, nil
		}
		return nil, errors.New("url_file is closed to the front")
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer storetest.CloseIt(t, p)
	connects := func(want ...string) { // without an argument: it does
		t.Helper()
		storetest.Execute(t, super, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'front'")
		online := p.Online()
		defer online.Close()
		storetest.Eventually(t, func() error { // the pool finds out that its connections are gone by using them
			for _, err := range []error{p.Ping(t.Context()), online.Begin(t.Context(), nil)} {
				text := fmt.Sprint(err)
				if (err == nil) != (len(want) == 0) || slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(text, w) }) {
					return fmt.Errorf("%s, want %q", text, want)
				}
				if strings.Contains(text, "what it was before") != (len(want) == 2) {
					return fmt.Errorf("%s: what was tried", text)
				}
			}
			return nil
		})
	}
	connects()
	storetest.Execute(t, super, "ALTER ROLE front PASSWORD 'new-word'")
	connects("password authentication failed")
	now.Store(at("front:new-word"))
	connects()
	now.Store(at("other:x"))
	connects()
	now.Store(nil)
	connects()
	// What no connection could take is told with the first that fails for it.
	storetest.Execute(t, super, "ALTER ROLE front PASSWORD 'newest-word'")
	connects("password authentication failed", "so what it was before was tried: url_file is closed to the front")
	now.Store(at("other:x"))
	connects("password authentication failed", "the URL leads elsewhere now, which needs a restart")
	now.Store(at("front:wrong-word"))
	connects("password authentication failed")
	now.Store(at("front:newest-word"))
	connects()
}
