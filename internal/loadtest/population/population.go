package population

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/core/local"
	"github.com/tradefront/tradefront/internal/regulation"
)

// The bounds of a population.
const (
	MaxAccounts = 10_000_000
	MaxApps     = 100_000
	MaxRelays   = 1_000
)

// DefaultPrefix begins every account and every software name of a population that was given no other.
const DefaultPrefix = "LT"

// The form of names: vendor_software_version, and prefix and number.
const (
	appVendor     = "loadtest"
	appVersion    = "1.0"
	appDigits     = 5
	minDigits     = 7
	operatorDigit = 4
	maxPrefix     = 4
)

// Population is what a load test logs in with. New and Read make valid ones.
type Population struct {
	Made     time.Time // the columns created of every row of it, to the microsecond
	BrokerID string
	Password string // of every account and operator
	Prefix   string
	First    int // number of the first account
	Digits   int // of an account's number
	Accounts int
	Apps     []App // of terminals
	Relays   []Relay
}

// App is the AppID of terminal software.
type App struct {
	AppID    regulation.AppID
	AuthCode auth.AuthCode
	Cipher   auth.Cipher
	Type     auth.AppType
}

// Relay is the AppID of a relay. Its scope is every account of the population.
type Relay struct {
	App
	Operator regulation.Account // of user type 2, with the password of all; "" at a many-to-many relay
}

// Options say how large a population is.
type Options struct {
	BrokerID       string
	Accounts, Apps int
	SM4            int // how many of Apps answer challenges by SM4: the last ones
	OperatorRelays int
	InvestorRelays int
	Prefix         string    // "" for DefaultPrefix
	Password       string    // "" for a random one
	Made           time.Time // zero for now
	Rand           io.Reader // nil for crypto/rand
}

// New draws a population.
func New(o Options) (*Population, error) {
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Made.IsZero() {
		o.Made = time.Now()
	}
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	p := &Population{
		Made: o.Made.Truncate(time.Microsecond).In(regulation.Zone), BrokerID: o.BrokerID, Password: o.Password, Prefix: o.Prefix,
		First: 1, Digits: max(minDigits, len(fmt.Sprint(o.Accounts))), Accounts: o.Accounts,
	}
	if p.Password == "" {
		p.Password = "lt-" + rand.Text()
	}
	if err := checkCounts(&o); err != nil {
		return nil, err
	}
	if err := p.drawApps(&o); err != nil {
		return nil, err
	}
	return p, p.check()
}

func checkCounts(o *Options) error {
	relays := o.OperatorRelays + o.InvestorRelays
	switch {
	case o.Accounts < 1 || o.Accounts > MaxAccounts:
		return fmt.Errorf("%d accounts: want 1 to %d", o.Accounts, MaxAccounts)
	case o.Apps < 1 || o.Apps > MaxApps:
		return fmt.Errorf("%d AppIDs: want 1 to %d", o.Apps, MaxApps)
	case o.SM4 < 0 || o.SM4 > o.Apps:
		return fmt.Errorf("%d AppIDs with SM4 of %d: want 0 to all of them", o.SM4, o.Apps)
	case o.OperatorRelays < 0 || o.InvestorRelays < 0 || relays > MaxRelays:
		return fmt.Errorf("%d relays: want 0 to %d", relays, MaxRelays)
	}
	return nil
}

func (p *Population) drawApps(o *Options) error {
	for i := range o.Apps {
		cipher := auth.AES
		if i >= o.Apps-o.SM4 {
			cipher = auth.SM4
		}
		app, err := p.drawApp("", i, cipher, auth.AppDirect, o.Rand)
		if err != nil {
			return err
		}
		p.Apps = append(p.Apps, app)
	}
	for i := range o.OperatorRelays + o.InvestorRelays {
		r := Relay{}
		kind, mark := auth.AppInvestorRelay, "I"
		if i < o.OperatorRelays {
			kind, mark, r.Operator = auth.AppOperatorRelay, "O", p.operator(i)
		}
		var err error
		if r.App, err = p.drawApp(mark, i, auth.AES, kind, o.Rand); err != nil {
			return err
		}
		p.Relays = append(p.Relays, r)
	}
	return nil
}

func (p *Population) drawApp(mark string, i int, cipher auth.Cipher, kind auth.AppType, from io.Reader) (App, error) {
	id := fmt.Sprintf("%s_%s%s%0*d_%s", appVendor, p.Prefix, mark, appDigits, i+1, appVersion)
	code, err := auth.NewAuthCode(from)
	return App{regulation.AppID(id), code, cipher, kind}, err
}

func (p *Population) operator(i int) regulation.Account {
	return regulation.Account(fmt.Sprintf("%sOP%0*d", p.Prefix, operatorDigit, i+1))
}

// Account is the i-th, counted from 0 up to Accounts.
func (p *Population) Account(i int) regulation.Account {
	return regulation.Account(p.AppendAccount(make([]byte, 0, regulation.MaxAccountLen), i))
}

// AppendAccount is Account for a buffer that is used again.
func (p *Population) AppendAccount(to []byte, i int) []byte {
	if i < 0 || i >= p.Accounts {
		panic(fmt.Sprintf("population: account %d of %d", i, p.Accounts))
	}
	return fmt.Appendf(to, "%s%0*d", p.Prefix, p.Digits, p.First+i)
}

// Index is the opposite of Account.
func (p *Population) Index(account regulation.Account) (i int, known bool) {
	digits, ours := strings.CutPrefix(string(account), p.Prefix)
	if !ours || len(digits) != p.Digits {
		return 0, false
	}
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	i = n - p.First
	return i, i >= 0 && i < p.Accounts
}

// AppOf is the terminal software with which the load tester logs account i in: they share the AppIDs evenly.
func (p *Population) AppOf(i int) *App { return &p.Apps[i%len(p.Apps)] }

// check holds the whole to its bounds.
func (p *Population) check() error {
	if err := p.checkNumbers(); err != nil {
		return err
	}
	if p.BrokerID == "" || len(p.BrokerID) > 10 {
		return errors.New("the BrokerID is empty or longer than 10 bytes")
	}
	if err := local.CheckPassword([]byte(p.Password)); err != nil {
		return err
	}
	seen := make(map[regulation.AppID]bool, len(p.Apps)+len(p.Relays))
	for i := range p.Apps {
		if err := checkApp(&p.Apps[i], seen); err != nil {
			return err
		}
		if p.Apps[i].Type != auth.AppDirect {
			return fmt.Errorf("AppID %s: type %v, where terminal software is direct", p.Apps[i].AppID, p.Apps[i].Type)
		}
	}
	for i := range p.Relays {
		if err := p.checkRelay(&p.Relays[i], seen); err != nil {
			return err
		}
	}
	return nil
}

func (p *Population) checkNumbers() error {
	switch {
	case len(p.Prefix) < 1 || len(p.Prefix) > maxPrefix || strings.Trim(p.Prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return fmt.Errorf("prefix %q: want 1 to %d of A-Z", p.Prefix, maxPrefix)
	case p.Accounts < 1 || p.Accounts > MaxAccounts:
		return fmt.Errorf("%d accounts: want 1 to %d", p.Accounts, MaxAccounts)
	case p.First < 0 || p.Digits < 1 || p.Digits > regulation.MaxAccountLen-len(p.Prefix) || len(fmt.Sprint(p.First+p.Accounts-1)) > p.Digits:
		return fmt.Errorf("%d accounts from number %d do not fit %d digits", p.Accounts, p.First, p.Digits)
	case len(p.Apps) < 1 || len(p.Apps) > MaxApps || len(p.Relays) > MaxRelays:
		return fmt.Errorf("%d AppIDs and %d relays: want 1 to %d, and 0 to %d", len(p.Apps), len(p.Relays), MaxApps, MaxRelays)
	case p.Made.IsZero() || !p.Made.Equal(p.Made.Truncate(time.Microsecond)):
		return errors.New("the time at which it was made is none, or finer than a microsecond")
	}
	return nil
}

func (p *Population) checkRelay(r *Relay, seen map[regulation.AppID]bool) error {
	if err := checkApp(&r.App, seen); err != nil {
		return err
	}
	if !r.Type.Relay() || (r.Operator != "") != (r.Type == auth.AppOperatorRelay) {
		return fmt.Errorf("relay %s: type %v with operator %q", r.AppID, r.Type, string(r.Operator))
	}
	if r.Operator == "" {
		return nil
	}
	if _, is := p.Index(r.Operator); is || !strings.HasPrefix(string(r.Operator), p.Prefix) {
		return fmt.Errorf("relay %s: the operator %s is one of the accounts, or has another prefix", r.AppID, r.Operator)
	}
	_, err := regulation.ParseAccount(string(r.Operator))
	return err
}

func checkApp(a *App, seen map[regulation.AppID]bool) error {
	if _, err := regulation.ParseAppID(string(a.AppID)); err != nil {
		return err
	}
	if seen[a.AppID] {
		return fmt.Errorf("AppID %s is there twice", a.AppID)
	}
	seen[a.AppID] = true
	return nil
}
