package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/client"
)

// ping is what `tradefront ping` was told.
type ping struct {
	env        *env
	address    string
	broker     string
	appID      string
	authCode   secretFile
	cipher     cipherFlag
	account    string
	password   secretFile
	keyVersion string
	timeout    time.Duration
	form       output
}

// pinged is what it prints.
type pinged struct {
	Address string     `json:"address"`
	Local   string     `json:"local"`
	Seen    string     `json:"seen,omitempty"` // our address as the front saw it
	Record  string     `json:"record_id,omitempty"`
	Day     string     `json:"trading_day,omitempty"` // whose report has the login's line
	Steps   []pingStep `json:"steps"`
}

type pingStep struct {
	Step string  `json:"step"`
	Ms   float64 `json:"ms"`
}

func newPing(e *env) *cobra.Command {
	p := ping{env: e}
	c := &cobra.Command{
		Use: "ping", Short: "Connect to a front as a terminal does, and print the time of each step", Args: noArgs,
		Long: "Connect; with --app-id and --authcode-file authenticate; with --account and --password-file log in\n" +
			"too, which alone tells the address that the front saw.\n\n" +
			"Each login is recorded like any other: the day's report gets a line with flag 1, because ping collects\n" +
			"no terminal information. Use an account made for it, and tell compliance. A probe that runs every\n" +
			"minute should leave --account away: connecting and authenticating put nothing into the report.",
		RunE: e.action(func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), p.timeout)
			defer cancel()
			result, err := p.run(ctx)
			if err != nil {
				return errors.Join(err, advise(err))
			}
			return p.form.print(e.out, result, result.text)
		}),
	}
	f := c.Flags()
	f.StringVar(&p.address, "address", "127.0.0.1:41205", "host:port of the front")
	f.StringVar(&p.broker, "broker", "9999", "broker ID")
	f.StringVar(&p.appID, "app-id", "", "authenticate as this AppID")
	p.authCode.flags(c, "authcode-file", "authcode")
	f.Var(&p.cipher, "cipher", "answer the challenge by aes or sm4, as the AppID was added")
	f.StringVar(&p.account, "account", "", "log this account in")
	p.password.flags(c, "password-file", "password")
	p.password.asIsFlag(c)
	f.StringVar(&p.keyVersion, "key-version", "1.0", "key version to log in with")
	f.DurationVar(&p.timeout, "timeout", 10*time.Second, "give up after")
	outputFlag(c, &p.form)
	c.MarkFlagsRequiredTogether("app-id", "authcode-file")
	c.MarkFlagsRequiredTogether("account", "password-file")
	return c
}

func (p *ping) run(ctx context.Context) (*pinged, error) {
	if p.account != "" && p.appID == "" {
		return nil, errors.New("--account needs --app-id: the front logs nobody in before authentication")
	}
	result := &pinged{Address: p.address}
	timed := func(step string, do func() error) error {
		begin := time.Now()
		err := do()
		result.Steps = append(result.Steps, pingStep{step, float64(time.Since(begin).Microseconds()) / 1000})
		if err != nil {
			return fmt.Errorf("%s %s: %w", step, p.address, err)
		}
		return nil
	}
	var conn *client.Conn
	err := timed("connect", func() (err error) {
		conn, err = client.Dial(ctx, p.address)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	result.Local = conn.LocalAddr().String()
	if p.appID == "" {
		return result, nil
	}
	if err := timed("authenticate", func() error { return p.authenticate(ctx, conn) }); err != nil {
		return nil, err
	}
	if p.account == "" {
		return result, nil
	}
	if err := timed("login", func() error { return p.login(ctx, conn, result) }); err != nil {
		return nil, err
	}
	return result, timed("logout", func() error { return conn.Logout(ctx) })
}

func (p *ping) authenticate(ctx context.Context, conn *client.Conn) error {
	code, err := p.authCode.read(p.env)
	if err != nil {
		return err
	}
	_, err = conn.Authenticate(ctx, client.Identity{
		BrokerID: p.broker, AppID: p.appID, ProductInfo: "ping", Cipher: p.cipher.client(),
	}, string(code))
	return err
}

func (p *ping) login(ctx context.Context, conn *client.Conn, result *pinged) error {
	password, err := p.password.read(p.env)
	if err != nil {
		return err
	}
	login, err := conn.Login(ctx, client.LoginRequest{
		BrokerID: p.broker, UserID: p.account, Password: string(password), Remark: "ping",
		KeyVersion: p.keyVersion, AbnormalFlag: '1',
	})
	if err != nil {
		return err
	}
	result.Seen, result.Record, result.Day = login.PublicAddr.String(), login.RecordID, login.TradingDay
	return nil
}

func (r *pinged) text(w io.Writer) {
	fmt.Fprintf(w, "front   %s\nlocal   %s\n", r.Address, r.Local)
	if r.Seen != "" {
		fmt.Fprintf(w, "seen    %s  (what the front recorded)\nrecord  %s\n"+
			"day     %s  (its report has a line of this login, with abnormal flag 1)\n", r.Seen, r.Record, r.Day)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(w, "%-13s %8.3f ms\n", s.Step, s.Ms)
	}
}

// advise says what to do about the errors that people meet most.
func advise(err error) error {
	var refused *client.Error
	if !errors.As(err, &refused) {
		return nil
	}
	switch refused.Code {
	case 63:
		return fmt.Errorf("next: look for ref %s in the front's audit log; it tells why "+
			"(unknown or disabled AppID, wrong authcode, the other --cipher, wrong broker)", refused.Ref)
	case 3:
		return fmt.Errorf("next: look for ref %s in the front's audit log; it tells whether account, password or terminal information is wrong", refused.Ref)
	case 75, 143:
		return errors.New("next: wait, or lift the lock with `tradefront account unlock`")
	}
	if refused.Temporary() {
		return errors.New("next: try again, or another front")
	}
	return nil
}
