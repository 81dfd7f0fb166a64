package site

import (
	"cmp"
	"crypto/rsa"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/test/keypair"
)

// Options are what tests want differently.
type Options struct {
	Binary string // the built program
	Front  int    // its ID; 0 is 1
	Listen string // where terminals connect to; "" is any port of 127.0.0.1
	URL    string // of PostgreSQL; "" is the embedded driver
	Relays bool   // takes relays, at a second listener on any port of 127.0.0.1
	Core   string // more lines of the section core, indented
	Store  string // more lines of the section store, indented

	Listeners string // the lines of front.listeners, indented, in place of Listen and Relays
	Admin     string // host:port of the admin listener; "" is any port of 127.0.0.1
	Health    string // host:port of its health listener; "" for none
	More      string // more sections
}

// Site is a firm in a temporary folder. Its methods fail the test that owns it.
type Site struct {
	Dir     string
	Config  string // path of the configuration
	Private *rsa.PrivateKey
	Key     supplement.Encrypter // version 1.0
	Apps    []demo.App
	Users   []demo.Account

	t      testing.TB
	binary string
}

// New makes keys, configuration, calendar, schema and master key; AppIDs and accounts are
// the test's to add.
func New(t testing.TB, o Options) *Site {
	t.Helper()
	s := newSite(t, o)
	if err := setUp(&o, s.Config); err != nil {
		t.Fatal(err)
	}
	return s
}

// newSite is a site with the files that no command makes.
func newSite(t testing.TB, o Options) *Site {
	t.Helper()
	s := &Site{t: t, binary: o.Binary, Dir: t.TempDir(), Private: keypair.RSA(0).RSA}
	s.Config = filepath.Join(s.Dir, configuration)
	err := o.writeFiles(s.Dir)
	if err == nil {
		s.Key, err = supplement.ParsePublicKey(keypair.RSA(0).Public)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const configuration = "tradefront.yaml"

// writeFiles makes what no command makes: the key pair, the calendar and the configuration.
func (o *Options) writeFiles(dir string) error {
	pair := keypair.RSA(0)
	for name, data := range map[string][]byte{
		"public.pem": pair.Public, "private.pem": pair.Private, "calendar.yaml": configs.Calendar, configuration: o.configuration(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// setUp makes by commands what each firm has: the schema and the master key.
func setUp(o *Options, config string) error {
	if o.URL != "" {
		if _, err := cli(o.Binary, config, "", "migrate"); err != nil {
			return err
		}
	}
	_, err := cli(o.Binary, config, "", "masterkey", "create")
	return err
}

// Beside is another front of the same firm, in a folder of its own, with the keys, the master key and the PostgreSQL of
// this one. AppIDs and accounts are this one's.
func (s *Site) Beside(o Options) *Site {
	s.t.Helper()
	b := &Site{t: s.t, binary: o.Binary, Dir: s.t.TempDir(), Private: s.Private, Key: s.Key, Apps: s.Apps, Users: s.Users}
	b.Config = filepath.Join(b.Dir, configuration)
	for _, name := range []string{"public.pem", "private.pem", "calendar.yaml", "master.key"} {
		data, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		b.Write(name, data)
	}
	b.Write(configuration, o.configuration())
	return b
}

func (o *Options) configuration() []byte {
	driver, listen := "embedded", o.Listen
	if o.URL != "" {
		driver = "postgres"
	}
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	listeners := fmt.Sprintf("    - address: %q\n", listen)
	if o.Listeners != "" {
		listeners = o.Listeners
	}
	if o.Relays {
		listeners += "    - {address: \"127.0.0.1:0\", admits: relays}\nrelay: {enabled: true}\n"
	}
	health := ""
	if o.Health != "" {
		health = fmt.Sprintf("  health_address: %q\n", o.Health)
	}
	return fmt.Appendf(nil, `
broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front:
  id: %d
  listeners:
%s%s
admin:
  address: %q
%skeys:
  - version: "1.0"
    public_key_file: "public.pem"
core:
  argon2: {memory_kib: 1024, iterations: 1}
  logins_per_user: 0
%s
store:
  driver: %s
  url: %q
%s
`, max(o.Front, 1), listeners, o.More, cmp.Or(o.Admin, "127.0.0.1:0"), health, o.Core, driver, o.URL, o.Store)
}

// Write makes a file of the site.
func (s *Site) Write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// CLI runs a command that must succeed, with --config, and returns its standard output.
func (s *Site) CLI(stdin string, args ...string) string {
	s.t.Helper()
	return CLI(s.t, s.binary, s.Config, stdin, args...)
}

// AddApp admits an AppID.
func (s *Site) AddApp(id string) {
	s.t.Helper()
	s.Apps = append(s.Apps, AddApp(s.t, s.binary, s.Config, id))
}

// AddAccount adds an account of user type "1" or "2".
func (s *Site) AddAccount(name, password, userType string) {
	s.t.Helper()
	s.Users = append(s.Users, AddAccount(s.t, s.binary, s.Config, name, password, userType))
}
