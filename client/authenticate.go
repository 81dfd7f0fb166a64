package client

import (
	"context"
	"fmt"
)

// Identity is the terminal software that connects.
type Identity struct {
	BrokerID    string // of the futures firm, at most 10 bytes
	AppID       string // at most 30 bytes, case-sensitive
	ProductInfo string // at most 10 bytes; may be empty
	Cipher      Cipher // AES unless the firm named another; it is not sent
}

// AuthResult is as what the front admitted the software.
type AuthResult struct {
	AppID   string
	AppType byte // '1' direct, '2' investor relay, '3' operator relay
}

// Authenticate proves that this software holds the authcode of its AppID, without
// sending it: steps 1 to 4 of docs/protocol.md. After *Error the front closes.
func (c *Conn) Authenticate(ctx context.Context, id Identity, authCode string) (AuthResult, error) {
	if len(authCode) != AuthCodeLen {
		return AuthResult{}, fmt.Errorf("client: authcode is %d bytes, want %d", len(authCode), AuthCodeLen)
	}
	if id.Cipher > SM4 {
		return AuthResult{}, fmt.Errorf("client: cipher number %d, want AES or SM4", id.Cipher)
	}
	release, err := c.acquire(ctx)
	if err != nil {
		return AuthResult{}, err
	}
	defer release()
	asked, err := c.exchange(func(m *Machine) ([]byte, error) { return m.AppendAsk(nil, &id) })
	if err != nil {
		return AuthResult{}, err
	}
	answered, err := c.exchange(func(m *Machine) ([]byte, error) {
		return m.AppendAnswer(nil, &id, authCode, &asked.challenge)
	})
	if err != nil {
		return AuthResult{}, err
	}
	return answered.auth, nil
}
