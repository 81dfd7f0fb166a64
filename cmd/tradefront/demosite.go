package main

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
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/config"
	"github.com/tradefront/tradefront/internal/core"
	"github.com/tradefront/tradefront/internal/demo"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store"
	"github.com/tradefront/tradefront/internal/supplement"
)

// demoSite is a firm in a temporary folder.
type demoSite struct {
	dir     string
	path    string // of the configuration file
	cfg     *config.Config
	private *rsa.PrivateKey // the monitoring centre's half, which a real front never sees
	firm    demo.Firm
}

const (
	demoKeyVersion = "1.0"
	demoPassword   = "demo-password"
	demoAccounts   = 24
)

var demoApps = []struct {
	id     regulation.AppID
	cipher auth.Cipher
}{{"client_xsb_1.0", auth.AES}, {"abcdef_ghijkl_1.6.0", auth.AES}, {"demo_desk_3.2", auth.SM4}}

// newDemoSite makes folder, test key pair, master key and configuration.
func newDemoSite(dir, postgresURL, listen, admin string) (*demoSite, error) {
	s := &demoSite{dir: dir, path: filepath.Join(dir, "tradefront.yaml")}
	if err := s.makeKeys(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "calendar.yaml"), configs.Calendar, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.path, demoConfig(postgresURL, listen, admin), 0o600); err != nil {
		return nil, err
	}
	var err error
	if s.cfg, err = config.Load(s.path, nil); err != nil {
		return nil, err
	}
	if err := auth.CreateMasterKey(s.cfg.Auth.MasterKeyFile); err != nil {
		return nil, err
	}
	return s, nil
}

// demoConfig is what a small firm would write; the report's key is that of the test pair.
func demoConfig(postgresURL, listen, admin string) []byte {
	driver := "embedded"
	if postgresURL != "" {
		driver = driverPostgres
	}
	return fmt.Appendf(nil, `# Written by tradefront demo.
broker_id: "9999"
report_unit_id: "0001"
vendor_id: "TF01"
front:
  id: 1
  listeners:
    - address: %q
admin:
  address: %q
keys:
  - version: %q
    public_key_file: "keys/1.0.pem"
store:
  driver: %s
  url: %q
core:
  logins_per_user: 0 # a crowd shares a few accounts here
log_level: warn
`, listen, admin, demoKeyVersion, driver, postgresURL)
}

func (s *demoSite) makeKeys() (err error) {
	if s.private, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(s.private)
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, "keys"), 0o700); err != nil {
		return err
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	if s.firm.Key, err = supplement.ParsePublicKey(publicPEM); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(s.dir, "keys", "1.0.pem"), publicPEM, 0o600),
		os.WriteFile(filepath.Join(s.dir, "keys", "1.0.test-private.pem"),
			pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
}

// enrol admits the demo's AppIDs and adds its accounts, as the operator's commands do. On
// a PostgreSQL that has seen a demo before they are there already, with other codes.
func (s *demoSite) enrol(ctx context.Context) (err error) {
	master, err := loadMasterKey(s.cfg)
	if err != nil {
		return err
	}
	r, err := openRecords(ctx, s.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, a := range demoApps {
		app, err := admitDemoApp(ctx, store.NewDirectory(r.Tables()), master, a.id, a.cipher)
		if err != nil {
			return err
		}
		s.firm.Apps = append(s.firm.Apps, app)
	}
	// One hash for all: they have the same password, and the demo should begin soon.
	hash, err := core.HashPassword([]byte(demoPassword), coreOptions(s.cfg).Params)
	if err != nil {
		return err
	}
	for i := range demoAccounts {
		account := demo.Account{
			Account: regulation.Account(strconv.Itoa(88880000 + i)), UserType: regulation.UserCustomer, Password: demoPassword,
		}
		if i%8 == 7 {
			account.UserType = regulation.UserOperator
		}
		now := time.Now()
		err := store.NewDirectory(r.Tables()).AddAccount(ctx, core.Account{
			Account: account.Account, UserType: account.UserType, PasswordHash: hash, Created: now, Changed: now,
		})
		if err != nil && !errors.Is(err, store.ErrExists) {
			return err
		}
		s.firm.Accounts = append(s.firm.Accounts, account)
	}
	return errors.Join(
		os.WriteFile(s.authCodeFile(), []byte(s.firm.Apps[0].AuthCode+"\n"), 0o600),
		os.WriteFile(s.passwordFile(), []byte(demoPassword+"\n"), 0o600),
	)
}

// authCodeFile and passwordFile are for a person who tries the demo by hand. They lie in the
// demo's folder, which only its user may enter and which goes with the demo.
func (s *demoSite) authCodeFile() string { return filepath.Join(s.dir, "authcode") }
func (s *demoSite) passwordFile() string { return filepath.Join(s.dir, "password") }

func admitDemoApp(
	ctx context.Context, d *store.Directory, master *auth.MasterKey, id regulation.AppID, cipher auth.Cipher,
) (demo.App, error) {
	code, err := auth.NewAuthCode(rand.Reader)
	if err != nil {
		return demo.App{}, err
	}
	now := time.Now()
	app := auth.App{AppID: id, Type: auth.AppDirect, Enabled: true, Created: now, Changed: now}
	if err := master.Rotate(&app, code, cipher, time.Time{}); err != nil {
		return demo.App{}, err
	}
	err = d.AddApp(ctx, app)
	if errors.Is(err, store.ErrExists) {
		err = replaceCode(ctx, d, app)
	}
	return demo.App{AppID: id, AuthCode: code.Reveal(), Cipher: clientCipher(cipher)}, err
}

// replaceCode gives an AppID that is there already the code of app.
func replaceCode(ctx context.Context, d *store.Directory, app auth.App) error {
	was, err := findApp(ctx, d, app.AppID)
	if err != nil {
		return err
	}
	return d.SetAppCodes(ctx, was.Sealed, app)
}
