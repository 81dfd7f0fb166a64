package main

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/tradefront/tradefront/test/await"
	"github.com/tradefront/tradefront/test/certificates"
)

// protectedAdmin gives the site an admin listener with TLS and a password, and the commands what they need for it.
func protectedAdmin(t *testing.T) {
	t.Helper()
	newSite(t)
	authority := certificates.New(t)
	authority.Issue(t, "localhost", time.Now().Add(time.Hour)).Write(t, ".", "admin")
	write(t, "ca.pem", string(authority.PEM))
	write(t, "other-ca.pem", string(certificates.New(t).PEM))
	hash, err := bcrypt.GenerateFromPassword([]byte("right-word"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write(t, "web.yml", "tls_server_config: {cert_file: admin.pem, key_file: admin.key}\nbasic_auth_users: {watch: '"+string(hash)+"'}\n")
	write(t, "login", "watch:right-word\n")
	write(t, "wrong-login", "watch:wrong-word\n")
	write(t, "tradefront.yaml", strings.Replace(siteConfig, "\ncore:", "\n  web_config_file: web.yml\n  ca_file: ca.pem\n  login_file: login\ncore:", 1))
}

// TestAdminListenerWithTLSAndPassword: each command that asks a front logs in, and one that cannot says what it lacks.
func TestAdminListenerWithTLSAndPassword(t *testing.T) {
	protectedAdmin(t)
	front := serve(t)
	await.True(t, "the front's registry is loaded", func() bool {
		return tradefront("", "front", "status", "-c", "tradefront.yaml", "--front", front.admin).status == exitDone
	})
	beside := onC + " --front " + front.admin
	play(t, []step{
		{"front status" + beside, "", 0, "front 1, …", ""},
		{"session list" + beside, "", 0, "FRONT …", ""},
		{"session end 7" + beside, "", 1, "", "tradefront: …session 7…"},
		{"app list" + beside, "", 0, "…", ""},
		{"front trace --address 127.0.0.1 --for 1s" + beside, "", 0, "…", ""},
		{"config check" + onC, "", 0, "…", ""},
	})
	if got := tradefront("", strings.Fields("doctor"+beside)...); !like("…pass  front          front 1, …", got.out) {
		t.Errorf("doctor: %+v", got)
	}
	bundle := tradefront("", strings.Fields("support-bundle --out b.tar.gz"+beside)...)
	if bundle.status != exitDone || strings.Contains(bundle.out, "readyz.json is missing") || strings.Contains(bundle.out, "trace.out:") {
		t.Errorf("support-bundle: %+v", bundle)
	}
	const asks = "; is it running, and is that its admin.address? --front names another"
	for _, tt := range []struct{ from, to, why string }{
		{"  login_file: login\n", "", "it asks for a password: name a file that holds user:password as admin.login_file"},
		{"login_file: login", "login_file: wrong-login", "it does not take the user and the password of admin.login_file: …"},
		{"  ca_file: ca.pem\n", "", "it has TLS: name the file with its authority's certificate as admin.ca_file"},
		{"ca_file: ca.pem", "ca_file: other-ca.pem", "…: admin.ca_file lacks the certificate of the authority that signed the admin listener's"},
	} {
		good := read(t, "tradefront.yaml")
		write(t, "tradefront.yaml", strings.Replace(good, tt.from, tt.to, 1))
		play(t, []step{{"front status" + beside, "", 1, "", `tradefront: ask the front at "` + front.admin + `": ` + tt.why + asks}})
		write(t, "tradefront.yaml", good)
	}
	if status := front.stop(); status != exitDone {
		t.Errorf("exit status %d: %s", status, front.errOut.String())
	}
}

// TestNewWebConfigCountsAtOnce: a password that is taken away opens nothing any more, and a file that became bad shuts everyone out.
func TestNewWebConfigCountsAtOnce(t *testing.T) {
	protectedAdmin(t)
	front := serve(t)
	ask := step{"front status" + onC + " --front " + front.admin, "", 0, "front 1, …", ""}
	play(t, []step{ask})
	good := read(t, "web.yml")
	write(t, "web.yml", strings.Replace(good, "watch:", "other:", 1))
	play(t, []step{{ask.args, "", 1, "", "…does not take the user and the password…"}})
	write(t, "web.yml", good+"no_such_key: 1\n")
	if got := tradefront("", strings.Fields(ask.args)...); got.status == exitDone {
		t.Errorf("a front with a bad web configuration file answered: %+v", got)
	}
	write(t, "web.yml", good)
	play(t, []step{ask})
	front.stop()
}

// TestWebConfigIsJudged with the rest of the configuration, before anything is opened.
func TestWebConfigIsJudged(t *testing.T) {
	protectedAdmin(t)
	good := read(t, "tradefront.yaml")
	web := read(t, "web.yml")
	const tls = "tls_server_config: {cert_file: admin.pem, key_file: admin.key}\n"
	for _, tt := range []struct {
		web, from, to string
		status        int
		line          string
	}{
		{web, "", "", 0, ""},
		{"nonsense: 1\n", "", "", 1, "admin.web_config_file: …nonsense not found…"},
		{strings.Replace(web, "admin.key", "no.key", 1), "", "", 1, "admin.web_config_file: …no.key…no such file…"},
		{"basic_auth_users: {watch: right-word}\n", "", "", 1, "admin.web_config_file: …bcrypt…"},
		{web, "login_file: login", "login_file: ca.pem", 1, "admin.login_file: …"},
		{web, "ca_file: ca.pem", "ca_file: login", 1, "admin.ca_file: …login holds no certificate in PEM form…"},
		{web, "web_config_file: web.yml", "web_config_file: none.yml", 1, "admin.web_config_file: …none.yml does not exist…"},
		{web, "  login_file: login\n", "", 0, "warning: admin.login_file: is empty, and the admin listener asks for a password…"},
		{web, "  ca_file: ca.pem\n", "", 0, "warning: admin.ca_file: is empty, and the admin listener has TLS…"},
		{strings.Replace(web, tls, "", 1), "", "", 0, "warning: admin.ca_file: is given, and the admin listener has no TLS…"},
		{strings.Replace(web, tls, "", 1), "address: \"127.0.0.1:0\"\n  web", "address: \"0.0.0.0:0\"\n  web", 0, "warning: admin.address: passwords go to 0.0.0.0:0 in clear…"},
		{tls, "address: \"127.0.0.1:0\"\n  web", "address: \"0.0.0.0:0\"\n  web", 0, "warning: admin.address: …asks for no password…"},
		{web, "address: \"127.0.0.1:0\"\n  web", "address: \"0.0.0.0:0\"\n  web", 0, ""},
		{
			"tls_server_config: {cert_file: admin.pem, key_file: admin.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}\n",
			"", "", 0, "warning: admin.web_config_file: asks each client for a certificate…",
		},
	} {
		write(t, "web.yml", tt.web)
		write(t, "tradefront.yaml", strings.Replace(good, tt.from, tt.to, 1))
		got := tradefront("", strings.Fields("config check"+onC)...)
		found := 0
		for line := range strings.Lines(got.out + got.err) {
			if tt.line != "" && like("…"+tt.line, strings.TrimSpace(line)) {
				found++
			} else if tt.line == "" && strings.Contains(line, "admin.") {
				t.Errorf("%s %s: %s", tt.from, tt.web, line)
			}
		}
		if got.status != tt.status || tt.line != "" && found != 1 || strings.Contains(got.out+got.err, "right-word") {
			t.Errorf("%q in %q and %q: %+v", tt.line, tt.to, tt.web, got)
		}
	}
}
