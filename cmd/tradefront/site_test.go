package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/command"
	"github.com/tradefront/tradefront/test/keypair"
	"github.com/tradefront/tradefront/test/pgtest"
)

// The exit statuses.
const (
	exitDone   = command.ExitDone
	exitFailed = command.ExitFailed
	exitMisuse = command.ExitMisuse
)

// outcome is what a command left behind.
type outcome struct {
	status   int
	out, err string
}

// tradefront runs the program in this process.
func tradefront(in string, args ...string) outcome { return tradefrontWith(nil, in, args...) }

func tradefrontWith(environ []string, in string, args ...string) outcome {
	var out, errOut bytes.Buffer
	status := run(args, environ, strings.NewReader(in), &out, &errOut)
	return outcome{status, out.String(), errOut.String()}
}

// step is one command and what must come of it. In out and err … matches anything; ""
// is nothing at all.
type step struct {
	args   string // parted by spaces
	in     string
	status int
	out    string
	err    string
}

// play runs the steps one after the other in the same folder.
func play(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		got := tradefront(s.in, strings.Fields(s.args)...)
		if got.status != s.status || !like(s.out, got.out) || !like(s.err, got.err) {
			t.Errorf("tradefront %s: exit status %d, want %d\n--- stdout\n%s--- want\n%s\n--- stderr\n%s--- want\n%s",
				s.args, got.status, s.status, got.out, s.out, got.err, s.err)
		}
	}
}

// like compares text, but for the line break at its end, with a pattern.
func like(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", "(?s:.*)")
	return regexp.MustCompile("^" + quoted + "$").MatchString(strings.TrimSuffix(text, "\n"))
}

// siteConfig is a small firm's. argon2 is cheap: its cost is not what is tested here.
// firmIDs are the keys that have no default.
const firmIDs = `broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
`

const siteConfig = firmIDs + `front:
  listeners:
    - address: "127.0.0.1:0"
admin:
  address: "127.0.0.1:0"
core:
  argon2:
    memory_kib: 1024
    iterations: 1
keys:
  - version: "1.0"
    public_key_file: "keys/1.0.pem"
`

// newSite makes the folder of a firm with everything in it, and goes there: the commands
// then find tradefront.yaml, and their messages show short paths.
func newSite(t *testing.T) {
	t.Helper()
	bareSite(t)
	if err := auth.CreateMasterKey("master.key"); err != nil {
		t.Fatal(err)
	}
}

// bareSite has no master key yet.
func bareSite(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.Mkdir("keys", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, "tradefront.yaml", siteConfig)
	write(t, "calendar.yaml", string(configs.Calendar))
	write(t, "keys/1.0.pem", publicPEM(t, &testKey().PublicKey))
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// testKey is the monitoring centre's.
func testKey() *rsa.PrivateKey { return keypair.RSA(0).RSA }

func newRSAKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func publicPEM(t *testing.T, key *rsa.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func privatePEM(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
