package population

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tradefront/tradefront/internal/auth"
	"github.com/tradefront/tradefront/internal/files"
	"github.com/tradefront/tradefront/internal/regulation"
)

// MaxLen is the longest file in bytes.
const MaxLen = 64 << 20

// format names what the file is, and its version.
const format = "tradefront loadtest population 1"

// mode is that of the file: it holds a password and authcodes.
const mode = 0o600

// fileForm is the file as JSON.
type fileForm struct {
	Format   string       `json:"format"`
	Made     time.Time    `json:"made"`
	BrokerID string       `json:"broker_id"`
	Password string       `json:"password"`
	Accounts fileAccounts `json:"accounts"`
	Apps     []fileApp    `json:"apps"`
	Relays   []fileRelay  `json:"relays"`
}

type fileAccounts struct {
	Prefix string `json:"prefix"`
	Digits int    `json:"digits"`
	First  int    `json:"first"`
	Count  int    `json:"count"`
}

type fileApp struct {
	AppID    string `json:"app_id"`
	AuthCode string `json:"authcode"`
	Cipher   string `json:"cipher"`
	Type     string `json:"type"` // the code of AppType
}

type fileRelay struct {
	fileApp
	Operator string `json:"operator,omitempty"`
}

// Write replaces the file at path; no other user can read it.
func (p *Population) Write(path string) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("population: %w", err)
	}
	f := fileForm{
		Format: format, Made: p.Made, BrokerID: p.BrokerID, Password: p.Password,
		Accounts: fileAccounts{p.Prefix, p.Digits, p.First, p.Accounts}, Relays: []fileRelay{},
	}
	for i := range p.Apps {
		f.Apps = append(f.Apps, appForm(&p.Apps[i]))
	}
	for i := range p.Relays {
		f.Relays = append(f.Relays, fileRelay{appForm(&p.Relays[i].App), string(p.Relays[i].Operator)})
	}
	text, err := json.MarshalIndent(&f, "", "  ") //nolint:gosec // G117: the password belongs into this file, which is its owner's alone
	if err != nil {
		return fmt.Errorf("population: %w", err)
	}
	return files.Write(path, append(text, '\n'), mode)
}

func appForm(a *App) fileApp {
	return fileApp{string(a.AppID), a.AuthCode.Reveal(), a.Cipher.String(), string(rune(a.Type))}
}

// Read reads what Write wrote. Its errors name the file, and say what to do.
func Read(path string) (*Population, error) {
	text, err := files.ReadPrivate(path, MaxLen)
	if err != nil {
		return nil, fmt.Errorf("population: %w", err)
	}
	p, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("population %s: %w; make one with: tradefront loadtest prepare", path, err)
	}
	return p, nil
}

func parse(text []byte) (*Population, error) {
	var named struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(text, &named); err != nil {
		return nil, errors.New("it is no JSON")
	}
	if named.Format != format {
		return nil, fmt.Errorf("its format is %.60q, and this program knows %q", named.Format, format)
	}
	var f fileForm
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("it was changed: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it was changed: more text follows its end")
	}
	p, err := f.population()
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, fmt.Errorf("it was changed: %w", err)
	}
	return p, nil
}

func (f *fileForm) population() (*Population, error) {
	p := &Population{
		Made: f.Made.In(regulation.Zone), BrokerID: f.BrokerID, Password: f.Password,
		Prefix: f.Accounts.Prefix, Digits: f.Accounts.Digits, First: f.Accounts.First, Accounts: f.Accounts.Count,
	}
	for i := range f.Apps {
		app, err := f.Apps[i].app()
		if err != nil {
			return nil, err
		}
		p.Apps = append(p.Apps, app)
	}
	for i := range f.Relays {
		app, err := f.Relays[i].app()
		if err != nil {
			return nil, err
		}
		p.Relays = append(p.Relays, Relay{app, regulation.Account(f.Relays[i].Operator)})
	}
	return p, nil
}

func (f *fileApp) app() (App, error) {
	a := App{AppID: regulation.AppID(f.AppID)}
	var err error
	if a.AuthCode, err = auth.ParseAuthCode(f.AuthCode); err != nil {
		return a, fmt.Errorf("AppID %.40q: %w", f.AppID, err)
	}
	if a.Cipher, err = auth.ParseCipher(f.Cipher); err != nil {
		return a, fmt.Errorf("AppID %.40q: %w", f.AppID, err)
	}
	if len(f.Type) != 1 || f.Type[0] < byte(auth.AppDirect) || f.Type[0] > byte(auth.AppOperatorRelay) {
		return a, fmt.Errorf("AppID %.40q: type %.10q, want 1 to 3", f.AppID, f.Type)
	}
	a.Type = auth.AppType(f.Type[0])
	return a, nil
}
