package simulation

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tradefront/tradefront/configs"
	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/calendar"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/directory"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/store/journal"
	"github.com/tradefront/tradefront/internal/supplement"
	"github.com/tradefront/tradefront/internal/supplement/testkey"
	"github.com/tradefront/tradefront/test/keypair"
)

// stock is what all runs share: made once, outside of any bubble, and never changed.
type stock struct {
	disk      image // of a front that was installed and never started
	master    *auth.MasterKey
	codes     map[string]auth.AuthCode
	keys      map[string]supplement.Encrypter
	privates  map[string]testkey.Decrypter
	calendars []*calendar.Calendar
	// errors of SQLite's own type
	brokenFile error // the file has failed: answered with ErrBroken
	lockedFile error // another process has it locked for too long
}

const (
	broker      = "9999"
	goodApp     = "client_sim_1.0"
	otherApp    = "vendor_tr_2.1"
	disabledApp = "gone_sim_1"
	passwordOf  = "pw-" // and the account
)

// accounts and what they are.
var accounts = map[string]regulation.UserType{
	"80000001": regulation.UserCustomer, "80000002": regulation.UserCustomer,
	"80000003": regulation.UserCustomer, relayOperator: regulation.UserOperator,
	otherOperator: regulation.UserOperator, outOfScope: regulation.UserCustomer,
}

var argon2 = local.Params{MemoryKiB: 8, Iterations: 1}

var shared = sync.OnceValue(func() *stock {
	dir, err := os.MkdirTemp(ramDisk(), "tradefront-simulation-")
	must(err)
	defer os.RemoveAll(dir)
	s := &stock{codes: make(map[string]auth.AuthCode), keys: make(map[string]supplement.Encrypter), privates: make(map[string]testkey.Decrypter)}
	must(auth.CreateMasterKey(filepath.Join(dir, "master.key")))
	s.master, err = auth.LoadMasterKey(filepath.Join(dir, "master.key"))
	must(err)
	for i, version := range []string{"1.0", "2.0"} {
		s.makeKey(version, keypair.RSA(i))
	}
	s.makeCalendars()
	s.install(filepath.Join(dir, "local.db"))
	s.disk = readImage(dir)
	s.provoke(dir)
	return s
})

func (s *stock) makeKey(version string, pair *keypair.Pair) {
	var err error
	s.keys[version], err = supplement.ParsePublicKey(pair.Public)
	must(err)
	s.privates[version], err = testkey.Parse(pair.Private)
	must(err)
}

// makeCalendars makes the sample's and one that has another trading day after start.
func (s *stock) makeCalendars() {
	newYear := []byte(`- {from: 2026-01-01, to: 2026-01-03, name: "元旦"}`)
	more := []byte("\n      - {from: 2026-01-06, to: 2026-01-07, name: \"模拟\"}")
	other := bytes.Replace(configs.Calendar, newYear, append(bytes.Clone(newYear), more...), 1)
	for _, file := range [][]byte{configs.Calendar, other} {
		c, err := calendar.Parse(file)
		must(err)
		s.calendars = append(s.calendars, c)
	}
}

// install is what an operator does: AppIDs and accounts in a new local store.
func (s *stock) install(path string) {
	ctx := context.Background()
	l, err := journal.Open(ctx, path, journal.Options{})
	must(err)
	for _, app := range []string{goodApp, otherApp, disabledApp} {
		code, err := auth.NewAuthCode(rand.Reader)
		must(err)
		sealed, err := s.master.Seal(regulation.AppID(app), code)
		must(err)
		s.codes[app] = code
		must(directory.New(l.Tables()).AddApp(ctx, auth.App{
			AppID: regulation.AppID(app), Type: auth.AppDirect, Sealed: sealed, Enabled: app != disabledApp,
		}))
	}
	s.installRelays(ctx, directory.New(l.Tables()))
	for account, userType := range accounts {
		hash, err := local.HashPassword([]byte(passwordOf+account), argon2)
		must(err)
		must(directory.New(l.Tables()).AddAccount(ctx, local.Account{
			Account: regulation.Account(account), UserType: userType, PasswordHash: hash,
		}))
	}
	must(l.Close())
}

// provoke makes SQLite return an error that no test could make up: its type has no constructor.
func (s *stock) provoke(dir string) {
	junk := filepath.Join(dir, "junk.db")
	must(os.WriteFile(junk, bytes.Repeat([]byte("no database "), 1000), 0o600))
	s.brokenFile = sqliteError(junk, "SELECT * FROM sqlite_schema")
	path := filepath.Join(dir, "locked.db")
	holder, err := sql.Open("sqlite", path)
	must(err)
	holder.SetMaxOpenConns(1)
	_, err = holder.Exec("BEGIN EXCLUSIVE")
	must(err)
	s.lockedFile = sqliteError(path, "BEGIN IMMEDIATE")
	must(holder.Close())
}

func sqliteError(path, statement string) error {
	db, err := sql.Open("sqlite", path)
	must(err)
	defer db.Close()
	_, err = db.Exec(statement)
	if err == nil {
		panic("simulation: SQLite finds nothing wrong with " + path)
	}
	return err
}

// ring is the keys in force: 1.0 always, 2.0 from and until some moment.
func (s *stock) ring(from, until time.Time) *supplement.KeyRing {
	ring, err := supplement.NewKeyRing([]supplement.Key{
		{Version: "1.0", Encrypter: s.keys["1.0"]},
		{Version: "2.0", Encrypter: s.keys["2.0"], NotBefore: from, NotAfter: until},
	})
	must(err)
	return ring
}

func ramDisk() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
