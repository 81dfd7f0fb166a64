package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/client"
	"github.com/tradefront/tradefront/internal/regulation"
	"github.com/tradefront/tradefront/internal/terminalinfo"
)

// Closed is the code of a visit that the front ended without an answer.
const Closed = -1

// kind is a sort of visit: what the terminal does, and how the front must end it.
type kind struct {
	name   string
	weight int // of 1000 visits
	code   int // of the front's last answer
	flag   regulation.AbnormalFlag
	play   func(context.Context, *visitor) error
}

// kinds are all sorts of visits, most of them valid.
var kinds = []kind{
	{"honest terminal", 900, 0, regulation.FlagNormal, honest},
	{"logs in twice", 10, 5, regulation.FlagNormal, twice},
	{"collected nothing", 10, 0, regulation.FlagTerminalEmpty, collectedNothing},
	{"unknown key version", 10, 0, regulation.FlagKeyVersion, unknownVersion},
	{"ciphertext cut to 255 bytes", 10, 0, regulation.FlagTerminalData, cutInfo},
	{"reports a fault itself", 10, 0, regulation.FlagTerminalData, reportsFault},
	{"unknown AppID", 10, 63, 0, unknownApp},
	{"wrong authcode", 10, 63, 0, wrongAuthCode},
	{"login without authentication", 10, 64, 0, withoutAuthentication},
	{"wrong password", 5, 3, 0, wrongPassword},
	{"illegal account", 5, 15, 0, illegalAccount},
	{"not our protocol", 10, Closed, 0, garbage},
}

// pick draws a kind by its weight.
func pick(random *rand.Rand) *kind {
	n := random.IntN(1000)
	for i := range kinds {
		if n -= kinds[i].weight; n < 0 {
			return &kinds[i]
		}
	}
	panic("demo: the weights do not add up to 1000")
}

// visitor is one terminal during one visit.
type visitor struct {
	firm    *Firm
	kind    *kind
	random  *rand.Rand
	app     App
	account Account
	inbox   *inbox
	conn    *client.Conn
	desk    *desk                   // the operator relay; nil if the firm has no relays
	machine regulation.TerminalType // what was collected last

	answer    time.Duration // from the login request to its answer
	answers   []*Was        // successes; more than one would be a fault
	ordered   bool          // an order was accepted
	orderTook time.Duration // from the order to its answer
}

// dial comes from some address of 127.0.0.0/8, as customers come from everywhere.
func (v *visitor) dial(ctx context.Context) (err error) {
	n := v.random.Uint32()
	source := netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n%254) + 1})
	v.conn, err = client.Dial(ctx, v.firm.Address, client.WithSourceAddr(source), client.WithHandler(v.inbox.receive))
	return err
}

func (v *visitor) authenticate(ctx context.Context, app App) error {
	_, err := v.conn.Authenticate(ctx, identity(v.firm, &app), app.AuthCode)
	return err
}

func identity(firm *Firm, app *App) client.Identity {
	return client.Identity{BrokerID: firm.BrokerID, AppID: string(app.AppID), ProductInfo: "demo", Cipher: app.Cipher}
}

// collect builds a terminal string and encrypts it, as the collection library does.
func (v *visitor) collect() (text string, ciphertext []byte, err error) {
	kinds := int(regulation.TerminalWeChat-regulation.TerminalWindows) + 1
	v.machine = regulation.TerminalWindows + regulation.TerminalType(v.random.IntN(kinds))
	text = terminalinfo.Build(v.machine, v.random, time.Now())
	ciphertext, err = v.firm.Key.Encrypt(nil, []byte(text))
	return text, ciphertext, err
}

// login sends req as v's customer; what is not set in req is filled in.
func (v *visitor) login(ctx context.Context, req client.LoginRequest, text string) error {
	_, err := v.loginResult(ctx, req, text)
	return err
}

func (v *visitor) loginResult(ctx context.Context, req client.LoginRequest, text string) (client.LoginResult, error) {
	req.BrokerID = v.firm.BrokerID
	if req.UserID == "" {
		req.UserID, req.Password = string(v.account.Account), v.account.Password
	}
	if req.KeyVersion == "" {
		req.KeyVersion = v.firm.KeyVersion
	}
	if req.AbnormalFlag == 0 {
		req.AbnormalFlag = byte(regulation.FlagNormal)
	}
	begin := time.Now()
	result, err := v.conn.Login(ctx, req)
	v.answer = time.Since(begin)
	if err != nil {
		return result, err
	}
	v.answers = append(v.answers, v.was(&result, text))
	return result, nil
}

// was puts together what the supplement must be, from what the terminal knows: its own
// socket address, not the one that the front returned.
func (v *visitor) was(result *client.LoginResult, text string) *Was {
	return &Was{
		RecordID: result.RecordID, TradingDay: result.TradingDay, Terminal: text,
		Supplement: items(v.kind.flag, v.app.AppID, addrOf(v.conn.LocalAddr()), result.LoginTime, nil, v.account.Account, v.account.UserType),
	}
}

// items are the eleven of a supplement; via is nil for a terminal that no relay carried.
func items(
	flag regulation.AbnormalFlag, app regulation.AppID, addr netip.AddrPort, at time.Time, via *client.RelayRecorded,
	account regulation.Account, user regulation.UserType,
) string {
	relay := "@@@"
	if via != nil {
		relay = fmt.Sprintf("%s@%s", via.AppID, place(via.Addr, via.LoginTime))
	}
	return fmt.Sprintf("%c@%s@%s@%s@%s@%c", flag, app, place(addr, at), relay, account, user)
}

// place is an address, its port and a time, as three items.
func place(addr netip.AddrPort, at time.Time) string {
	return fmt.Sprintf("%s@%d@%s", regulation.AppendAddr(nil, addr.Addr()), addr.Port(), at.In(regulation.Zone).Format(regulation.TimeLayout))
}

func addrOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}

func (v *visitor) enter(ctx context.Context) error {
	if err := v.dial(ctx); err != nil {
		return err
	}
	return v.authenticate(ctx, v.app)
}

// honest comes by itself or through one of the firm's relays.
func honest(ctx context.Context, v *visitor) error {
	logIn := v.logIn
	switch v.pickWay() {
	case OneToMany:
		return v.submitted(ctx)
	case ManyToMany:
		logIn = v.loginVia
	}
	if err := logIn(ctx); err != nil {
		return err
	}
	if err := v.trade(ctx); err != nil {
		return err
	}
	return v.conn.Logout(ctx)
}

func (v *visitor) logIn(ctx context.Context) error {
	text, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{Ciphertext: ciphertext}, text)
}

func twice(ctx context.Context, v *visitor) error {
	if err := v.logIn(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{Ciphertext: make([]byte, 256)}, "")
}

func collectedNothing(ctx context.Context, v *visitor) error {
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{}, "")
}

// unknownVersion encrypted under a key that the demo does not have: nothing can open it.
func unknownVersion(ctx context.Context, v *visitor) error {
	_, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	for i := range ciphertext {
		ciphertext[i] ^= byte(v.random.Uint32())
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{KeyVersion: "0.1", Ciphertext: ciphertext}, "")
}

func cutInfo(ctx context.Context, v *visitor) error {
	_, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{Ciphertext: ciphertext[:255]}, "")
}

func reportsFault(ctx context.Context, v *visitor) error {
	text, ciphertext, err := v.collect()
	if err != nil {
		return err
	}
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{
		Ciphertext: ciphertext, AbnormalFlag: byte(regulation.FlagTerminalData),
	}, text)
}

func unknownApp(ctx context.Context, v *visitor) error {
	if err := v.dial(ctx); err != nil {
		return err
	}
	return v.authenticate(ctx, App{AppID: "nobody_soft_0.1", AuthCode: v.app.AuthCode})
}

func wrongAuthCode(ctx context.Context, v *visitor) error {
	if err := v.dial(ctx); err != nil {
		return err
	}
	return v.authenticate(ctx, App{AppID: v.app.AppID, AuthCode: "AAAABBBBCCCCDDDD"})
}

func withoutAuthentication(ctx context.Context, v *visitor) error {
	if err := v.dial(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{Ciphertext: make([]byte, 256)}, "")
}

func wrongPassword(ctx context.Context, v *visitor) error {
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{
		UserID: string(v.account.Account), Password: "not the password", Ciphertext: make([]byte, 256),
	}, "")
}

func illegalAccount(ctx context.Context, v *visitor) error {
	if err := v.enter(ctx); err != nil {
		return err
	}
	return v.login(ctx, client.LoginRequest{UserID: "88@88", Password: "x", Ciphertext: make([]byte, 256)}, "")
}

func garbage(ctx context.Context, v *visitor) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", v.firm.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err := conn.Write([]byte{1, 0xff, 0xff, 0xff, 'n', 'o', 'i', 's', 'e'}); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &client.ClosedError{Cause: err}
}

// codeOf is the code of the front's last answer.
func codeOf(err error) (int, error) {
	var (
		refused *client.Error
		closed  *client.ClosedError
	)
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &refused):
		return refused.Code, nil
	case errors.As(err, &closed):
		return Closed, nil
	}
	return 0, err
}
