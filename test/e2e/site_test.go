package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/pgtest"
)

var binary string // the built program

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tradefront-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tradefront")
	args := []string{"build", "-o", binary}
	if raceFlag != "" {
		args = append(args, raceFlag)
	}
	if out, err := exec.Command("go", append(args, "../../cmd/tradefront")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return pgtest.Main(m)
}

// site is a firm in a temporary folder, set up by the commands of the program.
type site struct {
	t       testing.TB
	dir     string
	config  string
	private *rsa.PrivateKey
	key     supplement.Encrypter
	apps    []demo.App
	users   []demo.Account
}

const (
	account  = "88888888"
	password = "s3cret@pass"
	appID    = "client_xsb_1.0"
)

// newSite makes keys, configuration, master key, an AppID and an account. postgresURL ""
// is the embedded driver; extra is YAML that is put at the end.
func newSite(t testing.TB, postgresURL, extra string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.config = filepath.Join(s.dir, "tradefront.yaml")
	s.makeKeys()
	driver := "embedded"
	if postgresURL != "" {
		driver = "postgres"
	}
	s.write("calendar.yaml", configs.Calendar)
	s.write("tradefront.yaml", fmt.Appendf(nil, `
broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front:
  id: 1
  listeners:
    - address: "127.0.0.1:0"
admin:
  address: "127.0.0.1:0"
keys:
  - version: "1.0"
    public_key_file: "public.pem"
core:
  argon2: {memory_kib: 1024, iterations: 1}
store:
  driver: %s
  url: %q
%s
`, driver, postgresURL, extra))
	if postgresURL != "" {
		s.cli("", "migrate")
	}
	s.cli("", "masterkey", "create")
	s.addApp(appID)
	s.addAccount(account, "1")
	return s
}

func (s *site) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) makeKeys() {
	s.t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	s.private = private
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		s.t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	s.write("public.pem", publicPEM)
	s.write("private.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if s.key, err = supplement.ParsePublicKey(publicPEM); err != nil {
		s.t.Fatal(err)
	}
}

// cli runs a command that must succeed, with --config, and returns its standard output.
func (s *site) cli(stdin string, args ...string) string {
	s.t.Helper()
	out, errOut, err := s.try(stdin, args...)
	if err != nil {
		s.t.Fatalf("tradefront %s: %v\n%s%s", strings.Join(args, " "), err, out, errOut)
	}
	return out
}

func (s *site) try(stdin string, args ...string) (out, errOut string, err error) {
	cmd := exec.Command(binary, append(args, "--config", s.config)...)
	var o, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

func (s *site) addApp(id string) demo.App {
	s.t.Helper()
	var added struct {
		AppID    string `json:"app_id"`
		AuthCode string `json:"authcode"`
	}
	out := s.cli("", "app", "add", "--app-id", id, "-o", "json")
	if err := json.Unmarshal([]byte(out), &added); err != nil || added.AppID != id {
		s.t.Fatalf("app add: %v in %s", err, out)
	}
	app := demo.App{AppID: regulation.AppID(id), AuthCode: added.AuthCode}
	s.apps = append(s.apps, app)
	return app
}

func (s *site) addAccount(name, userType string) {
	s.t.Helper()
	s.cli(password+"\n", "account", "add", "--account", name, "--password-file", "-", "--user-type", userType)
	s.users = append(s.users, demo.Account{
		Account: regulation.Account(name), UserType: regulation.UserType(userType[0]), Password: password,
	})
}

// stores runs a test on both.
func stores(t *testing.T, test func(t *testing.T, postgresURL string)) {
	t.Run("embedded", func(t *testing.T) { test(t, "") })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

// replaceConfig changes a word of the configuration file.
func (s *site) replaceConfig(old, replacement string) *site {
	s.t.Helper()
	data, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		s.t.Fatalf("%q is not in the configuration", old)
	}
	s.write(filepath.Base(s.config), bytes.Replace(data, []byte(old), []byte(replacement), 1))
	return s
}
