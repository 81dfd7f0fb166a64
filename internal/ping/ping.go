// Package ping connects to a front as a terminal does, and times each step. It knows no more of a front
// than a terminal does: it uses the public client.
//
// A login is recorded like any other. The bounds are those of the context that Run gets; a crash leaves
// what a terminal that is gone leaves.
package ping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tradefront/tradefront/client"
)

// Probe is what to try.
type Probe struct {
	Address    string // host:port of the front
	BrokerID   string
	AppID      string // "" for the connection alone
	Cipher     client.Cipher
	Account    string // "" for no login
	KeyVersion string
	// AuthCode and Password read the secrets when they are needed.
	AuthCode, Password func() ([]byte, error)
}

// Result is what `tradefront ping -o json` prints.
type Result struct {
	Address string `json:"address"`
	Local   string `json:"local"`
	Seen    string `json:"seen,omitempty"` // our address as the front saw it
	Record  string `json:"record_id,omitempty"`
	Day     string `json:"trading_day,omitempty"` // whose report has the login's line
	Steps   []Step `json:"steps"`
}

// Step is how long one step took.
type Step struct {
	Step string  `json:"step"`
	Ms   float64 `json:"ms"`
}

// Run goes as far as the probe has names for: it connects, authenticates with an AppID, logs in with an account.
func (p *Probe) Run(ctx context.Context) (*Result, error) {
	if p.Account != "" && p.AppID == "" {
		return nil, errors.New("--account needs --app-id: the front accepts no login before authentication")
	}
	result := &Result{Address: p.Address}
	timed := func(step string, do func() error) error {
		begin := time.Now()
		err := do()
		result.Steps = append(result.Steps, Step{step, float64(time.Since(begin).Microseconds()) / 1000})
		if err != nil {
			return fmt.Errorf("%s %s: %w", step, p.Address, err)
		}
		return nil
	}
	var conn *client.Conn
	err := timed("connect", func() (err error) {
		conn, err = client.Dial(ctx, p.Address)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	result.Local = conn.LocalAddr().String()
	if p.AppID == "" {
		return result, nil
	}
	if err := timed("authenticate", func() error { return p.authenticate(ctx, conn) }); err != nil {
		return nil, err
	}
	if p.Account == "" {
		return result, nil
	}
	if err := timed("login", func() error { return p.login(ctx, conn, result) }); err != nil {
		return nil, err
	}
	return result, timed("logout", func() error { return conn.Logout(ctx) })
}

func (p *Probe) authenticate(ctx context.Context, conn *client.Conn) error {
	code, err := p.AuthCode()
	if err != nil {
		return err
	}
	_, err = conn.Authenticate(ctx, client.Identity{
		BrokerID: p.BrokerID, AppID: p.AppID, ProductInfo: "ping", Cipher: p.Cipher,
	}, string(code))
	return err
}

func (p *Probe) login(ctx context.Context, conn *client.Conn, result *Result) error {
	password, err := p.Password()
	if err != nil {
		return err
	}
	login, err := conn.Login(ctx, client.LoginRequest{
		BrokerID: p.BrokerID, UserID: p.Account, Password: string(password), Remark: "ping",
		KeyVersion: p.KeyVersion, AbnormalFlag: '1',
	})
	if err != nil {
		return err
	}
	result.Seen, result.Record, result.Day = login.PublicAddr.String(), login.RecordID, login.TradingDay
	return nil
}

// Advice says what to do about the errors that people meet most.
func Advice(err error) error {
	var refused *client.Error
	if !errors.As(err, &refused) {
		return nil
	}
	switch refused.Code {
	case 63:
		return fmt.Errorf("next: on the front's machine, `tradefront explain %s` tells why "+
			"(unknown or disabled AppID, wrong authcode, the other --cipher, wrong broker, an AppID bound to other networks or accounts)", refused.Ref)
	case 3:
		return fmt.Errorf("next: on the front's machine, `tradefront explain %s` tells whether account, password or terminal information is wrong", refused.Ref)
	case 75, 143:
		return errors.New("next: wait, or lift the lock with `tradefront account unlock`")
	}
	if refused.Temporary() {
		return errors.New("next: try again, or another front")
	}
	return nil
}
