package site

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/assemble"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/coresim"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// Site is a firm in a temporary folder.
type Site struct {
	Dir     string
	Path    string // of the configuration file
	Config  *config.Config
	Private *rsa.PrivateKey // the monitoring centre's half, which a real front never sees
	Firm    demo.Firm
}

// What the demo's terminals use.
const (
	KeyVersion = "1.0"
	Instrument = "SIM2612" // the only one of the core-sim
	Password   = "demo-password"
	CoreNotice = "core-sim is no trading core"
	accounts   = 24
)

var apps = []struct {
	id     regulation.AppID
	cipher auth.Cipher
}{{"client_xsb_1.0", auth.AES}, {"abcdef_ghijkl_1.6.0", auth.AES}, {"demo_desk_3.2", auth.SM4}}

// New makes folder, test key pair, master key and configuration of a front with its local core.
func New(dir, postgresURL, listen, admin string) (*Site, error) {
	return create(dir, firmConfig(postgresURL, listen, admin, ""))
}

// NewLinked is New for a front that has a core-sim behind it, at CoreSocket, and a second listener for relays.
func NewLinked(dir, postgresURL, listen, admin string) (*Site, error) {
	return create(dir, linkedConfig(postgresURL, listen, admin, "127.0.0.1:0"))
}

// WriteAddresses puts the addresses of a linked site's running front into its configuration file, where ports were 0: commands
// that are given the file then find the front.
func (s *Site) WriteAddresses(postgresURL, listen, admin, relays string) error {
	return os.WriteFile(s.Path, linkedConfig(postgresURL, listen, admin, relays), 0o600)
}

func linkedConfig(postgresURL, listen, admin, relays string) []byte {
	return append(firmConfig(postgresURL, listen, admin, fmt.Sprintf(relayListener, relays)), linkConfig...)
}

func create(dir string, configuration []byte) (*Site, error) {
	s := &Site{Dir: dir, Path: filepath.Join(dir, "tradefront.yaml")}
	if err := s.makeKeys(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "calendar.yaml"), configs.Calendar, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.Path, configuration, 0o600); err != nil {
		return nil, err
	}
	var err error
	if s.Config, err = config.Load(s.Path, nil); err != nil {
		return nil, err
	}
	if err := auth.CreateMasterKey(s.Config.Auth.MasterKeyFile.Path); err != nil {
		return nil, err
	}
	return s, nil
}

// firmConfig is what a small firm would write; the report's key is that of the test pair.
func firmConfig(postgresURL, listen, admin, moreListeners string) []byte {
	driver := "embedded"
	if postgresURL != "" {
		driver = assemble.DriverPostgres
	}
	return fmt.Appendf(nil, `# Written by tradefront demo.
broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front:
  id: 1
  listeners:
    - address: %q
%sadmin:
  address: %q
keys:
  - version: %q
    public_key_file: "keys/1.0.pem"
store:
  driver: %s
  url: %q
log_level: warn
core:
  logins_per_user: 0 # a crowd shares a few accounts here
`, listen, moreListeners, admin, KeyVersion, driver, postgresURL)
}

// relayListener follows the customers' listener of firmConfig.
const relayListener = `    - address: %q
      admits: relays
`

// linkConfig follows firmConfig, whose last section is core.
const linkConfig = `  driver: link
  link:
    endpoints: ["unix:core.sock"]
    verify_timeout: 20s # the machine may be busy with all of it at once
relay:
  enabled: true
`

// CoreSocket is where the front of a linked site looks for its trading core.
func (s *Site) CoreSocket() string { return s.Config.Core.Link.Endpoints[0].Unix }

// CoreAccounts are the firm's accounts as a core-sim takes them.
func (s *Site) CoreAccounts() []coresim.Account {
	all := make([]coresim.Account, len(s.Firm.Accounts))
	for i, a := range s.Firm.Accounts {
		all[i] = coresim.Account{User: string(a.Account), Password: a.Password, Type: a.UserType.Word(), Notice: CoreNotice}
	}
	return all
}

// monitoringCentre is the test key of all sites that this process makes: a demo makes one, a test binary a dozen.
var monitoringCentre = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func (s *Site) makeKeys() (err error) {
	if s.Private, err = monitoringCentre(); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&s.Private.PublicKey)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(s.Private)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.Dir, "keys"), 0o700); err != nil {
		return err
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	if s.Firm.Key, err = supplement.ParsePublicKey(publicPEM); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(s.Dir, "keys", "1.0.pem"), publicPEM, 0o600),
		os.WriteFile(filepath.Join(s.Dir, "keys", "1.0.test-private.pem"),
			pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
}

// Enrol admits the demo's AppIDs and adds its accounts, as the operator's commands do. On
// a PostgreSQL that has seen a demo before they are there already, with other codes.
func (s *Site) Enrol(ctx context.Context) (err error) {
	master, err := assemble.LoadMasterKey(s.Config)
	if err != nil {
		return err
	}
	r, err := assemble.OpenRecords(ctx, s.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, a := range apps {
		app, err := AdmitApp(ctx, directory.New(r.Tables()), master, a.id, a.cipher)
		if err != nil {
			return err
		}
		s.Firm.Apps = append(s.Firm.Apps, app)
	}
	s.Firm.Accounts = accountList()
	if s.Config.Relay.Enabled {
		if s.Firm.Relays, err = admitRelays(ctx, directory.New(r.Tables()), master, firstOperator(s.Firm.Accounts)); err != nil {
			return err
		}
	}
	if s.Config.Core.Driver != assemble.DriverLink { // a trading core has accounts of its own
		if err := s.addAccounts(ctx, r); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(s.AuthCodeFile(), []byte(s.Firm.Apps[0].AuthCode+"\n"), 0o600),
		os.WriteFile(s.PasswordFile(), []byte(Password+"\n"), 0o600),
	)
}

func accountList() []demo.Account {
	all := make([]demo.Account, accounts)
	for i := range all {
		all[i] = demo.Account{Account: regulation.Account(strconv.Itoa(88880000 + i)), UserType: regulation.UserCustomer, Password: Password}
		if i%8 == 7 {
			all[i].UserType = regulation.UserOperator
		}
	}
	return all
}

// addAccounts adds the firm's accounts to the front's own store.
func (s *Site) addAccounts(ctx context.Context, r assemble.Records) error {
	// One hash for all: they have the same password, and the demo should begin soon.
	hash, err := local.HashPassword([]byte(Password), assemble.CoreOptions(s.Config).Params)
	if err != nil {
		return err
	}
	for _, a := range s.Firm.Accounts {
		now := time.Now()
		err := directory.New(r.Tables()).AddAccount(ctx, local.Account{
			Account: a.Account, UserType: a.UserType, PasswordHash: hash, Created: now, Changed: now,
		})
		if err != nil && !errors.Is(err, store.ErrExists) {
			return err
		}
	}
	return nil
}

// AuthCodeFile is that of the first AppID. It and PasswordFile are for a person who tries the demo by hand. They lie in the
// demo's folder, which only its user may enter and which goes with the demo.
func (s *Site) AuthCodeFile() string { return filepath.Join(s.Dir, "authcode") }

// PasswordFile is that of every account.
func (s *Site) PasswordFile() string { return filepath.Join(s.Dir, "password") }

// AdmitApp admits an AppID with a random authcode; one that is there already gets a new code.
func AdmitApp(
	ctx context.Context, d *directory.Directory, master *auth.MasterKey, id regulation.AppID, cipher auth.Cipher,
) (demo.App, error) {
	code, err := auth.NewAuthCode(rand.Reader)
	if err != nil {
		return demo.App{}, err
	}
	err = d.Admit(ctx, master, id, code, cipher)
	if errors.Is(err, store.ErrExists) {
		_, err = d.Rotate(ctx, master, id, directory.Rotation{Code: code, Cipher: &cipher})
	}
	return demo.App{AppID: id, AuthCode: code.Reveal(), Cipher: demo.ClientCipher(cipher)}, err
}
