package e2e

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/test/pgtest"
	firm "github.com/tradefront/tradefront/test/site"
)

var binary string // the built program

func TestMain(m *testing.M) {
	if floodChild() {
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tradefront-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tradefront")
	if err := errors.Join(firm.Build(binary), firm.EndAtOnce()); err != nil {
		fmt.Fprintln(os.Stderr, err)
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
	sealed  *sealedTexts // the firm's public key
	apps    []demo.App
	users   []demo.Account
}

const (
	account  = "88888888"
	password = "s3cret@pass"
	appID    = "client_xsb_1.0"
)

// newSite makes a firm with an AppID and an account. postgresURL "" is the embedded driver;
// extra is YAML that is put at the end, in the section store.
func newSite(t testing.TB, postgresURL, extra string) *site {
	t.Helper()
	firm.AwayFromTheClose(t)
	o := firm.Options{Binary: binary, URL: postgresURL, Store: extra}
	if p := prepared(t, postgresURL); p != nil {
		return siteOf(t, p.New(t, o))
	}
	f := firm.New(t, o)
	f.AddApp(appID)
	f.AddAccount(account, password, "1")
	return siteOf(t, f)
}

func siteOf(t testing.TB, f *firm.Site) *site {
	return &site{t: t, dir: f.Dir, config: f.Config, private: f.Private, sealed: &sealedTexts{Encrypter: f.Key}, apps: f.Apps, users: f.Users}
}

func (s *site) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// cli runs a command that must succeed, with --config, and returns its standard output.
func (s *site) cli(stdin string, args ...string) string {
	s.t.Helper()
	return firm.CLI(s.t, binary, s.config, stdin, args...)
}

func (s *site) try(stdin string, args ...string) (out, errOut string, err error) {
	return firm.Run(binary, s.config, stdin, args...)
}

func (s *site) addApp(id string) demo.App {
	s.t.Helper()
	app := firm.AddApp(s.t, binary, s.config, id)
	s.apps = append(s.apps, app)
	return app
}

func (s *site) addAccount(name, userType string) {
	s.t.Helper()
	s.users = append(s.users, firm.AddAccount(s.t, binary, s.config, name, password, userType))
}

// addCustomers adds n accounts of customers, which count up from the first, by one command.
func (s *site) addCustomers(first, n int) {
	s.t.Helper()
	csv := "account,password\n"
	for i := range n {
		name := strconv.Itoa(first + i)
		csv += name + "," + password + "\n"
		s.users = append(s.users, demo.Account{Account: regulation.Account(name), UserType: regulation.UserCustomer, Password: password})
	}
	s.cli(csv, "account", "import", "-")
}

// stores runs a test on both.
func stores(t *testing.T, test func(t *testing.T, postgresURL string)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, firmDatabase(t))
	})
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
