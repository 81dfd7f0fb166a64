package client

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/client/collect"
)

// Heartbeat periods (docs/protocol.md, "Heartbeats and deadlines").
const (
	DefaultHeartbeatSeconds = 30 // what 0 means
	MinHeartbeatSeconds     = 5
	MaxHeartbeatSeconds     = 120
)

// LoginRequest is who logs in, and what the terminal collected about itself.
type LoginRequest struct {
	BrokerID string // as authenticated
	UserID   string // 客户内部资金账户, at most 18 bytes
	Password string // at most 40 bytes, not ending in a space
	Remark   string // at most 35 bytes; may be empty

	// HeartbeatSeconds of silence after which each side sends a heartbeat, 5 to 120; 0
	// means 30. The front judges it; this side keeps to the nearest of that range.
	HeartbeatSeconds int

	KeyVersion   string // 加密密钥版本 of the key that Ciphertext is encrypted under, at most 8 bytes
	AbnormalFlag byte   // the terminal's own 异常标识, '0' for normal
	Ciphertext   []byte // the terminal string encrypted, raw: 256 bytes, never base64

	Resume []ResumePoint // the flows that the trading core is to send, at most 8
}

// LoginResult is what the front recorded about the login.
type LoginResult struct {
	BrokerID     string
	UserID       string
	UserType     byte           // '1' customer, '2' operator
	TradingDay   string         // YYYYMMDD, the day whose report the login belongs to
	LoginTime    time.Time      // whole seconds, UTC+8
	PublicAddr   netip.AddrPort // this terminal as the front sees it
	AbnormalFlag byte           // 异常标识 as recorded
	FrontID      int32
	SessionID    int32
	RecordID     string // UUID, the receipt of the record
	SystemName   string

	// What the firm's trading core tells the customer. A front without one has LastLogin and LastIP of the customer's login before this
	// one at this front since the front was started, else empty, and no Notice.
	LastLogin string // YYYY-MM-DD HH:MM:SS in UTC+8: the login before this one
	LastIP    string // where that came from
	Notice    string

	Relay RelayRecorded // of a login through a relay; else zero
	Terms RelayTerms    // of the login of an operator relay; else zero
}

// Login logs the user in, steps 5 and 6. After it the Conn sends heartbeats by itself, and closes
// the connection if the front sends nothing: see Done. The error is *Error if the front refused;
// the connection then goes on, unless the front closes it.
func (c *Conn) Login(ctx context.Context, req LoginRequest) (LoginResult, error) {
	return c.login(ctx, &req, nil)
}

// LoginWith is Login with what the collection library found: it seals the result under the monitoring centre's key, anew at
// each call, and fills in KeyVersion, AbnormalFlag and Ciphertext. A user whose result misses an item should see
// collect.Result.Explain before: the login is recorded with flag 3.
func (c *Conn) LoginWith(ctx context.Context, req LoginRequest, found *collect.Result, key *collect.Key) (LoginResult, error) {
	info, err := found.Seal(key)
	if err != nil {
		return LoginResult{}, fmt.Errorf("client: %w", err)
	}
	req.KeyVersion, req.AbnormalFlag, req.Ciphertext = info.KeyVersion, info.AbnormalFlag, info.Ciphertext
	return c.login(ctx, &req, nil)
}

func (c *Conn) login(ctx context.Context, req *LoginRequest, via *RelayedTerminal) (LoginResult, error) {
	release, err := c.acquire(ctx)
	if err != nil {
		return LoginResult{}, err
	}
	defer release()
	a, err := c.exchange(func(m *Machine) ([]byte, error) { return m.appendLogin(nil, req, via) })
	if err != nil {
		return LoginResult{}, err
	}
	return a.login, nil
}

// Logout logs out the user of the last Login, steps 7 and 8, and closes the connection.
// After *Error the connection goes on.
func (c *Conn) Logout(ctx context.Context) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := c.exchange(func(m *Machine) ([]byte, error) { return m.AppendLogout(nil) }); err != nil {
		return err
	}
	return c.Close()
}
