package coresim

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/tradefront/tradefront/internal/files"
)

const maxAccountsFile = 64 << 20

// Account is a customer, as the accounts file has it.
type Account struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Type is customer (default) or operator.
	Type string `yaml:"type"`
	// Restriction is none (default), or why the password must be changed first: first-login (140), expired (141), weak (131).
	Restriction string `yaml:"restriction"`
	Sessions    int    `yaml:"sessions"` // how many at once; 0 does not bound them
	Locked      bool   `yaml:"locked"`   // logins are refused with 75
	LastLogin   string `yaml:"last_login"`
	LastIP      string `yaml:"last_ip"`
	Notice      string `yaml:"notice"`
	// Code is the second factor that a login needs behind its LoginRequest (6020 without, 6017 if it is wrong);
	// Mobile is the number that a RequestCode must name (6014).
	Code   string `yaml:"code"`
	Mobile string `yaml:"mobile"`
	// Series is that of the private flow. 0: the account's place in the list, from 1.
	Series uint16 `yaml:"series"`
}

// LoadAccounts reads an accounts file: a mapping with the key accounts, a list.
func LoadAccounts(path string) ([]Account, error) {
	data, err := files.ReadText(path, maxAccountsFile)
	if err != nil {
		return nil, err
	}
	return parseAccounts(data)
}

func parseAccounts(data []byte) ([]Account, error) {
	var file struct {
		Accounts []Account `yaml:"accounts"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("accounts file: %w", err)
	}
	if len(file.Accounts) == 0 {
		return nil, fmt.Errorf("accounts file: no account; write accounts: with a list of user and password")
	}
	return file.Accounts, nil
}

// account is one in memory: what a password change and logins do to it is forgotten at the end.
type account struct {
	Account
	code     int // 131, 140, 141, or 0 without a restriction
	flow     flow
	sessions map[*session]struct{}
}

var restrictions = map[string]int{"": 0, "none": 0, "weak": 131, "first-login": 140, "expired": 141}

func newAccounts(list []Account) (map[string]*account, error) {
	all := make(map[string]*account, len(list))
	users := make(map[uint16]string, len(list))
	for i, a := range list {
		code, known := restrictions[a.Restriction]
		if a.Series == 0 && i+1 < seriesEverybody {
			a.Series = uint16(i + 1)
		}
		other, taken := users[a.Series]
		switch {
		case a.User == "" || len(a.User) > 18:
			return nil, fmt.Errorf("account %d: user %q: want 1 to 18 bytes", i+1, a.User)
		case all[a.User] != nil:
			return nil, fmt.Errorf("account %s is in the list twice", a.User)
		case a.Password == "" || len(a.Password) > 40:
			return nil, fmt.Errorf("account %s: want a password of 1 to 40 bytes", a.User)
		case a.Type != "" && a.Type != "customer" && a.Type != "operator":
			return nil, fmt.Errorf("account %s: type %q: want customer or operator", a.User, a.Type)
		case !known:
			return nil, fmt.Errorf("account %s: restriction %q: want none, first-login, expired or weak", a.User, a.Restriction)
		case len(a.LastLogin) > 19 || len(a.LastIP) > 39 || len(a.Notice) > 100:
			return nil, fmt.Errorf("account %s: last_login, last_ip and notice take 19, 39 and 100 bytes", a.User)
		case a.Series == 0 || a.Series >= seriesEverybody:
			return nil, fmt.Errorf("account %s: no series below %d is left for it", a.User, seriesEverybody)
		case taken:
			return nil, fmt.Errorf("accounts %s and %s have the same series %d", other, a.User, a.Series)
		}
		users[a.Series] = a.User
		all[a.User] = &account{Account: a, code: code, flow: flow{series: a.Series}, sessions: map[*session]struct{}{}}
	}
	return all, nil
}

func (a *account) userType() byte {
	if a.Type == "operator" {
		return '2'
	}
	return '1'
}
