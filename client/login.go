package client

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/tradefront/tradefront/internal/ftd"
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
}

// Login logs the user in, steps 5 and 6. After it heartbeats are sent by themselves and
// a front that falls silent is given up: see Done. The error is *Error if the front
// said no; the connection then goes on, unless the front closes it.
func (c *Conn) Login(ctx context.Context, req LoginRequest) (LoginResult, error) {
	release, err := c.acquire(ctx)
	if err != nil {
		return LoginResult{}, err
	}
	defer release()
	m, err := c.exchange(ftd.TIDUserLogin, encodeLogin(&req))
	if err != nil {
		return LoginResult{}, err
	}
	var f ftd.LoginResponse
	if err := requireSuccess(m, ftd.FIDLoginResponse, &f); err != nil {
		return LoginResult{}, c.violated(err)
	}
	result, err := newLoginResult(&f)
	if err != nil {
		return LoginResult{}, c.violated(err)
	}
	c.loggedIn(&req)
	return result, nil
}

// Logout logs out the user of the last Login, steps 7 and 8, and closes the connection.
// After *Error the connection goes on.
func (c *Conn) Logout(ctx context.Context) error {
	release, err := c.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	c.mu.Lock()
	f := ftd.LogoutRequest{BrokerID: []byte(c.broker), UserID: []byte(c.user)}
	c.mu.Unlock()
	e := ftd.Begin(nil, ftd.TIDUserLogout)
	e.LogoutRequest(&f)
	m, err := c.exchange(ftd.TIDUserLogout, &e)
	if err != nil {
		return err
	}
	if err := require(m, ftd.FIDError, new(ftd.Error)); err != nil {
		return c.violated(err)
	}
	return c.Close()
}

func encodeLogin(req *LoginRequest) *ftd.Encoder {
	e := ftd.Begin(nil, ftd.TIDUserLogin)
	e.LoginRequest(&ftd.LoginRequest{
		BrokerID:         []byte(req.BrokerID),
		UserID:           []byte(req.UserID),
		Password:         []byte(req.Password),
		HeartbeatSeconds: req.HeartbeatSeconds,
		Remark:           []byte(req.Remark),
	})
	e.TerminalInfo(&ftd.TerminalInfo{
		KeyVersion:   []byte(req.KeyVersion),
		AbnormalFlag: req.AbnormalFlag,
		Ciphertext:   req.Ciphertext,
	})
	return &e
}

// loggedIn remembers what Logout needs, and starts heartbeats.
func (c *Conn) loggedIn(req *LoginRequest) {
	c.mu.Lock()
	c.broker, c.user = req.BrokerID, req.UserID
	c.mu.Unlock()
	seconds := req.HeartbeatSeconds
	if seconds == 0 {
		seconds = DefaultHeartbeatSeconds
	}
	seconds = min(max(seconds, MinHeartbeatSeconds), MaxHeartbeatSeconds)
	c.keepAlive(time.Duration(seconds) * time.Second)
}

// newLoginResult gives the items their types. The error is a *ViolationError.
func newLoginResult(f *ftd.LoginResponse) (LoginResult, error) {
	loginTime, err := time.ParseInLocation(time.DateTime, string(f.LoginTime), zone)
	if err != nil {
		return LoginResult{}, illegal("LoginTime")
	}
	if _, err := time.Parse("20060102", string(f.TradingDay)); err != nil {
		return LoginResult{}, illegal("TradingDay")
	}
	addr, err := netip.ParseAddr(string(f.PublicIP))
	if err != nil {
		return LoginResult{}, illegal("PublicIP")
	}
	if f.PublicPort > 65535 {
		return LoginResult{}, illegal("PublicPort")
	}
	if len(f.RecordID) != 36 {
		return LoginResult{}, illegal("RecordID")
	}
	return LoginResult{
		BrokerID:     string(f.BrokerID),
		UserID:       string(f.UserID),
		UserType:     f.UserType,
		TradingDay:   string(f.TradingDay),
		LoginTime:    loginTime,
		PublicAddr:   netip.AddrPortFrom(addr, uint16(f.PublicPort)),
		AbnormalFlag: f.AbnormalFlag,
		FrontID:      f.FrontID,
		SessionID:    f.SessionID,
		RecordID:     string(f.RecordID),
		SystemName:   string(f.SystemName),
	}, nil
}

func illegal(item string) error {
	return &ViolationError{Cause: fmt.Errorf("LoginResponse.%s cannot be read", item)}
}
